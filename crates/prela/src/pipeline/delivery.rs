//! From a lane's queue to its exporter: batches, attempts, and what is done when they fail.

#[cfg(test)]
#[cfg(any(feature = "grpc", feature = "http"))]
mod tests;

use super::attempt::{attempt, guarded, reserve};
use super::breaker::Breaker;
use super::lane::{Lane, Loss, Next};
use super::load::Load;
use super::retry::Backoff;
use super::spill::Spill;
use super::store::{Record, Store};
use super::{Diagnostics, PipelineSettings};
use crate::export::{Exported, Outlet};
use crate::{Error, ErrorKind, Resource};
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
    /// Failures that are left for the time of shutting down.
    last_failures: u32,
    /// The last of them.
    gave_up: Option<String>,
    diagnostics: Diagnostics,
}

/// What came of all attempts for one load.
enum Outcome {
    Taken(Exported),
    /// It is of no use to send it again.
    Refused(Error),
    TooLarge(Error),
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
            last_failures: LAST_FAILURES,
            gave_up: None,
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
            if replays_next && self.may_replay() {
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
        let is_awaited = self.lane.is_awaited();
        if !self.spill.has_store() {
            if is_awaited {
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
            Next::ShutDown => return true,
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
        let is_in_time = self.lane.closing().is_none() || !self.breaker.is_open();
        is_in_time
            && self.gave_up.is_none()
            && self.breaker.open_until().is_none()
            && self.spill.has_records()
    }

    /// Sends the oldest record of the spool.
    async fn replay(&mut self) {
        let Some(Record { id, body, spans, is_own }) = self.spill.oldest() else { return };
        let mut loads = vec![Load::Bytes { body, spans }];
        let mut results = Vec::new();
        while let Some(load) = loads.pop() {
            let count = load.count();
            // One attempt: what is on the disk can wait.
            let result = match self.attempt(&load).await {
                Ok(exported) => Ok(exported),
                Err(error) if error.kind() == ErrorKind::TooLarge => match load.halves() {
                    Ok([first, second]) => {
                        loads.extend([second, first]);
                        continue;
                    }
                    Err(_) => Err((Loss::TooLarge, error)),
                },
                // All that is left of the record comes again; the receiver may get some of it twice.
                Err(error) if error.retry_after().is_some() => {
                    self.lane.note_error(&error);
                    return;
                }
                Err(error) => Err((Loss::ExportFailed, error)),
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
        let mut loads = vec![load];
        while let Some(load) = loads.pop() {
            let count = load.count();
            let lost = match self.attempts(&load, deadline).await {
                Outcome::Taken(exported) => {
                    self.lane.settle_exported(count, exported, &self.diagnostics);
                    continue;
                }
                Outcome::TooLarge(error) => match load.halves() {
                    Ok([first, second]) => {
                        loads.extend([second, first]);
                        continue;
                    }
                    Err(_) => (Loss::TooLarge, error),
                },
                Outcome::Unreachable(error) if self.spill.has_store() => {
                    self.lane.note_error(&error);
                    self.spill.keep(load);
                    continue;
                }
                Outcome::Refused(error) | Outcome::Unreachable(error) => {
                    (Loss::ExportFailed, error)
                }
            };
            self.lane.settle_lost(count, lost.0, &lost.1, &self.diagnostics);
        }
    }

    /// Tries until the load is taken, refused, or no time is left.
    async fn attempts(&mut self, load: &Load, deadline: Instant) -> Outcome {
        self.backoff.reset();
        loop {
            if let Some(error) = &self.gave_up {
                return Outcome::Unreachable(Error::new(ErrorKind::Io, error));
            }
            let error = match self.attempt(load).await {
                Ok(exported) => return Outcome::Taken(exported),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::TooLarge {
                return Outcome::TooLarge(error);
            }
            let Some(asked) = error.retry_after() else { return Outcome::Refused(error) };
            self.lane.note_error(&error);
            if self.gave_up.is_some() {
                return Outcome::Unreachable(error);
            }
            if self.spill.has_store() && self.breaker.is_open() {
                return Outcome::Unreachable(error);
            }
            let now = Instant::now();
            let next = now + self.backoff.next(asked);
            // While shutting down there is no later: the last attempts are few anyway.
            let spared = self.breaker.open_until().filter(|_| self.lane.closing().is_none());
            let next = spared.map_or(next, |until| next.max(until));
            let until = now + self.time_left(deadline.saturating_duration_since(now));
            if now + asked >= until || closes_before(&self.lane, now + asked) {
                return Outcome::Unreachable(error);
            }
            if !self.pause(next, now + asked, until).await {
                return Outcome::Unreachable(error);
            }
        }
    }

    /// Waits for the next attempt, which comes at `earliest` if somebody begins to wait for the
    /// exporter. False if there is none in time.
    async fn pause(&mut self, next: Instant, earliest: Instant, until: Instant) -> bool {
        let lane = self.lane.clone();
        let wait = async move {
            let mut end = next.min(until);
            while timeout_at(end, lane.hurried()).await.is_ok() {
                if closes_before(&lane, earliest) {
                    return false;
                }
                end = end.min(earliest);
            }
            end < until
        };
        self.spill.meanwhile(wait).await
    }

    /// One attempt, while the queue is watched.
    async fn attempt(&mut self, load: &Load) -> Result<Exported, Error> {
        let within = self.attempt_limit();
        let lane = self.spill.has_store().then_some(&*self.lane);
        let attempt = attempt(&mut self.outlet, load, within, lane);
        let result = self.spill.meanwhile(attempt).await;
        match result.as_ref().err().and_then(|error| Some((error, error.retry_after()?))) {
            Some((error, asked)) => {
                self.breaker.failure(asked);
                self.count_down(error);
            }
            None => self.breaker.success(),
        }
        result
    }

    /// Counts the failures while shutting down, so that not every batch waits for the same in vain.
    fn count_down(&mut self, error: &Error) {
        if self.lane.closing().is_none() || self.gave_up.is_some() {
            return;
        }
        // The time for attempts is over; what is left is for writing to the disk.
        let is_over = error.kind() == ErrorKind::Timeout && self.spill.has_store();
        self.last_failures = if is_over { 0 } else { self.last_failures - 1 };
        if self.last_failures == 0 {
            self.gave_up = Some(error.chain());
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

    /// What of a time is left while shutting down. With a spool some of it is kept for writing there.
    fn time_left(&self, time: Duration) -> Duration {
        // Without one, whoever shuts down counts what is left as lost when the time is over.
        let until = self.lane.closing().and_then(|closing| closing.until);
        let Some(until) = until.filter(|_| self.spill.has_store()) else { return time };
        let left = until.saturating_duration_since(std::time::Instant::now());
        time.min(left - reserve(left))
    }
}

/// Whether nobody waits for the exporter any more at that time.
fn closes_before(lane: &Lane, time: Instant) -> bool {
    let until = lane.closing().and_then(|closing| closing.until);
    until.is_some_and(|until| until < time.into_std())
}

fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + A_YEAR)
}

/// While shutting down this many failures in all end the attempts: the peer is not there.
const LAST_FAILURES: u32 = 3;

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
