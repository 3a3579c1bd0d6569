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

/// The differences between two traces, A and B. As JSON it is an object of these fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Trace A: how it was before.
    pub a: TraceSummary,
    /// Trace B: how it is now.
    pub b: TraceSummary,
    /// The spans of both, from the top of the tree to its bottom. A span that only A has stands where it stood there.
    pub spans: Vec<SpanDiff>,
}

/// A span of A, of B, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpanDiff {
    /// What became of the span.
    pub change: Change,
    /// How many spans are above it.
    pub depth: usize,
    /// The place of its parent in [`Diff::spans`].
    pub parent: Option<usize>,
    /// Its name in B, or in A if only A has it.
    pub name: String,
    /// The span in A.
    pub a: Option<Side>,
    /// The span in B.
    pub b: Option<Side>,
    /// What it says differently in A and B. What differs in each run is left out: ids, ports, threads, stack traces.
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
    /// Nanoseconds from the start of the trace to that of the span.
    #[serde(rename = "start_offset_nano")]
    pub start_ns: i64,
    /// Nanoseconds that it took; none while it runs.
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
    /// Its cost in billionths of a US dollar.
    pub cost_nusd: u64,
}

/// An attribute, or the message of an error, that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContentDiff {
    /// Which one it is: `gen_ai.request.model`, `event retry reason` (of an event `retry`) or `status`.
    pub key: String,
    /// Its value in A as text, messages of models as a conversation; none if A does not have it.
    pub a: Option<String>,
    /// Its value in B; none if B does not have it.
    pub b: Option<String>,
    /// If a value has several lines: the lines that differ, each with those around it. Otherwise empty.
    pub lines: Vec<Line>,
}

/// A line of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// [`Same`](Change::Same), [`Added`](Change::Added) or [`Removed`](Change::Removed).
    pub change: Change,
    /// The line, or `…` in place of lines that are the same and left out.
    pub text: String,
}

impl Reader {
    /// Compares two stored traces.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotFound`], or the store cannot be read.
    pub fn diff(&self, a: TraceId, b: TraceId) -> Result<Diff, QueryError> {
        Ok(Diff::of(&self.trace(a)?, &self.trace(b)?))
    }
}

impl Diff {
    /// Compares two traces. Spans are paired from the top of the trees: those below a pair first by name, kind and
    /// content, then by name and kind, in whatever order they began, and calls of models also by what they do.
    pub fn of(a: &Trace, b: &Trace) -> Self {
        let (of_a, of_b) = (Family::of(a), Family::of(b));
        let mut spans: Vec<SpanDiff> = Vec::new();
        // No recursion: a trace may be as deep as it is long.
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

    /// Whether at most times differ.
    pub fn is_same(&self) -> bool {
        self.spans.iter().all(|span| span.change == Change::Same)
    }
}

/// A span of A and the one of B at its place, as indices of [`Trace::spans`]; one of them may be missing.
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

/// A trace with the children of each span, as indices of [`Trace::spans`].
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
