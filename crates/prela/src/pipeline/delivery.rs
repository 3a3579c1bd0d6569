//! From a lane's queue to its exporter: batches, attempts, and what is done when they fail.

mod attempts;
#[cfg(test)]
#[cfg(any(feature = "grpc", feature = "http"))]
mod tests;

use self::attempts::Outcome;
use super::attempt::guarded;
use super::breaker::Breaker;
use super::lane::{Lane, Loss, Next};
use super::last_call::LastCall;
use super::load::Load;
use super::pieces::{Piece, Pieces};
use super::retry::Backoff;
use super::spill::Spill;
use super::store::{Record, Store};
use super::{Diagnostics, PipelineSettings};
use crate::export::{Exported, Outlet};
use crate::{Contact, Error, Resource};
use futures_util::future::select;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Drives one exporter until its lane is closed and empty.
pub(super) struct Delivery {
    lane: Arc<Lane>,
    outlet: Outlet,
    spill: Spill,
    breaker: Breaker,
    backoff: Backoff,
    schedule_delay: Duration,
    export_timeout: Duration,
    last_call: LastCall,
    /// How many loads and pieces were taken.
    taken: u64,
    cut_off_at: Option<CutOff>,
    diagnostics: Diagnostics,
}

/// The record of the spool at which a connection broke off.
#[derive(Clone, Copy)]
struct CutOff {
    id: u64,
    /// What had been taken until then; but if the attempt right before was the last of these, without
    /// it: it shows that the peer takes others.
    taken: u64,
}

/// What becomes of a piece.
enum Fate {
    Taken(Exported),
    Lost(Loss, Error),
    /// It is in other pieces now.
    InPieces,
    Unreachable(Load, Error),
}

