//! From a lane's queue to its exporter: batches, attempts, and what is done when they fail.

use super::breaker::Breaker;
use super::lane::{Lane, Loss, Next};
use super::load::Load;
use super::retry::Backoff;
use super::store::{Record, Store};
use super::{Diagnostics, Overflow, PipelineSettings};
use crate::export::{Encode, ExportFuture, Exported, Outlet};
use crate::{Error, ErrorKind, Resource};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

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
        let spill = Spill {
            lane: lane.clone(),
            resource,
            encode,
            store: store.filter(|_| encode.is_some()),
            when_crowded: settings.overflow == Overflow::Spool,
            diagnostics: diagnostics.clone(),
        };
        Self {
            lane,
            outlet,
            spill,
            breaker: Breaker::new(),
            backoff: Backoff::new(),
            schedule_delay: settings.schedule_delay,
            export_timeout: settings.export_timeout,
            last_failures: LAST_FAILURES,
            diagnostics,
        }
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
        if self.spill.store.is_none() {
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
        let is_in_time = match self.lane.closing() {
            None => true,
            Some(_) => !self.breaker.is_open() && !self.attempt_limit().is_zero(),
        };
        is_in_time && self.breaker.open_until().is_none() && self.spill.has_records()
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
            self.spill.settle(count, is_own, result);
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
                Outcome::Unreachable(error) if self.spill.store.is_some() => {
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
            let error = match self.attempt(load).await {
                Ok(exported) => return Outcome::Taken(exported),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::TooLarge {
                return Outcome::TooLarge(error);
            }
            let Some(asked) = error.retry_after() else { return Outcome::Refused(error) };
            self.lane.note_error(&error);
            if self.lane.closing().is_some() {
                self.last_failures = self.last_failures.saturating_sub(1);
                if self.last_failures == 0 {
                    return Outcome::Unreachable(error);
                }
            }
            if self.spill.store.is_some() && self.breaker.is_open() {
                return Outcome::Unreachable(error);
            }
            let now = Instant::now();
            let next = now + self.backoff.next(asked);
            let next = self.breaker.open_until().map_or(next, |until| next.max(until));
            let until = now + self.time_left(deadline.saturating_duration_since(now));
            if now + asked >= until {
                return Outcome::Unreachable(error);
            }
            if !self.pause(next, now + asked, until).await {
                return Outcome::Unreachable(error);
            }
        }
    }

    /// Waits for the next attempt, or for `earliest` if somebody begins to wait for the exporter. False
    /// if `until` came first.
    async fn pause(&mut self, next: Instant, earliest: Instant, until: Instant) -> bool {
        let lane = self.lane.clone();
        let hurried = pin!(async move {
            sleep_until(earliest).await;
            lane.hurried().await;
        });
        let end = next.min(until);
        let wait = pin!(self.spill.meanwhile(sleep_until(end)));
        match select(wait, hurried).await {
            Either::Left(_) => next < until,
            Either::Right(_) => true,
        }
    }

    /// One attempt, while the queue is watched.
    async fn attempt(&mut self, load: &Load) -> Result<Exported, Error> {
        let within = self.attempt_limit();
        let outlet = &mut self.outlet;
        let call = guarded("export", within, move || begin(outlet, load));
        let result = self.spill.meanwhile(call).await;
        let result = result.map_err(|error| match (load, error.kind()) {
            // The time for one attempt is over, not that for all.
            (Load::Bytes { .. }, ErrorKind::Timeout) if error.retry_after().is_none() => {
                error.with_retry(Duration::ZERO)
            }
            _ => error,
        });
        match result.as_ref().err().and_then(Error::retry_after) {
            Some(asked) => self.breaker.failure(asked),
            None => self.breaker.success(),
        }
        result
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
        let (Some(_), Some(until)) = (&self.spill.store, until) else { return time };
        let left = until.saturating_duration_since(std::time::Instant::now());
        time.min(left - (left / 4).min(LONGEST_RESERVE))
    }
}

/// The way to the disk: apart from the exporter, so that both can be used at the same time.
struct Spill {
    lane: Arc<Lane>,
    resource: Arc<Resource>,
    encode: Option<Encode>,
    store: Option<Box<dyn Store>>,
    when_crowded: bool,
    diagnostics: Diagnostics,
}

impl Spill {
    fn load(&self, spans: Vec<Arc<crate::SpanData>>) -> Load {
        Load::new(&self.resource, spans, self.encode)
    }

