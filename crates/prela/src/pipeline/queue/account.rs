//! What became of spans that were taken from the line.

use super::{ExporterQueue, State};
use crate::Error;
use crate::export::Exported;
use crate::pipeline::report::Waiting;
use crate::pipeline::stats::Recovered;
use crate::pipeline::{Diagnostics, report};
use std::sync::MutexGuard;
use std::time::Instant;

/// Why a span that waited was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pipeline) enum Loss {
    ExportFailed,
    TooLarge,
    Spool,
}

impl ExporterQueue {
    /// Spans in flight were taken, all or in part.
    pub(in crate::pipeline) fn settle_exported(
        &self,
        count: u64,
        exported: Exported,
        diagnostics: &Diagnostics,
    ) {
        let Exported { rejected, message } = exported;
        let rejected = rejected.min(count);
        self.settle(count, diagnostics, message, |state| {
            state.rejected += rejected;
            state.exported += count - rejected;
        });
    }

    /// Spans in flight are lost.
    pub(in crate::pipeline) fn settle_lost(
        &self,
        count: u64,
        why: Loss,
        error: &Error,
        diagnostics: &Diagnostics,
    ) {
        self.settle(count, diagnostics, None, |state| {
            *state.dropped_by.of(why) += count;
            state.report.unreported += count;
            state.lost += count;
            state.note_loss(error);
        });
        self.drops.note();
    }

    /// Spans in flight are on the disk.
    pub(in crate::pipeline) fn settle_spooled(&self, count: u64, diagnostics: &Diagnostics) {
        self.settle(count, diagnostics, None, |state| {
            state.spooled += count;
            state.kept += count;
        });
    }

    fn settle(
        &self,
        count: u64,
        diagnostics: &Diagnostics,
        remark: Option<String>,
        account: impl FnOnce(&mut State),
    ) {
        let mut state = self.state();
        if state.abandoned {
            return;
        }
        state.in_flight -= count;
        if state.in_flight == 0 {
            state.in_flight_from = None;
        }
        account(&mut state);
        self.tell(state, remark, diagnostics);
        self.progress.notify_all();
    }

    /// What became of spans of this run that were on the disk.
    pub(in crate::pipeline) fn settle_replayed(
        &self,
        count: u64,
        result: Result<Exported, (Loss, &Error)>,
        diagnostics: &Diagnostics,
    ) {
        let mut state = self.state();
        state.spooled = state.spooled.saturating_sub(count);
        let remark = match result {
            Ok(Exported { rejected, message }) => {
                let rejected = rejected.min(count);
                state.rejected += rejected;
                state.exported += count - rejected;
                message
            }
            Err((why, error)) => {
                *state.dropped_by.of(why) += count;
                state.report.unreported += count;
                state.note_loss(error);
                self.drops.note();
                None
            }
        };
        self.tell(state, remark, diagnostics);
    }

    /// Changes the account of what earlier runs left on the disk.
    pub(in crate::pipeline) fn recover(&self, account: impl FnOnce(&mut Recovered)) {
        account(&mut self.state().recovered);
    }

    /// Why spans in flight go to the disk.
    pub(in crate::pipeline) fn note_error(&self, error: &Error) {
        self.state().last_error = Some(error.chain());
    }

    /// An attempt succeeded, or failed by an error after which there may be another.
    pub(in crate::pipeline) fn note_attempt(
        &self,
        result: Result<(), &Error>,
        began: Instant,
        diagnostics: &Diagnostics,
    ) {
        // What waits is counted for a line only, and lines are mostly about failures.
        let mut state = if result.is_ok() { self.state() } else { self.up_to_date() };
        if let Err(error) = result {
            state.last_error = Some(error.chain());
        }
        if state.closing.is_some() {
            return;
        }
        let waiting = Waiting {
            item: self.item,
            in_memory: state.line.len() as u64 + state.in_flight,
            on_disk: state.spooled + state.recovered.spooled,
        };
        let now = Instant::now();
        let line = match result {
            Ok(()) => state.report.success(&self.name, waiting, now),
            Err(error) => state.report.failure(&self.name, error, waiting, began, now),
        };
        drop(state);
        if let Some(line) = line {
            diagnostics.line(&line);
        }
    }

    /// A line about new losses or a receiver's remark, if it is time for one. While shutting down
    /// there is none: [`ExporterQueue::report_losses`] tells the whole.
    fn tell(
        &self,
        mut state: MutexGuard<'_, State>,
        remark: Option<String>,
        diagnostics: &Diagnostics,
    ) {
        if let Some(remark) = &remark {
            state.last_remark = Some(remark.clone());
        }
        if state.closing.is_some() {
            state.has_unsaid_remark |= remark.is_some();
            return;
        }
        let error = state.last_loss.clone();
        let line =
            state.report.line(self.item, &self.name, error.as_deref(), remark, Instant::now());
        drop(state);
        if let Some(line) = line {
            diagnostics.line(&line);
        }
    }

    /// At shutdown: how many spans of all were not delivered, and why; and what the receiver said of
    /// those that were.
    pub(in crate::pipeline) fn report_losses(&self, diagnostics: &Diagnostics) {
        let state = self.state();
        let (last_loss, last_remark) = (state.last_loss.clone(), state.last_remark.clone());
        let has_unsaid_remark = state.has_unsaid_remark;
        drop(state);
        let stats = self.stats();
        let losses = report::losses(self.item, &stats, last_loss.as_deref());
        let remark = last_remark.as_deref();
        let rejected = report::rejected(self.item, &stats, remark);
        let said = remark.filter(|_| has_unsaid_remark).map(|it| report::remark(&self.name, it));
        for line in losses.into_iter().chain(rejected.or(said)) {
            diagnostics.line(&line);
        }
    }
}

impl State {
    fn note_loss(&mut self, error: &Error) {
        let why = error.chain();
        self.last_error = Some(why.clone());
        self.last_loss = Some(why);
    }
}
