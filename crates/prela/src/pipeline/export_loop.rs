//! From a queue to its exporter: batches, attempts, and what is done when they fail.

mod attempts;
#[cfg(test)]
#[cfg(feature = "__otlp")]
mod tests;

use self::attempts::Outcome;
use super::PipelineSettings;
use super::attempt::guarded;
use super::backoff::{Backoff, Breaker};
use super::fate::{Fate, Loss, Place};
use super::last_call::LastCall;
use super::pieces::{Piece, Pieces};
use super::queue::{ExporterQueue, Next};
use super::request::{Request, RequestEncoder};
use super::spooling::Spooling;
use crate::export::AnyExporter;
use crate::store::{SpooledBatch, Store};
use crate::{Contact, Error, Resource};
use futures_util::future::select;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Drives one exporter until its queue is closed and empty.
pub(super) struct ExportLoop {
    queue: Arc<ExporterQueue>,
    exporter: AnyExporter,
    encoder: RequestEncoder,
    spooling: Spooling,
    breaker: Breaker,
    backoff: Backoff,
    schedule_delay: Duration,
    /// Whether the first span wakes this thread.
    is_woken_at_first: bool,
    export_timeout: Duration,
    last_call: LastCall,
    /// How many requests and pieces were taken.
    taken: u64,
    cut_off_at: Option<CutOff>,
}

/// The spool's record at which a connection broke off.
#[derive(Clone, Copy)]
struct CutOff {
    id: u64,
    /// How many requests had been taken by then, less one if the last was a success. If more are later, the peer
    /// takes others, so it is this record that it cannot take.
    taken: u64,
}

enum Sent {
    Settled(Fate),
    /// It was split, or set aside for later.
    InPieces,
    Unreachable(Request, Error),
}

impl ExportLoop {
    pub(super) fn new(
        queue: Arc<ExporterQueue>,
        exporter: AnyExporter,
        store: Option<Box<dyn Store>>,
        resource: Arc<Resource>,
        settings: &PipelineSettings,
    ) -> Self {
        let encoder = RequestEncoder::new(resource, exporter.encoder());
        let store = store.filter(|_| encoder.makes_bytes());
        Self {
            spooling: Spooling::new(queue.clone(), store),
            queue,
            exporter,
            encoder,
            breaker: Breaker::new(),
            backoff: Backoff::new(),
            schedule_delay: settings.schedule_delay,
            is_woken_at_first: settings.wakes_at_first(),
            export_timeout: settings.export_timeout,
            last_call: LastCall::default(),
            taken: 0,
            cut_off_at: None,
        }
    }

    pub(super) fn queue(&self) -> Arc<ExporterQueue> {
        self.queue.clone()
    }

