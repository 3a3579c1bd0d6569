//! Waits until what has ended is sent.

use super::ExporterQueue;
use super::ledger::Outcome;
use crate::Error;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// A place in a queue, and what had become of spans when it was taken.
pub(in crate::pipeline) struct Ticket {
    until: u64,
    before: Outcome,
}

impl ExporterQueue {
    /// Asks for everything that has ended to be sent.
    pub(in crate::pipeline) fn request_flush(&self) -> Ticket {
        let mut state = self.up_to_date();
        let until = state.waiting.end();
        let ticket = Ticket { until, before: state.ledger.outcome() };
        if !state.waiting.is_past(until) {
            state.waiting.flush_until(until);
            drop(state);
            self.signals.hurry();
        }
        ticket
    }

    /// Waits until what was asked for is sent.
    pub(in crate::pipeline) fn wait_for_flush(
        &self,
        ticket: &Ticket,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let progress = &self.signals.progress;
        let mut state = self.state();
        while !state.waiting.is_past(ticket.until) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                let late = state.waiting.count_below(ticket.until) + state.ledger.in_flight();
                return Err(state.report.late_flush(late, &self.name));
            }
            state = match left {
                Some(left) => {
                    let woken = progress.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => progress.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let now = state.ledger.outcome();
        let lost = now.lost - ticket.before.lost;
        let spooled = now.spooled - ticket.before.spooled;
        state.report.flushed(lost, spooled, &self.name)
    }
}
