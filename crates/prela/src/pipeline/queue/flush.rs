//! Waiting until what has ended is sent.

use super::ExporterQueue;
use crate::Error;
use crate::pipeline::report;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// A point in a queue, and how much had been lost before it.
pub(in crate::pipeline) struct Ticket {
    until: u64,
    lost_before: u64,
    kept_before: u64,
}

impl ExporterQueue {
    /// Asks for everything that has ended to be sent.
    pub(in crate::pipeline) fn request_flush(&self) -> Ticket {
        let mut state = self.up_to_date();
        let until = state.next_number;
        let ticket = Ticket { until, lost_before: state.lost, kept_before: state.kept };
        if state.oldest() < until {
            state.flush_until = until;
            drop(state);
            self.wake.notify_one();
            self.hurry.notify_one();
        }
        ticket
    }

    pub(in crate::pipeline) fn wait_for_flush(
        &self,
        ticket: &Ticket,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let mut state = self.state();
        while state.oldest() < ticket.until {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                let line = state.line.iter().take_while(|(number, _)| *number < ticket.until);
                let waiting = line.count() as u64 + state.in_flight;
                let error = state.last_error.as_deref();
                return Err(report::late_flush(self.item, waiting, &self.name, error));
            }
            state = match left {
                Some(left) => {
                    let woken = self.progress.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.progress.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let (lost, kept) = (state.lost - ticket.lost_before, state.kept - ticket.kept_before);
        let error = if lost > 0 { &state.last_loss } else { &state.last_error };
        let error = error.as_deref().unwrap_or("the queue was full");
        report::flushed(self.item, lost, kept, &self.name, error)
    }
}