impl Delivery {
    pub(super) fn new(
        lane: Arc<Lane>,
        outlet: Outlet,
        store: Option<Box<dyn Store>>,
        resource: Arc<Resource>,
        settings: &PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Self {
        let encode = outlet.encoder();
        let spill =
            Spill::new(lane.clone(), encode, store, resource, settings, diagnostics.clone());
        Self {
            lane,
            outlet,
            spill,
            breaker: Breaker::new(),
            backoff: Backoff::new(),
            schedule_delay: settings.schedule_delay,
            export_timeout: settings.export_timeout,
            last_call: LastCall::default(),
            taken: 0,
            cut_off_at: None,
            diagnostics,
        }
    }

    pub(super) fn lane(&self) -> Arc<Lane> {
        self.lane.clone()
    }

    pub(super) async fn run(mut self) {
        self.spill.recover();
        let mut due_at = None;
        let mut is_due = false;
        // New spans and those on the disk take turns, so that neither waits for ever.
        let mut replays_next = false;
        loop {
            if let Some(until) = self.breaker.open_until()
                && !self.idle(until, &mut due_at).await
            {
                continue;
            }
            // While shutting down, what is on the disk is safe, and the others are not.
            if replays_next && self.lane.closing().is_none() && self.may_replay() {
                replays_next = false;
                self.replay().await;
                continue;
            }
            match self.lane.next(is_due) {
                Next::Export(spans) => {
                    (due_at, is_due, replays_next) = (None, false, true);
                    let load = self.spill.load(spans);
                    self.deliver(load).await;
                }
                Next::WaitForMore => {
                    // Counted from here, not from the span's end, which would read a clock on its
                    // thread.
                    let at = *due_at.get_or_insert_with(|| Instant::now() + self.schedule_delay);
                    if self.may_replay() {
                        self.replay().await;
                        is_due = at <= Instant::now();
                    } else {
                        is_due = timeout_at(at, self.lane.woken()).await.is_err();
                    }
                }
                Next::WaitForFirst | Next::ShutDown if self.may_replay() => self.replay().await,
                Next::WaitForFirst => {
                    (due_at, is_due) = (None, false);
                    self.lane.woken().await;
                }
                Next::ShutDown => break,
            }
        }
        let within = self.time_left(self.export_timeout);
        let result = guarded("shut down", within, || self.outlet.shutdown());
        if let Err(error) = result.await {
            let (name, error) = (&self.lane.name, error.chain());
            self.diagnostics.line(&format!("prela: failed to shut down {name}: {error}"));
        }
    }

    /// Waits while the breaker is open: with a spool what is queued goes there. True if it is time
    /// for an attempt all the same, because somebody waits for one.
    async fn idle(&mut self, until: Instant, due_at: &mut Option<Instant>) -> bool {
        if self.lane.closing().is_some() {
            // There is no later: what the peer asked for is waited for, and no more than that.
            return true;
        }
        if !self.spill.has_store() {
            if self.lane.is_awaited() {
                return true;
            }
            // The queue has room for what comes meanwhile.
            let woken = pin!(self.lane.hurried());
            select(pin!(sleep_until(until)), woken).await;
            return false;
        }
        match self.lane.next(due_at.is_some_and(|at| at <= Instant::now())) {
            Next::Export(spans) => {
                *due_at = None;
                let load = self.spill.load(spans);
                self.spill.keep(load);
            }
            // The next look finds the lane closing.
            Next::ShutDown => {}
            Next::WaitForMore => {
                let at = *due_at.get_or_insert_with(|| Instant::now() + self.schedule_delay);
                let _ = timeout_at(at.min(until), self.lane.woken()).await;
            }
            Next::WaitForFirst => {
                let _ = timeout_at(until, self.lane.woken()).await;
            }
        }
        false
    }

    /// Whether a record of the spool can be sent now.
    fn may_replay(&self) -> bool {
        let is_time = match self.lane.closing() {
            None => self.breaker.open_until().is_none(),
            // What waited for a peer that is not there can wait for the next run.
            Some(_) => !self.breaker.is_absent() && !self.last_call.is_over(),
        };
        is_time && self.spill.has_records()
    }

    /// Sends the oldest record of the spool.
    async fn replay(&mut self) {
        let Some(Record { id, body, spans, is_own }) = self.spill.oldest() else { return };
        let cut_off = self.cut_off_at.filter(|it| it.id == id);
        let taken_before = self.taken - u64::from(self.has_just_taken());
        let are_others_taken = cut_off.is_some_and(|it| self.taken > it.taken);
        let deadline = deadline(self.export_timeout);
        let mut pieces = Pieces::new(Load::Bytes { body, spans });
        pieces.have_no_witness(are_others_taken);
        let mut results = Vec::new();
        while let Some(piece) = pieces.next() {
            let count = piece.load.count();
            // One attempt: what is on the disk can wait.
            let outcome = self.attempts(&piece, deadline, cut_off.is_none()).await;
            let result = match self.fate(outcome, piece, &mut pieces) {
                Fate::InPieces => continue,
                Fate::Taken(exported) => Ok(exported),
                Fate::Lost(why, error) => Err((why, error)),
                // All that is left of the record comes again; the receiver may get some of it twice.
                Fate::Unreachable(_, error) => {
                    self.lane.note_error(&error);
                    let is_cut_off = error.contact() == Some(Contact::Broken);
                    let first = cut_off.unwrap_or(CutOff { id, taken: taken_before });
                    self.cut_off_at = is_cut_off.then_some(first);
                    if self.lane.closing().is_some()
                        && !self.last_call.is_over()
                        && let Some(asked) = error.retry_after()
                    {
                        // Nothing else keeps it from coming again at once.
                        let error = self.back_off(asked, deadline, Some(error)).await;
                        error.iter().for_each(|error| self.lane.note_error(error));
                    }
                    return;
                }
            };
            results.push((count, result));
        }
        self.spill.done(id);
        for (count, result) in results {
            self.spill.settle(count, is_own, &result);
        }
    }

    /// Sends a batch: in pieces if need be, and onto the disk if it cannot be sent now.
    async fn deliver(&mut self, load: Load) {
        let mut until = deadline(self.export_timeout);
        let is_after_success = self.has_just_taken();
        let mut pieces = Pieces::new(load);
        loop {
            if pieces.lack_a_witness() {
                if let Some(spans) = self.lane.take() {
                    pieces.add(self.spill.load(spans));
                    until = deadline(self.export_timeout);
                } else if self.lane.closing().is_some() {
                    pieces.have_no_witness(is_after_success);
                }
            }
            let Some(piece) = pieces.next() else { return };
            let count = piece.load.count();
            let outcome = self.attempts(&piece, until, false).await;
            let (why, error) = match self.fate(outcome, piece, &mut pieces) {
                Fate::InPieces => continue,
                Fate::Taken(exported) => {
                    self.lane.settle_exported(count, exported, &self.diagnostics);
                    continue;
                }
                Fate::Unreachable(load, error) if self.spill.has_store() => {
                    self.lane.note_error(&error);
                    self.spill.keep(load);
                    continue;
                }
                Fate::Unreachable(_, error) => (Loss::ExportFailed, error),
                Fate::Lost(why, error) => (why, error),
            };
            self.lane.settle_lost(count, why, &error, &self.diagnostics);
        }
    }

    /// Whether the last attempt of all was a success.
    fn has_just_taken(&self) -> bool {
        self.taken > 0 && self.breaker.is_closed()
    }

    /// What becomes of a piece.
    fn fate(&self, outcome: Outcome, piece: Piece, pieces: &mut Pieces) -> Fate {
        match outcome {
            Outcome::Taken(exported) => {
                pieces.taken();
                Fate::Taken(exported)
            }
            Outcome::Refused(error) => Fate::Lost(Loss::ExportFailed, error),
            Outcome::Unreachable(error) => Fate::Unreachable(piece.load, error),
            Outcome::TooLarge(error) => match pieces.too_large(piece) {
                Ok(()) => Fate::InPieces,
                Err(single) => Fate::Lost(Loss::TooLarge, single.too_large(error)),
            },
            Outcome::CutOff(error) => match pieces.cut_off(piece) {
                Ok(()) => Fate::InPieces,
                Err(single) => Fate::Lost(Loss::TooLarge, single.suspected(&error)),
            },
        }
    }
}

fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + A_YEAR)
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
