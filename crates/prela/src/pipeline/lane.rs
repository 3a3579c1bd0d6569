//! One exporter's queue, and the count of everything that passes through it.

use super::Diagnostics;
use super::stats::{Dropped, ExporterStats};
use crate::export::{Exported, SpanExporter};
use crate::{Error, ErrorKind, SpanData, context};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The queue before one exporter. Pushing never waits: a full queue refuses the newest span and
/// counts it.
pub(super) struct Lane {
    pub(super) name: String,
    max_queue_size: usize,
    max_batch_size: usize,
    is_interactive: bool,
    state: Mutex<State>,
    /// Wakes the exporter's task.
    wake: Notify,
    /// Wakes those who wait for a flush.
    progress: Condvar,
}

/// Every number that belongs together changes under one lock, so that they add up at any moment.
#[derive(Default)]
struct State {
    queue: VecDeque<Arc<SpanData>>,
    ended: u64,
    exported: u64,
    rejected: u64,
    dropped_by: Dropped,
    in_flight: u64,
    /// Spans that ever entered the queue, and those of them whose fate is known. They leave in the
    /// order in which they came, so a flush waits until the second reaches an earlier first.
    entered: u64,
    settled: u64,
    flush_until: u64,
    /// A person waits for what is queued.
    is_urgent: bool,
    closing: bool,
    /// Nobody waits for the exporter any more.
    abandoned: bool,
    last_error: Option<String>,
    unreported: u64,
    reported_at: Option<Instant>,
}

/// What the exporter's task is to do next.
pub(super) enum Next {
    Export(Vec<Arc<SpanData>>),
    /// Spans wait, but not long enough yet.
    WaitForMore,
    WaitForFirst,
    ShutDown,
}

/// A point in a lane's queue, and how much had failed before it.
pub(super) struct Ticket {
    until: u64,
    lost_before: u64,
}

/// A failing exporter says so at most this often.
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