    pub(super) async fn run(mut self) {
        self.spooling.recover();
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
            if replays_next && self.queue.closing().is_none() && self.may_replay() {
                replays_next = false;
                self.replay().await;
                continue;
            }
            match self.queue.next(is_due) {
                Next::Export(spans) => {
                    (due_at, is_due, replays_next) = (None, false, true);
                    let request = self.encoder.request(spans);
                    self.deliver(request).await;
                }
                Next::WaitForMore => {
                    // Counted from here: at its end the span's thread would have to read a clock.
                    let at = *due_at.get_or_insert_with(|| deadline(self.schedule_delay));
                    if self.may_replay() {
                        self.replay().await;
                        is_due = at <= Instant::now();
                    } else {
                        is_due = timeout_at(at, self.queue.signals.woken()).await.is_err();
                    }
                }
                Next::WaitForFirst | Next::ShutDown if self.may_replay() => self.replay().await,
                Next::WaitForFirst if self.is_woken_at_first => {
                    (due_at, is_due) = (None, false);
                    self.queue.signals.woken().await;
                }
                Next::WaitForFirst => {
                    // Waking this thread would cost the first span more than all that it does itself.
                    let at = deadline(self.schedule_delay);
                    due_at = Some(at);
                    is_due = timeout_at(at, self.queue.signals.woken()).await.is_err();
                }
                Next::ShutDown => break,
            }
        }
        let within = self.time_left(self.export_timeout);
        let result = guarded("shut down", within, || self.exporter.shutdown());
        if let Err(error) = result.await {
            let (name, error) = (&self.queue.name, error.chain());
            self.queue.tell(Some(format!("prela: failed to shut down {name}: {error}")));
        }
    }

    /// Waits while the breaker is open, and moves what is queued to the spool, if there is one. True if an
    /// attempt is due all the same, because somebody waits for it.
    async fn idle(&mut self, until: Instant, due_at: &mut Option<Instant>) -> bool {
        if self.queue.closing().is_some() {
            // There is no later: the only pause is the one that the peer asked for.
            return true;
        }
        if !self.spooling.has_store() {
            if self.queue.is_awaited() {
                return true;
            }
            // The queue has room for what comes meanwhile.
            let woken = pin!(self.queue.signals.hurried());
            select(pin!(sleep_until(until)), woken).await;
            return false;
        }
        match self.queue.next(due_at.is_some_and(|at| at <= Instant::now())) {
            Next::Export(spans) => {
                *due_at = None;
                let request = self.encoder.request(spans);
                self.spooling.keep(request);
            }
            // The next look finds the queue closing.
            Next::ShutDown => {}
            Next::WaitForMore => {
                let at = *due_at.get_or_insert_with(|| deadline(self.schedule_delay));
                let _ = timeout_at(at.min(until), self.queue.signals.woken()).await;
            }
            Next::WaitForFirst => {
                let at = deadline(self.schedule_delay);
                *due_at = Some(at);
                let _ = timeout_at(at.min(until), self.queue.signals.woken()).await;
            }
        }
        false
    }

    /// Whether a record of the spool can be sent now.
    fn may_replay(&self) -> bool {
        let is_time = match self.queue.closing() {
            None => self.breaker.open_until().is_none(),
            // What waited for a peer that is not there can wait for the next run.
            Some(_) => !self.breaker.is_absent() && !self.last_call.is_over(),
        };
        is_time && self.spooling.has_records()
    }

    async fn replay(&mut self) {
        let Some(SpooledBatch { id, body, spans, kept_by }) = self.spooling.oldest() else {
            return;
        };
        let cut_off = self.cut_off_at.filter(|it| it.id == id);
        let taken_before = self.taken - u64::from(self.has_just_taken());
        let are_others_taken = cut_off.is_some_and(|it| self.taken > it.taken);
        let deadline = deadline(self.export_timeout);
        let mut pieces = Pieces::new(Request::Bytes { body, spans });
        pieces.have_no_witness(are_others_taken);
        let mut fates = Vec::new();
        while let Some(piece) = pieces.next() {
            let count = piece.request.count();
            // One attempt: what is on the disk can wait.
            let outcome = self.attempts(&piece, deadline, cut_off.is_none()).await;
            match self.sent(outcome, piece, &mut pieces) {
                Sent::InPieces => {}
                Sent::Settled(fate) => fates.push((count, fate)),
                // All that is left of the record comes again; the receiver may get some of it twice.
                Sent::Unreachable(_, error) => {
                    self.queue.note_error(&error);
                    let is_cut_off = error.contact() == Some(Contact::Broken);
                    let first = cut_off.unwrap_or(CutOff { id, taken: taken_before });
                    self.cut_off_at = is_cut_off.then_some(first);
                    if self.queue.closing().is_some()
                        && !self.last_call.is_over()
                        && let Some(asked) = error.retry_after()
                    {
                        // Nothing else keeps it from coming again at once.
                        let error = self.back_off(asked, deadline, Some(error)).await;
                        error.iter().for_each(|error| self.queue.note_error(error));
                    }
                    return;
                }
            }
        }
        self.spooling.done(id, kept_by, fates);
    }

    /// Sends a batch: in pieces if need be, and onto the disk if it cannot be sent now.
    async fn deliver(&mut self, request: Request) {
        let mut until = deadline(self.export_timeout);
        let is_after_success = self.has_just_taken();
        let mut pieces = Pieces::new(request);
        loop {
            if pieces.lack_a_witness() {
                if let Some(spans) = self.queue.take() {
                    pieces.add(self.encoder.request(spans));
                    until = deadline(self.export_timeout);
                } else if self.queue.closing().is_some() {
                    pieces.have_no_witness(is_after_success);
                }
            }
            let Some(piece) = pieces.next() else { return };
            let count = piece.request.count();
            let outcome = self.attempts(&piece, until, false).await;
            let fate = match self.sent(outcome, piece, &mut pieces) {
                Sent::InPieces => continue,
                Sent::Settled(fate) => fate,
                Sent::Unreachable(request, error) if self.spooling.has_store() => {
                    self.queue.note_error(&error);
                    self.spooling.keep(request);
                    continue;
                }
                Sent::Unreachable(_, error) => Fate::Lost(Loss::ExportFailed, Some(error)),
            };
            self.queue.settle(count, Place::Flight, fate);
        }
    }

    /// Whether the last attempt was a success.
    fn has_just_taken(&self) -> bool {
        self.taken > 0 && self.breaker.is_closed()
    }

    /// What came of sending a piece, by the outcome of its attempts.
    fn sent(&self, outcome: Outcome, piece: Piece, pieces: &mut Pieces) -> Sent {
        let lost = |why, error| Sent::Settled(Fate::Lost(why, Some(error)));
        match outcome {
            Outcome::Taken(exported) => {
                pieces.taken();
                Sent::Settled(Fate::Taken(exported))
            }
            Outcome::Refused(error) => lost(Loss::ExportFailed, error),
            Outcome::Unreachable(error) => Sent::Unreachable(piece.request, error),
            Outcome::TooLarge(error) => match pieces.too_large(piece) {
                Ok(()) => Sent::InPieces,
                Err(single) => lost(Loss::TooLarge, single.too_large(error)),
            },
            Outcome::CutOff(error) => match pieces.cut_off(piece) {
                Ok(()) => Sent::InPieces,
                Err(single) => lost(Loss::TooLarge, single.suspected(&error)),
            },
        }
    }
}

fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + A_YEAR)
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