    /// Counts what earlier runs left.
    fn recover(&mut self) {
        if let Some(store) = &mut self.store {
            let found = store.recover();
            self.lane.recover(|recovered| {
                recovered.found += found.spans;
                recovered.spooled += found.spans;
                recovered.unreadable += found.unreadable;
            });
        }
    }

    fn has_records(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.is_empty())
    }

    /// Puts a load in flight onto the disk; it is lost if the disk does not take it.
    fn keep(&mut self, load: Load) {
        let (Some(store), Load::Bytes { body, spans }) = (&mut self.store, load) else { return };
        match store.append(&body, spans) {
            Ok(()) => self.lane.settle_spooled(spans, &self.diagnostics),
            Err(error) => self.lane.settle_lost(spans, Loss::Spool, &error, &self.diagnostics),
        }
    }

    /// The oldest record that can be read. Those before it that cannot, or are too old, are counted.
    fn oldest(&mut self) -> Option<Record> {
        let store = self.store.as_mut()?;
        let record = store.oldest();
        for loss in store.losses() {
            if loss.is_own {
                let result = Err((Loss::Spool, &loss.error));
                self.lane.settle_replayed(loss.spans, result, &self.diagnostics);
            } else {
                self.lane.recover(|recovered| {
                    recovered.spooled -= loss.spans.min(recovered.spooled);
                    recovered.dropped += loss.spans;
                });
            }
        }
        record
    }

    /// What became of spans of a record.
    fn settle(&self, count: u64, is_own: bool, result: Result<Exported, (Loss, Error)>) {
        if is_own {
            let result = result.as_ref().map(Clone::clone).map_err(|(why, error)| (*why, error));
            self.lane.settle_replayed(count, result, &self.diagnostics);
            return;
        }
        self.lane.recover(|recovered| {
            recovered.spooled -= count.min(recovered.spooled);
            match &result {
                Ok(exported) => {
                    let rejected = exported.rejected.min(count);
                    recovered.rejected += rejected;
                    recovered.exported += count - rejected;
                }
                Err(_) => recovered.dropped += count,
            }
        });
    }

    fn done(&mut self, id: u64) {
        if let Some(store) = &mut self.store {
            store.done(id);
        }
    }

    /// Awaits something, and meanwhile keeps the queue from running full.
    async fn meanwhile<R>(&mut self, what: impl Future<Output = R>) -> R {
        let mut what = pin!(what);
        if !self.when_crowded || self.store.is_none() {
            return what.await;
        }
        loop {
            let lane = self.lane.clone();
            match select(what, pin!(lane.crowded())).await {
                Either::Left((result, _)) => return result,
                Either::Right(((), rest)) => what = rest,
            }
            while self.lane.is_half_full()
                && let Some(spans) = self.lane.take()
            {
                let load = self.load(spans);
                self.keep(load);
            }
        }
    }
}

/// Runs a method of an exporter, which may be the user's: it may fail, hang and panic.
async fn guarded<'a, T>(
    what: &str,
    within: Duration,
    call: impl FnOnce() -> ExportFuture<'a, T>,
) -> Result<T, Error> {
    // Called inside the future, so that a panic before its first await is caught as well.
    let call = AssertUnwindSafe(async move { call().await }).catch_unwind();
    match timeout(within, call).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(Error::new(ErrorKind::Io, format!("{what}: the exporter panicked"))),
        Err(_elapsed) => {
            Err(Error::new(ErrorKind::Timeout, format!("{what}: not done after {within:?}")))
        }
    }
}

fn begin<'a>(outlet: &'a mut Outlet, load: &'a Load) -> ExportFuture<'a, Exported> {
    match (outlet, load) {
        (Outlet::Spans(exporter), Load::Spans(batch)) => exporter.export(batch),
        (Outlet::Wire(exporter), Load::Bytes { body, .. }) => exporter.send(body.clone()),
        // A load is made for its outlet.
        _ => Box::pin(async { Err(Error::new(ErrorKind::Io, "export: not what it takes")) }),
    }
}

fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + A_YEAR)
}

/// While shutting down this many failures in all end the attempts: the peer is not there.
const LAST_FAILURES: u32 = 3;

/// For writing to the disk what could not be sent.
const LONGEST_RESERVE: Duration = Duration::from_millis(500);

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
