//! The count of everything that passes through a queue.

use crate::export::Exported;
use crate::pipeline::fate::{Fate, Place};
use crate::pipeline::stats::{Dropped, ExporterStats, Recovered};
use crate::store::Leftovers;

/// What became of the spans of one exporter. Each span is in one of its accounts, so they add up:
/// `ended == queued + in_flight + spooled + exported + rejected + dropped`.
#[derive(Default)]
pub(super) struct Ledger {
    ended: u64,
    queued: u64,
    in_flight: u64,
    spooled: u64,
    exported: u64,
    rejected: u64,
    dropped_by: Dropped,
    /// Spans of earlier runs, in accounts of their own.
    recovered: Recovered,
    outcome: Outcome,
}

/// What became, since the start, of spans that were in the queue: a flush reports the difference.
#[derive(Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) lost: u64,
    pub(super) spooled: u64,
}

impl Ledger {
    /// Counts spans that ended, of which some found the queue full or closed. The others are queued.
    pub(super) fn take_in(&mut self, ended: u64, queue_full: u64, shut_down: u64) {
        self.ended += ended;
        self.dropped_by.queue_full += queue_full;
        self.dropped_by.shut_down += shut_down;
        self.queued += ended - queue_full - shut_down;
    }

    /// Moves spans from the queue into an attempt.
    pub(super) fn send(&mut self, count: u64) {
        self.queued -= count;
        self.in_flight += count;
    }

    /// Counts what earlier runs left in the spool.
    pub(super) fn find(&mut self, found: Leftovers) {
        self.recovered.found += found.spans;
        self.recovered.spooled += found.spans;
        self.recovered.unreadable += found.unreadable;
    }

    /// Moves spans from where they are to what became of them.
    pub(super) fn settle(&mut self, count: u64, from: Place, fate: &Fate) {
        match from {
            Place::Queue => self.queued -= count,
            Place::Flight => self.in_flight -= count,
            Place::Spool => self.spooled = self.spooled.saturating_sub(count),
            Place::EarlierRun => {
                self.recovered.spooled = self.recovered.spooled.saturating_sub(count);
            }
        }
        let is_of_earlier_run = from == Place::EarlierRun;
        match fate {
            Fate::Taken(Exported { rejected, .. }) => {
                let rejected = count.min(*rejected);
                let (of_exported, of_rejected) = if is_of_earlier_run {
                    (&mut self.recovered.exported, &mut self.recovered.rejected)
                } else {
                    (&mut self.exported, &mut self.rejected)
                };
                *of_exported += count - rejected;
                *of_rejected += rejected;
            }
            Fate::Spooled => {
                self.spooled += count;
                self.outcome.spooled += count;
            }
            Fate::Lost(..) if is_of_earlier_run => self.recovered.dropped += count,
            Fate::Lost(why, _) => {
                *self.dropped_by.of(*why) += count;
                if matches!(from, Place::Queue | Place::Flight) {
                    self.outcome.lost += count;
                }
            }
        }
    }

    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Spans in the spool, of this run and of earlier ones.
    pub(super) fn on_disk(&self) -> u64 {
        self.spooled + self.recovered.spooled
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Losses for the lines of a running queue; what a shutdown cuts off is reported at its end.
    pub(super) fn losses(&self) -> u64 {
        self.dropped_by.total() - self.dropped_by.shut_down
    }

    pub(super) fn stats(&self, name: &str, last_error: Option<String>) -> ExporterStats {
        ExporterStats {
            name: name.to_owned(),
            ended: self.ended,
            exported: self.exported,
            rejected: self.rejected,
            dropped: self.dropped_by.total(),
            queued: self.queued,
            in_flight: self.in_flight,
            spooled: self.spooled,
            dropped_by: self.dropped_by,
            recovered: self.recovered,
            last_error,
        }
    }
}
