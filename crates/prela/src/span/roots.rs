//! The local roots that run now, for what is below one, wherever it runs.

use super::active::span_of;
use super::handle::Span;
use super::record::Record;
use opentelemetry::Context;
use opentelemetry::trace::TraceId;
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
