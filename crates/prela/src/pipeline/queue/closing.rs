//! The end of a queue.

use super::ExporterQueue;
use crate::pipeline::fate::{Fate, Loss, Place};
use std::time::{Duration, Instant};

/// A shutdown that has begun.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) struct Closing {
    began: Instant,
    /// When the caller of the shutdown stops waiting; none: never.
    until: Option<Instant>,
}

impl Closing {
    pub(super) fn new(until: Option<Instant>) -> Self {
        Self { began: Instant::now(), until }
    }

    /// When attempts must end; none: never. With a disk for what could not be sent, a quarter of the time,
    /// at most half a second, is reserved for writing there.
    pub(in crate::pipeline) fn last_attempt(&self, has_store: bool) -> Option<Instant> {
        let until = self.until?;
        let reserve = until.saturating_duration_since(self.began) / 4;
        Some(if has_store { until - reserve.min(LONGEST_RESERVE) } else { until })
    }
}

impl ExporterQueue {
    pub(in crate::pipeline) fn closing(&self) -> Option<Closing> {
        self.state().closing
    }

    /// Takes no more spans, and sends those it has.
    pub(in crate::pipeline) fn close(&self, until: Option<Instant>) {
        self.shards.close();
        self.state().closing.get_or_insert(Closing::new(until));
        self.signals.hurry();
    }

    /// Gives up on what was not sent yet.
    pub(in crate::pipeline) fn abandon(&self) {
        self.shards.close();
        let mut state = self.up_to_date();
        state.closing.get_or_insert(Closing::new(None));
        state.is_abandoned = true;
        let (queued, in_flight) = (state.ledger.queued(), state.ledger.in_flight());
        for (count, place) in [(queued, Place::Queue), (in_flight, Place::Flight)] {
            state.settle(count, place, &Fate::Lost(Loss::ShutDown, None));
        }
        let (spans, freed) = state.waiting.clear();
        drop(state);
        self.shards.give(freed);
        // Running many destructors takes its time: not under the lock.
        drop(spans);
        self.signals.progress.notify_all();
    }
}

const LONGEST_RESERVE: Duration = Duration::from_millis(500);
