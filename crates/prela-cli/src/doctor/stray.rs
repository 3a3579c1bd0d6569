//! Traces that should be part of another one: their root should have had a parent.

use super::advice::for_job;
use super::find::{encloses, finding, process, suspect};
use super::{Finding, Kind};
use crate::query::{Span, Trace};
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// A finding if the root of a trace began while a span of another trace was open in the same process, and it
/// is a single span on another thread, or marked by the SDK.
pub(super) fn stray(trace: &Trace, traces: &[Trace]) -> Option<Finding> {
    let mut roots = trace.spans.iter().filter(|span| span.parent_id.is_none());
    let (span, None) = (roots.next()?, roots.next()) else { return None };
    let is_marked = is_marked(span);
    // An incoming request rightly begins a trace, and a link shows that a new trace was intended.
    const INCOMING: [i32; 2] = [2, 5];
    let is_meant = INCOMING.contains(&span.message.kind) || !span.message.links.is_empty();
    if is_meant || (trace.spans.len() > 1 && !is_marked) {
        return None;
    }
    let (process, thread) = (process(span)?, span.thread.as_deref()?);
    let others = traces.iter().filter(|it| it.summary.trace_id != trace.summary.trace_id);
    let candidates = others.flat_map(|it| it.spans.iter().map(move |other| (it, other)));
    let candidates = candidates.filter(|(_, other)| {
        let is_elsewhere = is_on_another_thread(other, span)
            || (is_marked && task(other) != task(span) && other.thread.is_some());
        encloses(other, span)
            && is_elsewhere
            && super::find::process(other).as_ref() == Some(&process)
    });
    let last = |span: &Span| span.end_ns.unwrap_or(i64::MAX);
    // Spans that the SDK did not mark are preferred, then those that outlast the root, then the innermost.
    let (home, parent) = candidates.max_by_key(|(_, other)| {
        (!self::is_marked(other), last(other) >= last(span), other.start_ns)
    })?;
    let overlap = if last(parent) >= last(span) { "all of it within" } else { "begun within" };
    let lost = match is_marked {
        true => "the thread had been given contexts before, and had none this time",
        false => "the context was probably lost on the way to that thread",
    };
    let reason = format!(
        "it has no parent, and began on thread `{thread}` while `{}` was open on thread `{}` of the same \
         process ({overlap}): {lost}",
        parent.name(),
        parent.thread.as_deref().unwrap_or_default(),
    );
    let code = for_job(span, thread, task(span).is_some());
    Some(finding(Kind::StrayRoot, trace, span, Some(suspect(home, parent)), reason, code))
}

/// Whether the SDK saw no context on a thread that had been given some before.
pub(super) fn is_marked(span: &Span) -> bool {
    matches!(span.attribute("prela.context.absent"), Some(Value::BoolValue(true)))
}

/// Whether two spans began on different threads; `false` where that is not known.
fn is_on_another_thread(one: &Span, other: &Span) -> bool {
    let id = |span: &Span| span.attribute("thread.id").cloned();
    match (id(one), id(other)) {
        (Some(one), Some(other)) => one != other,
        _ => one.thread.is_some() && other.thread.is_some() && one.thread != other.thread,
    }
}

fn task(span: &Span) -> Option<&Value> {
    span.attribute("prela.task.id")
}
