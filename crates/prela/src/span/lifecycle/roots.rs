//! The local roots that run now, for whatever runs below one, on any thread.

use super::record::{Record, SharedRecord};
use crate::context::Correlation;
use crate::count::thread_number;
use crate::lock::BriefLock;
use crate::{SpanType, semconv};
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, TraceId};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The roots, by the threads that they began on, so that threads seldom meet. A record in here is not reused before
/// its span has ended.
static RUNNING: [Shard; SHARDS] = [const { Shard(BriefLock::new(Vec::new())) }; SHARDS];

/// On cache lines of its own.
#[repr(align(128))]
struct Shard(BriefLock<Vec<SharedRecord>>);

const SHARDS: usize = 32;

/// Where a record is among the running roots: the shard, and the index in it, which changes while others leave. It is
/// written under the lock of the shard.
pub(super) struct RootPlace(AtomicUsize);

impl RootPlace {
    const NOWHERE: usize = usize::MAX;

    pub(super) const fn nowhere() -> Self {
        Self(AtomicUsize::new(Self::NOWHERE))
    }

    fn get(&self) -> Option<(usize, usize)> {
        let place = self.0.load(Ordering::Relaxed);
        (place != Self::NOWHERE).then_some((place % SHARDS, place / SHARDS))
    }

    fn set(&self, shard: usize, index: usize) {
        self.0.store(index * SHARDS + shard, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.0.store(Self::NOWHERE, Ordering::Relaxed);
    }
}

/// Notes a span that has just started without a parent in this process.
pub(super) fn add(record: &SharedRecord) {
    let shard = thread_number() % SHARDS;
    if record.is_root_and_recorded()
        && let Some(mut running) = RUNNING[shard].0.lock_soon()
    {
        record.root_place.set(shard, running.len());
        running.push(record.clone());
    }
}

/// Forgets a root that has ended, or is about to. Does nothing for other spans.
#[inline]
pub(super) fn remove(record: &Record) {
    if let Some((shard, _)) = record.root_place.get() {
        remove_from(shard, record);
    }
}

fn remove_from(shard: usize, record: &Record) {
    let Some(mut running) = RUNNING[shard].0.lock_soon() else { return };
    // Another thread may have ended it meanwhile.
    let Some((_, index)) = record.root_place.get() else { return };
    let ended = (index < running.len()).then(|| running.swap_remove(index));
    if let Some(moved) = running.get(index) {
        moved.root_place.set(shard, index);
    }
    record.root_place.clear();
    drop(running);
    drop(ended);
}

/// A root that runs in this trace, rather one that began on this thread; below a span of ours, only that span's own
/// root.
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
    let own = thread_number();
    let mut shards = (own..own + SHARDS).map(|shard| &RUNNING[shard % SHARDS].0);
    shards.find_map(|shard| shard.lock_soon()?.iter().rev().find(is_it).cloned())
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
