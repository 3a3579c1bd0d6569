//! When a shutdown makes no more attempts.

use crate::{Error, ErrorKind};
use std::time::Duration;

/// The end of all attempts while shutting down: nobody is there, or no time is left.
#[derive(Default)]
pub(super) struct LastCall {
    absences: u32,
    /// Why the peer did not take what it was sent last, if it said so.
    answer: Option<String>,
    over: Option<String>,
}

impl LastCall {
    /// Why there are no more attempts; none if there are.
    pub(super) fn over(&self) -> Option<Error> {
        self.over.as_ref().map(|why| Error::new(ErrorKind::Io, why))
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Notes that the peer took something, or gave a sign of life.
    pub(super) fn is_alive(&mut self, answer: Option<&Error>) {
        self.absences = 0;
        self.answer = answer.map(Error::chain);
    }

    /// Notes an attempt that found nobody: after some in a row another one is of no use.
    pub(super) fn is_absent(&mut self, error: &Error) {
        self.absences += 1;
        if self.absences >= LAST_ABSENCES {
            self.end(error.chain());
        }
    }

    /// Notes an attempt that was cut short. What the peer answered before explains more than that.
    pub(super) fn is_cut_short(&mut self, error: &Error) {
        let why = self.answer.take().unwrap_or_else(|| error.chain());
        self.end(why);
    }

    /// Ends all attempts. The first reason stays.
    pub(super) fn end(&mut self, why: String) {
        self.over.get_or_insert(why);
    }
}

/// The error of a peer that asks for a longer pause than the shutdown has left.
pub(super) fn asked_too_long(asked: Duration, error: Option<&Error>) -> Error {
    let mut text = error.map(Error::chain).unwrap_or_default();
    if !text.is_empty() {
        text.push_str("; ");
    }
    // Rounded up, so that it reads as the round number that was asked for.
    let asked =
        Duration::from_millis(asked.as_micros().div_ceil(1_000).try_into().unwrap_or(u64::MAX));
    let said = format!("the receiver asked to wait {asked:?}, longer than the shutdown had left");
    text.push_str(&said);
    Error::new(ErrorKind::Io, text)
}

/// Attempts in a row that find nobody: a peer that is not there is not there for the next batch either.
const LAST_ABSENCES: u32 = 3;
