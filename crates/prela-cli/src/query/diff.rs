//! Compares two traces: their shape, how long things took, what was said, tokens and cost.

mod align;
mod content;

use self::align::{Kin, align};
use super::error::QueryError;
use super::model::{Span, Trace, TraceSummary};
use super::reader::Reader;
use crate::ids::{SpanId, TraceId};
use crate::tree::Tree;
use crate::usage::Usage;
use serde::Serialize;

/// What differs between two traces, of which the first is called A and the second B. As JSON it is an
/// object of these fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The trace that is compared with.
    pub a: TraceSummary,
    /// The trace that is looked at.
    pub b: TraceSummary,
    /// Spans of both, from the top to the bottom: a span of A that is gone stands where it stood.
    pub spans: Vec<SpanDiff>,
}

/// A span of A, of B, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpanDiff {
    /// What became of it.
    pub change: Change,
    /// Spans above it.
    pub depth: usize,
    /// The place of its parent in [`Diff::spans`].
    pub parent: Option<usize>,
    /// Its name in B, or in A where it is gone.
    pub name: String,
    /// The span in A.
    pub a: Option<Side>,
    /// The span in B.
    pub b: Option<Side>,
    /// What it says in one of them only. Ids, ports and threads are left out: they differ in each run.
    pub content: Vec<ContentDiff>,
}

/// What became of a span, or of a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is in both, and says the same; how long it took does not count.
    Same,
    /// It is in both, with another name, outcome, content, number of tokens or cost.
    Changed,
    /// It is in B alone.
    Added,
    /// It is in A alone.
    Removed,
}

/// A span in one of the traces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its id.
    pub span_id: SpanId,
    /// Its name.
    pub name: String,
    /// From the start of the trace, in nanoseconds.
    #[serde(rename = "start_offset_nano")]
    pub start_ns: i64,
    /// Nanoseconds; none while it runs.
    #[serde(rename = "duration_nano")]
    pub duration_ns: Option<i64>,
    /// Whether it has no end and most likely never will.
    pub is_unfinished: bool,
    /// Whether it failed.
    pub is_error: bool,
    /// The model that answered, or that was asked.
    pub model: Option<String>,
    /// Tokens of the prompt, as it says itself.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Billionths of a US dollar.
    pub cost_nusd: u64,
}

/// An attribute, or the message of an error, that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContentDiff {
    /// As `gen_ai.request.model`, `event retry reason` or `status`.
    pub key: String,
    /// As text in A; messages of models as a conversation. None if it is not there.
    pub a: Option<String>,
    /// As text in B.
    pub b: Option<String>,
    /// Of texts with several lines, those that differ, each with the lines around it. Empty of others.
    pub lines: Vec<Line>,
}

/// A line of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `Same`, `Added` or `Removed`.
    pub change: Change,
    /// The line; `…` where lines are left out that are the same.
    pub text: String,
}

impl Reader {
    /// What differs between two traces.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotFound`], or the store cannot be read.
    pub fn diff(&self, a: TraceId, b: TraceId) -> Result<Diff, QueryError> {
        Ok(Diff::of(&self.trace(a)?, &self.trace(b)?))
    }
}

impl Diff {
    /// Compares two traces. Spans are paired from the top on: those below a pair by their name and
    /// kind, in their order.
    pub fn of(a: &Trace, b: &Trace) -> Self {
        let (of_a, of_b) = (Family::of(a), Family::of(b));
        let mut spans: Vec<SpanDiff> = Vec::new();
        // With a stack of its own: a trace may be as deep as it is long.
        let mut stack: Vec<Pair> = Vec::new();
        let below = |a: &[usize], b: &[usize], depth, parent| {
            let pairs = align(&kin(&of_a.trace.spans, a), &kin(&of_b.trace.spans, b), depth == 0);
            let pair = move |(at_a, at_b): (Option<usize>, Option<usize>)| Pair {
                a: at_a.map(|at: usize| a[at]),
                b: at_b.map(|at: usize| b[at]),
                depth,
                parent,
            };
            pairs.into_iter().map(pair).rev().collect::<Vec<_>>()
        };
        stack.extend(below(&of_a.tops, &of_b.tops, 0, None));
        while let Some(pair) = stack.pop() {
            let place = spans.len();
            spans.push(pair.compare(a, b));
            let children_a = pair.a.map_or(&[][..], |at| &of_a.children[at]);
            let children_b = pair.b.map_or(&[][..], |at| &of_b.children[at]);
            stack.extend(below(children_a, children_b, pair.depth + 1, Some(place)));
        }
        Self { a: a.summary.clone(), b: b.summary.clone(), spans }
    }

    /// Whether nothing differs but times.
    pub fn is_same(&self) -> bool {
        self.spans.iter().all(|span| span.change == Change::Same)
    }
}

/// Spans that stand at the same place, by their places in [`Trace::spans`].
struct Pair {
    a: Option<usize>,
    b: Option<usize>,
    depth: usize,
    parent: Option<usize>,
}

impl Pair {
    fn compare(&self, a: &Trace, b: &Trace) -> SpanDiff {
        let span_a = self.a.map(|at| &a.spans[at]);
        let span_b = self.b.map(|at| &b.spans[at]);
        let (change, content) = match (span_a, span_b) {
            (Some(a), Some(b)) => {
                let content = content::differences(a, b);
                let is_same = content.is_empty()
                    && a.name() == b.name()
                    && a.is_error() == b.is_error()
                    && a.usage() == b.usage();
                (if is_same { Change::Same } else { Change::Changed }, content)
            }
            (Some(_), None) => (Change::Removed, Vec::new()),
            (None, _) => (Change::Added, Vec::new()),
        };
        SpanDiff {
            change,
            depth: self.depth,
            parent: self.parent,
            name: span_b.or(span_a).map(|it| it.name().to_owned()).unwrap_or_default(),
            a: span_a.map(|span| side(span, a)),
            b: span_b.map(|span| side(span, b)),
            content,
        }
    }
}

impl Side {
    /// What it says itself of tokens and cost.
    pub fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_nusd: self.cost_nusd,
        }
    }
}

fn side(span: &Span, trace: &Trace) -> Side {
    Side {
        span_id: span.span_id,
        name: span.name().to_owned(),
        start_ns: span.start_ns.saturating_sub(trace.summary.start_ns),
        duration_ns: span.duration_ns(),
        is_unfinished: span.is_unfinished,
        is_error: span.is_error(),
        model: span.model.clone(),
        input_tokens: span.input_tokens,
        output_tokens: span.output_tokens,
        cost_nusd: span.cost_nusd,
    }
}

fn kin<'a>(spans: &'a [Span], places: &[usize]) -> Vec<Kin<'a>> {
    let kin = |span: &'a Span| Kin {
        name: span.name(),
        kind: span.message.kind,
        content: content::fingerprint(span),
        model_call: span.operation.as_deref().filter(|_| span.model.is_some()),
    };
    places.iter().map(|place| kin(&spans[*place])).collect()
}

/// A trace's spans, and who is below whom.
struct Family<'a> {
    trace: &'a Trace,
    tops: Vec<usize>,
    children: Vec<Vec<usize>>,
}

impl<'a> Family<'a> {
    fn of(trace: &'a Trace) -> Self {
        let mut family =
            Self { trace, tops: Vec::new(), children: vec![Vec::new(); trace.spans.len()] };
        for node in Tree::of(trace).nodes {
            match node.parent {
                Some(parent) => family.children[parent].push(node.span),
                None => family.tops.push(node.span),
            }
        }
        family
    }
}
