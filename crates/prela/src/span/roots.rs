//! The local roots that run now, for what is below one, wherever it runs.

use super::active::span_of;
use super::handle::Span;
use super::record::Record;
use crate::context::Correlation;
use crate::{SpanType, semconv};
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, TraceId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

/// By trace, so that threads seldom meet. The record is held until its span has ended: a record that somebody
/// holds is not used again.
static RUNNING: [Mutex<Vec<Arc<Record>>>; SHARDS] = [const { Mutex::new(Vec::new()) }; SHARDS];

const SHARDS: usize = 32;

/// Notes a span that has just started without a parent in this process.
pub(super) fn add(record: &Arc<Record>) {
    if record.is_root_and_recorded()
        && let Some(mut running) = lock(record.span_context.trace_id())
    {
        running.push(record.clone());
    }
}

/// Forgets a span that has just ended.
pub(super) fn remove(record: &Record) {
    let Some(mut running) = lock(record.span_context.trace_id()) else { return };
    let is_it = |other: &Arc<Record>| std::ptr::eq(&raw const **other, record);
    if let Some(at) = running.iter().rposition(is_it) {
        let ended = running.swap_remove(at);
        drop(running);
        drop(ended);
    }
}

/// The local root of the span that is current in a context, if it still runs. Below a span of another library
/// it is what began last in the same trace.
pub(crate) fn root_of(cx: &Context) -> Option<Span> {
    let span = span_of(cx)?;
    // Ids alone do not tell: instances with generators of their own may draw the same ones.
    let of_record = |record: &Record| (record.root, record.source.provider.id);
    let (trace_id, root) = match span.record() {
        Some(record) if record.root == record.span_context.span_id() => return Some(span),
        Some(record) => (record.span_context.trace_id(), Some(of_record(record))),
        None if span.span_context().is_remote() => return None,
        None => (span.trace_id(), None),
    };
    let is_it = |record: &&Arc<Record>| {
        record.span_context.trace_id() == trace_id
            && root.is_none_or(|root| root == of_record(record))
    };
    let found = lock(trace_id)?.iter().rev().find(is_it).cloned();
    found.map(Span::of)
}

/// An agent begins below a local root. If that is a request that came in, it says what it is for: lists of traces
/// show roots, and that of a server is of no type by itself. Of several agents the first one counts.
#[cold]
pub(super) fn lead(agent: &mut Record, base: &Context) {
    let Some(root) = running(agent.span_context.trace_id(), agent) else { return };
    let kind = root.with(|message| message.kind());
    if !matches!(kind, Some(Some(SpanKind::Server | SpanKind::Consumer))) {
        return;
    }
    let conventions = root.source.provider.wording.conventions;
    let is_first = root.with(|message| !message.has(semconv::OPENINFERENCE_SPAN_KIND));
    if is_first != Some(true) {
        return;
    }
    SpanType::Agent.write_attributes(conventions, |key, value| {
        if [semconv::OPENINFERENCE_SPAN_KIND, semconv::LANGFUSE_TYPE].contains(&key.as_str()) {
            root.set_attribute(&key, value);
        }
    });
    // Who asks, and in which session, may be known only to the agent.
    for (key, value) in Correlation::of(base).into_iter().flat_map(Correlation::attributes) {
        if root.with(|message| !message.has(key.as_str())) == Some(true) {
            root.set_attribute(&key, value);
        }
    }
    agent.state.get_mut().unwrap_or_else(PoisonError::into_inner).record().set_lead();
}

/// The root of a record, if it runs.
fn running(trace_id: TraceId, below: &Record) -> Option<Arc<Record>> {
    let is_it = |other: &&Arc<Record>| {
        other.span_context.trace_id() == trace_id
            && other.root == below.root
            && other.source.provider.id == below.source.provider.id
    };
    lock(trace_id)?.iter().rev().find(is_it).cloned()
}

/// The request that came in, and that this agent is the first one for.
#[cfg(feature = "genai")]
pub(crate) fn led_by(agent: &Span) -> Option<Span> {
    let record = agent.record()?;
    let leads = record.with(|message| message.leads()).unwrap_or_default();
    let root = leads.then(|| running(record.span_context.trace_id(), record)).flatten();
    root.map(Span::of)
}

/// None if it is not to be had soon: in a forked process it may be held by a thread that is not there.
fn lock(trace_id: TraceId) -> Option<MutexGuard<'static, Vec<Arc<Record>>>> {
    let [.., last] = trace_id.to_bytes();
    let shard = &RUNNING[usize::from(last) % SHARDS];
    for _ in 0..100 {
        match shard.try_lock() {
            Ok(running) => return Some(running),
            Err(TryLockError::Poisoned(running)) => return Some(PoisonError::into_inner(running)),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    None
}
