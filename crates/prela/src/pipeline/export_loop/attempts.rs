//! All attempts for one piece of a request, and the pauses between them.

use super::ExportLoop;
use crate::export::{AnyExporter, Exported};
use crate::pipeline::attempt::attempt;
use crate::pipeline::backoff::LONGEST_ASKED;
use crate::pipeline::last_call::asked_too_long;
use crate::pipeline::pieces::Piece;
use crate::pipeline::request::Request;
use crate::pipeline::spooling::relieving;
use crate::{Contact, Error, ErrorKind};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What came of all attempts for one piece of a request.
pub(super) enum Outcome {
    Taken(Exported),
    /// It is of no use to send it again.
    Refused(Error),
    TooLarge(Error),
    /// Connections break off at it, and it is large.
    CutOff(Error),
    /// It may be taken at another time.
    Unreachable(Error),
}

impl ExportLoop {
    /// Tries until a piece is taken, refused, or no time is left; or `once` only.
    pub(super) async fn attempts(
        &mut self,
        piece: &Piece,
        deadline: Instant,
        once: bool,
    ) -> Outcome {
        if !once {
            self.backoff.reset();
        }
        let mut cut_offs = 0;
        if let Some(error) = self.leave_alone(deadline).await {
            return Outcome::Unreachable(error);
        }
        loop {
            if let Some(error) = self.last_call.over() {
                return Outcome::Unreachable(error);
            }
            let error = match self.attempt(&piece.request).await {
                Ok(exported) => return Outcome::Taken(exported),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::TooLarge {
                return Outcome::TooLarge(error);
            }
            let Some(asked) = error.retry_after() else { return Outcome::Refused(error) };
            let is_cut_off = error.contact() == Some(Contact::Broken) && piece.request.is_large();
            cut_offs = if is_cut_off { cut_offs + 1 } else { 0 };
            let may_others_come = || self.queue.closing().is_none() && !self.queue.has_waiting();
            let is_decided = piece.is_suspect || piece.can_wait && !may_others_come();
            if cut_offs >= CUT_OFFS && is_decided {
                return Outcome::CutOff(error);
            }
            // While shutting down there is no later.
            let is_other_time = self.queue.closing().is_none() && self.breaker.is_open();
            let has_spare = is_other_time && self.spooling.has_store();
            if once || has_spare || self.last_call.is_over() {
                return Outcome::Unreachable(self.last_call.over().unwrap_or(error));
            }
            if let Some(error) = self.back_off(asked, deadline, Some(error)).await {
                return Outcome::Unreachable(error);
            }
        }
    }

    /// Waits for the next attempt after one that failed. Returns an error if there is none in time.
    pub(super) async fn back_off(
        &mut self,
        asked: Duration,
        deadline: Instant,
        error: Option<Error>,
    ) -> Option<Error> {
        let pause = self.backoff.next();
        self.pause(asked, pause, deadline, error).await
    }

    /// While shutting down, waits for as long as the peer asked for when it was last heard. An error if
    /// that is too long.
    async fn leave_alone(&mut self, deadline: Instant) -> Option<Error> {
        self.queue.closing()?;
        let left = self.breaker.asked_until()?.saturating_duration_since(Instant::now());
        self.pause(left, Duration::ZERO, deadline, None).await
    }

    /// Waits for the next attempt: for as long as the peer asked, and a pause more. The pause is left out if
    /// somebody begins to wait for the exporter. Returns an error if there is no attempt in time.
    async fn pause(
        &mut self,
        asked: Duration,
        pause: Duration,
        deadline: Instant,
        error: Option<Error>,
    ) -> Option<Error> {
        let (queue, has_store) = (self.queue.clone(), self.spooling.has_store());
        let spared = self.breaker.open_until();
        let earliest = Instant::now() + asked.min(LONGEST_ASKED);
        let wait = async move {
            let mut is_awaited = false;
            loop {
                let closing = queue.closing();
                let (next, until) = match closing {
                    // The shutdown's deadline replaces the batch's, be it later or earlier.
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
                if timeout_at(next.min(until), queue.signals.hurried()).await.is_err() {
                    return if next < until { Ok(()) } else { Err(closing.is_some()) };
                }
                is_awaited = true;
            }
        };
        let is_closing =
            relieving(&self.queue, &self.encoder, &mut self.spooling, wait).await.err()?;
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

    /// Makes one attempt, and meanwhile relieves a crowded queue.
    async fn attempt(&mut self, request: &Request) -> Result<Exported, Error> {
        let began = std::time::Instant::now();
        let within = self.attempt_limit();
        let queue = self.spooling.has_store().then_some(&*self.queue);
        let attempt = attempt(&mut self.exporter, request, within, queue);
        let result = relieving(&self.queue, &self.encoder, &mut self.spooling, attempt).await;
        match result.as_ref().err().and_then(|error| Some((error, error.retry_after()?))) {
            Some((error, asked)) => {
                self.breaker.failure(asked.min(LONGEST_ASKED), error.is_sign_of_life());
                self.queue.note_attempt(Err(error), began);
                self.count_absence(error);
            }
            None => {
                self.breaker.success();
                self.backoff.reset();
                self.last_call.is_alive(None);
                if result.is_ok() {
                    self.taken += 1;
                    self.queue.note_attempt(Ok(()), began);
                }
            }
        }
        result
    }

    /// Counts the attempts that find nobody while shutting down, so that not every batch waits for the
    /// same in vain.
    fn count_absence(&mut self, error: &Error) {
        if self.queue.closing().is_none() {
            return;
        }
        if error.is_sign_of_life() {
            self.last_call.is_alive(Some(error));
        } else if error.kind() == ErrorKind::Timeout && self.spooling.has_store() {
            // The time for attempts is over; what is left is for writing to the disk.
            self.last_call.is_cut_short(error);
        } else {
            self.last_call.is_absent(error);
        }
    }

    /// How long one attempt may take: less than all of them, so that there can be a second.
    fn attempt_limit(&self) -> Duration {
        let limit = match &self.exporter {
            AnyExporter::Encoded(_) => self.export_timeout / 2,
            // Whether a call that was dropped half-way can be repeated, only its author knows.
            AnyExporter::Spans(_) => self.export_timeout,
        };
        self.time_left(limit)
    }

    /// As much of a time as a shutdown with a spool leaves. Without a spool the shutdown itself counts what is
    /// left as lost when its time is over.
    pub(super) fn time_left(&self, time: Duration) -> Duration {
        let closing = self.queue.closing().filter(|_| self.spooling.has_store());
        let until = closing.and_then(|closing| closing.last_attempt(true));
        let left = until.map(|until| until.saturating_duration_since(std::time::Instant::now()));
        left.map_or(time, |left| time.min(left))
    }
}

/// How often in a row a connection must break off at a large piece before that is split.
const CUT_OFFS: u32 = 2;

/// No attempt is begun with less time than this.
const LEAST_ATTEMPT: Duration = Duration::from_millis(5);
