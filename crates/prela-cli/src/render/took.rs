//! How long things took, or why that is not known.
//!
//! What has no end runs, or is unfinished: `query` decides that, by how long nothing was heard of it.

use super::units::duration;
use crate::query::{Side, Span, TraceSummary};

/// How long a span took.
pub fn span_took(span: &Span) -> String {
    took(span.duration_ns(), span.is_unfinished)
}

/// How long a span of a diff took.
pub(super) fn side_took(side: &Side) -> String {
    took(side.duration_ns, side.is_unfinished)
}

/// How long a trace took, in a list; or that it still runs, or has spans that will never end.
pub fn trace_took(trace: &TraceSummary) -> String {
    let is_unfinished = trace.open == trace.unfinished;
    took((trace.open == 0).then_some(trace.duration_ns), is_unfinished)
}

/// How many spans of a trace have no end, and why; empty if all have one.
pub(crate) fn without_end(trace: &TraceSummary) -> Vec<String> {
    let running = trace.open.saturating_sub(trace.unfinished);
    let both = [(running, RUNNING), (trace.unfinished, UNFINISHED)];
    both.iter().filter(|it| it.0 > 0).map(|(number, what)| format!("{number} {what}")).collect()
}

/// How long something took that may have no end.
pub(super) fn took(duration_ns: Option<i64>, is_unfinished: bool) -> String {
    match duration_ns {
        Some(ns) => duration(ns),
        None if is_unfinished => UNFINISHED.to_owned(),
        None => RUNNING.to_owned(),
    }
}

const RUNNING: &str = "running";
const UNFINISHED: &str = "unfinished";
