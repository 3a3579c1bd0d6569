//! The lines of a waterfall: a span each, and below a span what probably belongs to it.

use super::text::clean;
use super::units::{took, usage};
use crate::doctor::{Finding, Kind};
use crate::query::{Link, Trace, Tree};
use crate::usage::sums;

/// A line of a waterfall.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its place in [`Trace::spans`]; none if it is of another trace.
    pub span: Option<usize>,
    /// Spans above it.
    pub depth: usize,
    /// Before the name, such as `✗ `.
    pub mark: &'static str,
    /// The span's name, in one line.
    pub name: String,
    /// Nanoseconds since 1970.
    pub start_ns: i64,
    /// None while it runs.
    pub end_ns: Option<i64>,
    /// Whether it has no end and most likely never will.
    pub is_unfinished: bool,
    /// Whether it failed.
    pub is_error: bool,
    /// Whether its place is a guess.
    pub is_guess: bool,
    /// The thread it began on; empty if that is not known.
    pub thread: String,
    /// Tokens and cost, as [`Usage`](crate::query::Usage) counts them.
    pub usage: String,
}

impl Row {
    /// How long it took.
    pub(super) fn took(&self) -> String {
        took(self.end_ns.map(|end| end.saturating_sub(self.start_ns)), self.is_unfinished)
    }
}

/// The lines of a trace. Of the findings, stray roots are put below the span that they probably belong
/// to.
pub fn rows(trace: &Trace, findings: &[Finding]) -> Vec<Row> {
    let nodes = Tree::of(trace).nodes;
    let (used, _) = sums(&nodes, |at| trace.spans[at].usage());
    let mut rows: Vec<Row> = nodes
        .iter()
        .map(|node| {
            let span = &trace.spans[node.span];
            let mark = match node.link {
                Link::Orphan | Link::Circle if span.is_error() => "⚠ ✗ ",
                Link::Orphan | Link::Circle => "⚠ ",
                Link::Root | Link::Child if span.is_error() => "✗ ",
                Link::Root | Link::Child => "",
            };
            Row {
                span: Some(node.span),
                depth: node.depth,
                mark,
                name: clean(span.name()),
                start_ns: span.start_ns,
                end_ns: span.end_ns,
                is_unfinished: span.is_unfinished,
                is_error: span.is_error(),
                is_guess: false,
                thread: span.thread.as_deref().map(clean).unwrap_or_default(),
                usage: usage(used[node.span]),
            }
        })
        .collect();
    for finding in findings {
        place(&mut rows, trace, finding);
    }
    rows
}

fn place(rows: &mut Vec<Row>, trace: &Trace, finding: &Finding) {
    let Some(parent) = &finding.parent else { return };
    if finding.kind != Kind::StrayRoot || parent.trace_id != trace.summary.trace_id {
        return;
    }
    let is_parent =
        |row: &Row| row.span.is_some_and(|span| trace.spans[span].span_id == parent.span_id);
    let Some(at) = rows.iter().position(is_parent) else { return };
    let depth = rows[at].depth + 1;
    let inner = rows[at + 1..].iter().take_while(|row| row.depth >= depth).count();
    rows.insert(
        at + 1 + inner,
        Row {
            span: None,
            depth,
            mark: "⚠ ",
            name: clean(&finding.name),
            start_ns: finding.start_ns,
            end_ns: finding.end_ns,
            is_unfinished: finding.is_unfinished,
            is_error: false,
            is_guess: true,
            thread: finding.thread.as_deref().map(clean).unwrap_or_default(),
            usage: String::new(),
        },
    );
}
