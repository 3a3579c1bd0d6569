//! The counts of spans that reach no queue, and of all together.

use super::queue::ExporterQueue;
use super::stats::{Dropped, Stats};
use super::tail::{Tail, TailRule};
use crate::context;
use crate::count::Count;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the spans that reach no queue.
#[derive(Debug)]
pub(super) struct Counts {
    unsampled: Count,
    no_exporter: AtomicU64,
    /// Locked before any queue, until the spans that leave it are in all queues: so each is counted once at any
    /// moment.
    tail: Option<Mutex<Tail>>,
}

impl Counts {
    pub(super) fn new(rule: Option<TailRule>) -> Self {
        Self {
            unsampled: Count::default(),
            no_exporter: AtomicU64::new(0),
            tail: rule.map(|rule| Mutex::new(Tail::new(rule))),
        }
    }

    pub(super) fn has_tail(&self) -> bool {
        self.tail.is_some()
    }

    pub(super) fn tail(&self) -> Option<MutexGuard<'_, Tail>> {
        self.tail.as_ref().map(|tail| tail.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn count_unsampled(&self) {
        self.unsampled.add_one();
    }

    pub(super) fn count_without_exporter(&self) {
        self.no_exporter.fetch_add(1, Ordering::Relaxed);
    }

    /// What became of all spans, at one moment.
    pub(super) fn stats(&self, queues: &[Arc<ExporterQueue>]) -> Stats {
        let tail = self.tail();
        let of_tail = tail.as_ref().map(|tail| tail.counts()).unwrap_or_default();
        let unsampled = self.unsampled.get() + of_tail.left_out;
        let no_exporter = self.no_exporter.load(Ordering::Relaxed);
        let before = Stats {
            ended: unsampled + no_exporter + of_tail.waiting + of_tail.undecided,
            unsampled,
            queued: of_tail.waiting,
            dropped_by: Dropped { no_exporter, undecided: of_tail.undecided, ..Dropped::default() },
            not_current: context::not_current(),
            ..Stats::default()
        };
        Stats::new(before, queues.iter().map(|queue| queue.stats()).collect())
    }
}
