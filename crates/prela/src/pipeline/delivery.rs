//! From a lane's queue to its exporter: batches, attempts, and what is done when they fail.

#[cfg(test)]
#[cfg(any(feature = "grpc", feature = "http"))]
mod tests;

use super::attempt::{attempt, guarded};
use super::breaker::Breaker;
use super::lane::{Lane, Loss, Next};
use super::last_call::{LastCall, asked_too_long};
use super::load::Load;
use super::pieces::{Piece, Pieces};
use super::retry::Backoff;
use super::spill::Spill;
use super::store::{Record, Store};
use super::{Diagnostics, PipelineSettings};
use crate::export::{Exported, Outlet};
use crate::{Contact, Error, ErrorKind, Resource};
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
    /// The record of the spool at which a connection broke off.
    cut_off_at: Option<u64>,
    diagnostics: Diagnostics,
}

/// What becomes of a piece.
enum Fate {
    Taken(Exported),
    Lost(Loss, Error),
    /// It is in other pieces now.
    InPieces,
    Unreachable(Load, Error),
}

/// What came of all attempts for one piece of a load.
enum Outcome {
    Taken(Exported),
    /// It is of no use to send it again.
    Refused(Error),
    TooLarge(Error),
    /// Connections break off at it, and it is large.
    CutOff(Error),
    /// It may be taken at another time.
    Unreachable(Error),
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
        let is_cut_off = self.cut_off_at == Some(id);
        let deadline = deadline(self.export_timeout);
        let mut pieces = Pieces::new(Load::Bytes { body, spans });
        let mut results = Vec::new();
        while let Some(piece) = pieces.next() {
            let count = piece.load.count();
            // One attempt: what is on the disk can wait.
            let outcome = self.attempts(&piece, deadline, !is_cut_off).await;
            let result = match self.fate(outcome, piece, &mut pieces) {
                Fate::InPieces => continue,
                Fate::Taken(exported) => Ok(exported),
                Fate::Lost(why, error) => Err((why, error)),
                // All that is left of the record comes again; the receiver may get some of it twice.
                Fate::Unreachable(_, error) => {
                    let is_cut_off = error.contact() == Some(Contact::Broken);
                    self.cut_off_at = is_cut_off.then_some(id);
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
        let deadline = deadline(self.export_timeout);
        let mut pieces = Pieces::new(load);
        while let Some(piece) = pieces.next() {
            let count = piece.load.count();
            let outcome = self.attempts(&piece, deadline, false).await;
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

    /// What becomes of a piece.
    fn fate(&self, outcome: Outcome, piece: Piece, pieces: &mut Pieces) -> Fate {
        let (back, error) = match outcome {
            Outcome::Taken(exported) => {
                pieces.taken();
                return Fate::Taken(exported);
            }
            Outcome::Refused(error) => return Fate::Lost(Loss::ExportFailed, error),
            Outcome::Unreachable(error) => return Fate::Unreachable(piece.load, error),
            Outcome::TooLarge(error) => (pieces.too_large(piece), error),
            Outcome::CutOff(error) => (pieces.cut_off(piece), error),
        };
        match back {
            Ok(()) => Fate::InPieces,
            Err(single) => Fate::Lost(Loss::TooLarge, single.too_large(error)),
        }
    }

    /// Tries until a piece is taken, refused, or no time is left; or `once` only.
    async fn attempts(&mut self, piece: &Piece, deadline: Instant, once: bool) -> Outcome {
        self.backoff.reset();
        let mut cut_offs = 0;
        if let Some(error) = self.leave_alone(deadline).await {
            return Outcome::Unreachable(error);
        }
        loop {
            if let Some(error) = self.last_call.over() {
                return Outcome::Unreachable(error);
            }
            let error = match self.attempt(&piece.load).await {
                Ok(exported) => return Outcome::Taken(exported),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::TooLarge {
                return Outcome::TooLarge(error);
            }
            let Some(asked) = error.retry_after() else { return Outcome::Refused(error) };
            let is_cut_off = error.contact() == Some(Contact::Broken) && piece.load.is_large();
            cut_offs = if is_cut_off { cut_offs + 1 } else { 0 };
            if cut_offs == CUT_OFFS && piece.is_suspect {
                return Outcome::CutOff(error);
            }
            let is_closing = self.lane.closing().is_some();
            let has_spare = self.spill.has_store() && self.breaker.is_open() && !is_closing;
            // While shutting down there is no other time.
            if has_spare || self.last_call.is_over() || (once && !is_closing) {
                return Outcome::Unreachable(error);
            }
            let pause = self.backoff.next();
            if let Some(error) = self.pause(asked, pause, deadline, Some(error)).await {
                return Outcome::Unreachable(error);
            }
        }
    }

    /// While shutting down, waits for as long as the peer asked for when it was last heard. An error if
    /// that is too long.
    async fn leave_alone(&mut self, deadline: Instant) -> Option<Error> {
        self.lane.closing()?;
        let left = self.breaker.asked_until()?.saturating_duration_since(Instant::now());
        self.pause(left, Duration::ZERO, deadline, None).await
    }

    /// Waits for the next attempt, which comes after a pause on top of what the peer asked for; without
    /// it if somebody begins to wait for the exporter. An error if there is no attempt in time.
    async fn pause(
        &mut self,
        asked: Duration,
        pause: Duration,
        deadline: Instant,
        error: Option<Error>,
    ) -> Option<Error> {
        let (lane, has_store) = (self.lane.clone(), self.spill.has_store());
        let spared = self.breaker.open_until();
        let earliest = Instant::now() + asked;
        let wait = async move {
            let mut is_awaited = false;
            loop {
                let closing = lane.closing();
                let (next, until) = match closing {
                    // The time of whoever shuts down is that of the batch, be it more or less.
                    Some(closing) => {
                        let until = closing.last_attempt(has_store).map(Instant::from_std);
                        let until = until.unwrap_or(deadline);
                        let left = until.saturating_duration_since(earliest);
                        // Shorter towards the end, so that there is another attempt.
                        (earliest + pause.min(left / 4), until)
                    }
                    None if is_awaited => (earliest, deadline),
                    None => ((earliest + pause).max(spared.unwrap_or(earliest)), deadline),
                };
                if earliest + LEAST_ATTEMPT >= until {
                    return Err(closing.is_some());
                }
                if timeout_at(next.min(until), lane.hurried()).await.is_err() {
                    return if next < until { Ok(()) } else { Err(closing.is_some()) };
                }
                is_awaited = true;
            }
        };
        let is_closing = self.spill.meanwhile(wait).await.err()?;
        let error = match error {
            error if is_closing && !asked.is_zero() => asked_too_long(asked, error.as_ref()),
            Some(error) => error,
            None => return self.last_call.over(),
        };
        if is_closing {
            self.last_call.end(error.chain());
        }
        Some(error)
    }

    /// One attempt, while the queue is watched.
    async fn attempt(&mut self, load: &Load) -> Result<Exported, Error> {
        let within = self.attempt_limit();
        let lane = self.spill.has_store().then_some(&*self.lane);
        let attempt = attempt(&mut self.outlet, load, within, lane);
        let result = self.spill.meanwhile(attempt).await;
        match result.as_ref().err().and_then(|error| Some((error, error.retry_after()?))) {
            Some((error, asked)) => {
                self.breaker.failure(asked, error.is_sign_of_life());
                self.lane.note_attempt(Err(error), &self.diagnostics);
                self.count_absence(error);
            }
            None => {
                self.breaker.success();
                self.last_call.is_alive();
                if result.is_ok() {
                    self.lane.note_attempt(Ok(()), &self.diagnostics);
                }
            }
        }
        result
    }

    /// Counts the attempts that find nobody while shutting down, so that not every batch waits for the
    /// same in vain.
    fn count_absence(&mut self, error: &Error) {
        if self.lane.closing().is_none() {
            return;
        }
        if error.is_sign_of_life() {
            self.last_call.is_alive();
        } else if error.kind() == ErrorKind::Timeout && self.spill.has_store() {
            // The time for attempts is over; what is left is for writing to the disk.
            self.last_call.end(error.chain());
        } else {
            self.last_call.is_absent(error);
        }
    }

    /// How long one attempt may take: less than all of them, so that there can be a second.
    fn attempt_limit(&self) -> Duration {
        let limit = match &self.outlet {
            Outlet::Wire(_) => self.export_timeout / 2,
            // Whether a call that was dropped half-way can be repeated, only its author knows.
            Outlet::Spans(_) => self.export_timeout,
        };
        self.time_left(limit)
    }

    /// What of a time is left while shutting down, with a spool. Without one, whoever shuts down counts
    /// what is left as lost when the time is over.
    fn time_left(&self, time: Duration) -> Duration {
        let closing = self.lane.closing().filter(|_| self.spill.has_store());
        let until = closing.and_then(|closing| closing.last_attempt(true));
        let left = until.map(|until| until.saturating_duration_since(std::time::Instant::now()));
        left.map_or(time, |left| time.min(left))
    }
}

fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + A_YEAR)
}

/// As often in a row a connection must break off at a large piece for it to be cut.
const CUT_OFFS: u32 = 2;

/// No attempt is begun with less time than this.
const LEAST_ATTEMPT: Duration = Duration::from_millis(5);

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