impl Lane {
    pub(super) fn new(
        exporter: &dyn SpanExporter,
        max_queue_size: usize,
        max_batch_size: usize,
    ) -> Self {
        Self {
            name: context::guarded(|| exporter.name()).unwrap_or_else(|| "an exporter".to_owned()),
            max_queue_size,
            max_batch_size: max_batch_size.max(1),
            is_interactive: context::guarded(|| exporter.is_interactive()).unwrap_or_default(),
            state: Mutex::default(),
            wake: Notify::new(),
            progress: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing of the user's runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, span: Arc<SpanData>) {
        let is_urgent = self.is_interactive && span.is_local_root();
        let mut state = self.state();
        state.ended += 1;
        if state.closing {
            state.dropped_by.shut_down += 1;
            return;
        }
        if state.queue.len() >= self.max_queue_size {
            state.dropped_by.queue_full += 1;
            state.unreported += 1;
            return;
        }
        state.queue.push_back(span);
        state.entered += 1;
        state.is_urgent |= is_urgent;
        let len = state.queue.len();
        drop(state);
        // Waking a thread costs more than all the rest: only when it has something new to know.
        if is_urgent || len == 1 || len == self.max_batch_size {
            self.wake.notify_one();
        }
    }

    /// What to do now. `is_due`: the oldest span has waited for the schedule delay.
    pub(super) fn next(&self, is_due: bool) -> Next {
        let mut state = self.state();
        if state.queue.is_empty() {
            state.is_urgent = false;
            return if state.closing { Next::ShutDown } else { Next::WaitForFirst };
        }
        let is_asked_for = state.closing || state.is_urgent || state.settled < state.flush_until;
        if !is_due && !is_asked_for && state.queue.len() < self.max_batch_size {
            return Next::WaitForMore;
        }
        let count = state.queue.len().min(self.max_batch_size);
        let batch: Vec<_> = state.queue.drain(..count).collect();
        state.in_flight = count as u64;
        Next::Export(batch)
    }

    /// Sleeps until there may be something to do.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Notes the fate of the batch that was in flight.
    pub(super) fn settle(&self, result: Result<Exported, Error>, diagnostics: &Diagnostics) {
        let mut state = self.state();
        let count = std::mem::take(&mut state.in_flight);
        if state.abandoned {
            return;
        }
        let remark = match result {
            Ok(Exported { rejected, message }) => {
                let rejected = rejected.min(count);
                state.rejected += rejected;
                state.exported += count - rejected;
                message
            }
            Err(error) => {
                state.dropped_by.export_failed += count;
                state.unreported += count;
                state.last_error = Some(error.chain());
                None
            }
        };
        state.settled += count;
        let line = self.failure_line(&mut state, remark);
        drop(state);
        self.progress.notify_all();
        if let Some(line) = line {
            diagnostics.line(&line);
        }
    }

    /// A line about new losses or a receiver's remark, if it is time for one. While shutting down
    /// there is none: [`Lane::report_losses`] tells the whole.
    fn failure_line(&self, state: &mut State, remark: Option<String>) -> Option<String> {
        let is_time = state.reported_at.is_none_or(|at| at.elapsed() >= REPORT_INTERVAL);
        if state.closing || !is_time || (state.unreported == 0 && remark.is_none()) {
            return None;
        }
        state.reported_at = Some(Instant::now());
        if state.unreported == 0 {
            return remark.map(|remark| format!("prela: {} says: {remark}", self.name));
        }
        let count = std::mem::take(&mut state.unreported);
        let error = state.last_error.as_deref().unwrap_or("the queue was full");
        let name = &self.name;
        Some(format!("prela: {} could not be exported to {name}: {error}", spans(count)))
    }

    /// At shutdown: how many spans of all were not delivered, and why.
    pub(super) fn report_losses(&self, diagnostics: &Diagnostics) {
        let stats = self.stats();
        if stats.dropped == 0 {
            return;
        }
        let Dropped { queue_full, shut_down, .. } = stats.dropped_by;
        let error = stats.last_error.unwrap_or_else(|| {
            if shut_down > queue_full {
                "the time for shutdown ran out"
            } else {
                "the queue was full"
            }
            .to_owned()
        });
        let (dropped, ended) = (stats.dropped, spans(stats.ended));
        diagnostics.line(&format!(
            "prela: {dropped} of {ended} could not be delivered to {}: {error}",
            self.name
        ));
    }

    /// Asks for everything that is queued now to be sent.
    pub(super) fn request_flush(&self) -> Ticket {
        let mut state = self.state();
        let ticket = Ticket { until: state.entered, lost_before: state.dropped_by.export_failed };
        if state.settled < ticket.until {
            state.flush_until = ticket.until;
            drop(state);
            self.wake.notify_one();
        }
        ticket
    }

    pub(super) fn wait_for_flush(
        &self,
        ticket: &Ticket,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let mut state = self.state();
        while state.settled < ticket.until {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                let waiting = spans(ticket.until - state.settled);
                let text = format!("flush: {waiting} did not reach {} in time", self.name);
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            state = match left {
                Some(left) => {
                    let woken = self.progress.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.progress.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let lost = state.dropped_by.export_failed - ticket.lost_before;
        if lost == 0 {
            return Ok(());
        }
        let error = state.last_error.as_deref().unwrap_or_default();
        let text =
            format!("flush: {} could not be exported to {}: {error}", spans(lost), self.name);
        Err(Error::new(ErrorKind::Io, text))
    }

    /// Takes no more spans, and sends those it has.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.wake.notify_one();
    }

    /// Gives up on what was not sent yet.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.closing = true;
        state.abandoned = true;
        let lost = state.queue.len() as u64 + std::mem::take(&mut state.in_flight);
        state.dropped_by.shut_down += lost;
        state.settled += lost;
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        drop(queue);
        self.progress.notify_all();
    }

    pub(super) fn stats(&self) -> ExporterStats {
        let state = self.state();
        ExporterStats {
            name: self.name.clone(),
            ended: state.ended,
            exported: state.exported,
            rejected: state.rejected,
            dropped: state.dropped_by.total(),
            queued: state.queue.len() as u64,
            in_flight: state.in_flight,
            spooled: 0,
            dropped_by: state.dropped_by,
            last_error: state.last_error.clone(),
        }
    }
}

fn spans(count: u64) -> String {
    if count == 1 { "1 span".to_owned() } else { format!("{count} spans") }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lane").field(&self.name).finish()
    }
}
