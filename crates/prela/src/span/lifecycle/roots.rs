//! The local roots that run now, for whatever runs below one, on any thread.

use super::record::{Record, SharedRecord};
use crate::context::Correlation;
use crate::lock::BriefLock;
use crate::{SpanType, semconv};
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, TraceId};
use spin::MutexGuard;
use std::thread;

/// The roots, spread by trace so that threads seldom meet. A record in here is not reused before its span has
/// ended.
static RUNNING: [BriefLock<Vec<SharedRecord>>; SHARDS] =
    [const { BriefLock::new(Vec::new()) }; SHARDS];

const SHARDS: usize = 32;

/// Notes a span that has just started without a parent in this process.
pub(super) fn add(record: &SharedRecord) {
    if record.is_root_and_recorded()
        && let Some(mut running) = lock(record.span_context.trace_id())
    {
        running.push(record.clone());
    }
}

/// Forgets a span that has just ended.
pub(super) fn remove(record: &Record) {
    let Some(mut running) = lock(record.span_context.trace_id()) else { return };
    let is_it = |other: &SharedRecord| std::ptr::eq(&raw const **other, record);
    if let Some(at) = running.iter().rposition(is_it) {
        let ended = running.swap_remove(at);
        drop(running);
        drop(ended);
    }
}

/// The last root that began in this trace and still runs; below a span of ours, only that span's own root.
pub(in crate::span) fn running_root(
    trace_id: TraceId,
    below: Option<&Record>,
) -> Option<SharedRecord> {
    // Ids alone do not tell: instances with generators of their own may draw the same ones.
    let of_record = |record: &Record| (record.root(), record.source.provider.id);
    let wanted = below.map(of_record);
    let is_it = |record: &&SharedRecord| {
        record.span_context.trace_id() == trace_id
            && wanted.is_none_or(|wanted| wanted == of_record(record))
    };
    lock(trace_id)?.iter().rev().find(is_it).cloned()
}

/// Lets the first agent below a request that came in say what the request is for: lists of traces show
/// roots, and a server's has no type by itself.
#[cold]
pub(super) fn lead(agent: &Record, base: Option<&Context>) {
    let Some(root) = running_root(agent.span_context.trace_id(), Some(agent)) else { return };
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
    let correlation = base.and_then(Correlation::of);
    for (key, value) in correlation.into_iter().flat_map(Correlation::attributes) {
        if root.with(|message| !message.has(key.as_str())) == Some(true) {
            root.set_attribute(&key, value);
        }
    }
    agent.with(|message| message.set_lead());
}

/// Takes the lock, or gives up soon: in a forked process a thread that is not there may hold it.
fn lock(trace_id: TraceId) -> Option<MutexGuard<'static, Vec<SharedRecord>>> {
    let [.., last] = trace_id.to_bytes();
    let shard = &RUNNING[usize::from(last) % SHARDS];
    for _ in 0..100 {
        match shard.try_lock() {
            Some(running) => return Some(running),
            None => thread::yield_now(),
        }
    }
    None
}
