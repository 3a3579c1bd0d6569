//! One exporter's queue: what waits, what is counted, and who is woken.

mod closing;
mod flush;
mod ledger;
mod push;
mod settle;
mod signals;
mod waiting;

use self::closing::Closing;
use self::ledger::Ledger;
use self::signals::Signals;
use self::waiting::Waiting;
use super::Diagnostics;
use super::drop_handler::DropNotifier;
use super::report::Report;
use super::shards::{Intake, Limits, Shards, Size};
use super::stats::ExporterStats;
use crate::span::EncodedSpan;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens when a span ends and the queue before an exporter is full; for
/// [`Builder::overflow`](crate::Builder::overflow).
///
/// A sixteenth of each queue is reserved for local root spans and for spans that ended in an error, so those
/// are the last to be lost. What is lost is counted in
/// [`Dropped::queue_full`](crate::pipeline::Dropped::queue_full).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The span that just ended is dropped. The default.
    #[default]
    DropNewest,
    /// Those that wait longest are dropped to make room.
    DropOldest,
    /// The thread that ends the span waits for room, at most this long; then the span is dropped.
    ///
    /// The only setting with which tracing holds up the program: for batch jobs and tests that would
    /// rather be slow than incomplete. On a runtime's worker thread it holds up the tasks of that
    /// thread.
    Block(Duration),
    /// When a queue is three quarters full, the export thread moves what waits to the spool on disk; see
    /// [`Builder::spool`](crate::Builder::spool). If the disk cannot keep up either, the span that just ended
    /// is dropped. Exporters that cannot use the spool drop the newest.
    Spool,
}

/// The queue before one exporter.
///
/// Spans come in through [`Shards`]. The export thread, or a caller that asks for numbers, moves them to the
/// end of one list, under one lock with the [`Ledger`]: so the counts add up at any moment.
pub(super) struct ExporterQueue {
    pub(super) name: String,
    limits: Limits,
    overflow: Overflow,
    is_interactive: bool,
    shards: Shards,
    state: Mutex<State>,
    pub(super) signals: Signals,
    drops: Arc<DropNotifier>,
    diagnostics: Diagnostics,
}

struct State {
    /// Empty, but for the memory that shards get in exchange for what they took in.
    taken: Vec<Intake>,
    waiting: Waiting,
    ledger: Ledger,
    report: Report,
    closing: Option<Closing>,
    /// Nobody waits for the exporter any more.
    is_abandoned: bool,
}

impl State {
    fn new(item: &'static str) -> Self {
        Self {
            taken: Vec::new(),
            waiting: Waiting::default(),
            ledger: Ledger::default(),
            report: Report::new(item),
            closing: None,
            is_abandoned: false,
        }
    }
}

pub(super) enum Next {
    Export(Vec<EncodedSpan>),
    /// Spans wait, but not long enough yet.
    WaitForMore,
    WaitForFirst,
    ShutDown,
}

impl ExporterQueue {
    pub(super) fn new(
        name: String,
        item: &'static str,
        is_interactive: bool,
        limits: Limits,
        overflow: Overflow,
        drops: Arc<DropNotifier>,
        diagnostics: Diagnostics,
    ) -> Self {
        Self {
            name,
            limits,
            overflow,
            is_interactive,
            shards: Shards::new(limits),
            state: Mutex::new(State::new(item)),
            signals: Signals::default(),
            drops,
            diagnostics,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state with everything that has ended so far. Shards are locked under the state, never the
    /// other way round.
    fn up_to_date(&self) -> MutexGuard<'_, State> {
        let mut guard = self.state();
        let State { taken, waiting, ledger, .. } = &mut *guard;
        self.shards.collect(taken);
        let mut sources = Vec::new();
        for intake in taken {
            let [ended, queue_full, shut_down] = intake.take_counts();
            ledger.take_in(ended, queue_full, shut_down);
            if !intake.spans.is_empty() {
                sources.push(intake.spans.drain());
            }
        }
        waiting.extend(&sources);
        drop(sources);
        guard
    }

    /// What to do now. `is_due`: the oldest span has waited for the schedule delay.
    pub(super) fn next(&self, is_due: bool) -> Next {
        let is_urgent = self.signals.take_urgency();
        let state = self.up_to_date();
        if state.waiting.is_empty() {
            return if state.closing.is_some() { Next::ShutDown } else { Next::WaitForFirst };
        }
        let is_asked_for = is_urgent || state.closing.is_some() || state.waiting.is_flushing();
        if !is_due && !is_asked_for && !state.waiting.size().reaches(self.limits.batch) {
            return Next::WaitForMore;
        }
        if is_urgent {
            self.signals.stay_urgent();
        }
        Next::Export(self.cut(state))
    }

    /// A batch of those that wait longest, whether it is time or not; none if nothing waits.
    pub(super) fn take(&self) -> Option<Vec<EncodedSpan>> {
        let state = self.up_to_date();
        let batch = self.cut(state);
        (!batch.is_empty()).then_some(batch)
    }

    fn cut(&self, mut state: MutexGuard<'_, State>) -> Vec<EncodedSpan> {
        let (batch, freed) = state.waiting.cut(self.limits.batch);
        state.ledger.send(batch.len() as u64);
        drop(state);
        self.shards.give(freed);
        batch
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.up_to_date().waiting.is_empty()
    }

    /// Whether spans that wait take more than half of the queue.
    pub(super) fn is_half_full(&self) -> bool {
        let queue = self.limits.queue;
        let half = Size { spans: queue.spans.div_ceil(2), bytes: queue.bytes / 2 };
        self.up_to_date().waiting.size().reaches(half)
    }

    pub(super) fn is_awaited(&self) -> bool {
        let state = self.state();
        state.closing.is_some() || state.waiting.is_flushing()
    }

    pub(super) fn stats(&self) -> ExporterStats {
        let state = self.up_to_date();
        state.ledger.stats(&self.name, state.report.last_error())
    }
}

impl fmt::Debug for ExporterQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExporterQueue").field(&self.name).finish()
    }
}
