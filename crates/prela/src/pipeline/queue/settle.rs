//! What became of spans that left the queue, and the lines about it.

use super::{ExporterQueue, State};
use crate::Error;
use crate::pipeline::fate::{Fate, Place};
use crate::pipeline::report::Unsettled;
use crate::store::Leftovers;
use std::time::Instant;

impl ExporterQueue {
    /// Counts what became of spans, and writes a line if it is time for one.
    pub(in crate::pipeline) fn settle(&self, count: u64, from: Place, fate: Fate) {
        let mut state = self.state();
        if state.is_abandoned && from == Place::Flight {
            // It was counted as lost.
            return;
        }
        state.settle(count, from, &fate);
        if from == Place::EarlierRun {
            return;
        }
        let is_lost = matches!(fate, Fate::Lost(..));
        let line = state.line(&self.name, fate.into_remark());
        drop(state);
        self.tell(line);
        self.signals.progress.notify_all();
        if is_lost {
            self.drops.note();
        }
    }

    /// Counts what earlier runs left in the spool.
    pub(in crate::pipeline) fn find(&self, found: Leftovers) {
        self.state().ledger.find(found);
    }

    /// Notes why spans in flight go to the disk.
    pub(in crate::pipeline) fn note_error(&self, error: &Error) {
        self.state().report.note_error(error);
    }

    /// Notes an attempt that succeeded, or failed by an error after which there may be another.
    pub(in crate::pipeline) fn note_attempt(&self, result: Result<(), &Error>, began: Instant) {
        // What waits is counted for a line only, and lines are mostly about failures.
        let mut guard = if result.is_ok() { self.state() } else { self.up_to_date() };
        let State { ledger, report, closing, .. } = &mut *guard;
        if let Err(error) = result {
            report.note_error(error);
        }
        if closing.is_some() {
            return;
        }
        let in_memory = ledger.queued() + ledger.in_flight();
        let unsettled = Unsettled { item: report.item(), in_memory, on_disk: ledger.on_disk() };
        let now = Instant::now();
        let line = match result {
            Ok(()) => report.success(&self.name, unsettled, now),
            Err(error) => report.failure(&self.name, error, unsettled, began, now),
        };
        drop(guard);
        self.tell(line);
    }

    pub(in crate::pipeline) fn tell(&self, line: Option<String>) {
        if let Some(line) = line {
            self.diagnostics.line(&line);
        }
    }

    /// Reports at shutdown how many of all spans were not delivered, and why; and what the receiver said of the
    /// others.
    pub(in crate::pipeline) fn report_losses(&self) {
        let state = self.up_to_date();
        let stats = state.ledger.stats(&self.name, state.report.last_error());
        let lines = state.report.last_lines(&stats);
        drop(state);
        lines.into_iter().for_each(|line| self.tell(Some(line)));
    }
}

impl State {
    /// Counts what became of spans. Once they have ended, their numbers change here only.
    pub(super) fn settle(&mut self, count: u64, from: Place, fate: &Fate) {
        if count == 0 {
            return;
        }
        self.ledger.settle(count, from, fate);
        if from != Place::EarlierRun {
            self.report.note(fate);
        }
        if self.ledger.in_flight() == 0 {
            self.waiting.arrived();
        }
    }

    /// A line about new losses or a receiver's remark, if it is time for one. While shutting down there
    /// is none: [`ExporterQueue::report_losses`] reports all.
    fn line(&mut self, name: &str, remark: Option<String>) -> Option<String> {
        if self.closing.is_some() {
            self.report.keep_remark(remark.is_some());
            return None;
        }
        self.report.line(name, self.ledger.losses(), remark, Instant::now())
    }
}
