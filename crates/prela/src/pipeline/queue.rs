//! One exporter's queue, and the count of everything that passes through it.

mod account;
mod flush;
mod push;

pub(super) use self::account::Loss;

use super::Overflow;
use super::drop_handler::DropNotifier;
use super::report::Report;
use super::shards::{Limits, Shards, Size, bytes_of};
use super::stats::{Dropped, ExporterStats, Recovered};
use crate::span::EncodedSpan;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The queue before one exporter.
///
/// Spans come in by the shards of [`Shards`]; the export thread, and whoever asks for numbers, moves
/// them to the end of one list, under one lock with all the counts. So these add up at any moment.
pub(super) struct ExporterQueue {
    pub(super) name: String,
    /// What one of those in it is called.
    item: &'static str,
    limits: Limits,
    overflow: Overflow,
    is_interactive: bool,
    shards: Shards,
    is_urgent: AtomicBool,
    state: Mutex<State>,
    /// Wakes the exporter's task.
    wake: Notify,
    /// Wakes it while it waits for an attempt or before the next one.
    hurry: Notify,
    crowded: Notify,
    /// Wakes those who wait for a flush.
    progress: Condvar,
    drops: Arc<DropNotifier>,
}

#[derive(Default)]
struct State {
    line: VecDeque<(u64, EncodedSpan)>,
    line_bytes: usize,
    ended: u64,
    exported: u64,
    rejected: u64,
    dropped_by: Dropped,
    in_flight: u64,
    spooled: u64,
    recovered: Recovered,
    /// The number that the next span in the queue gets. A flush waits until every number below an
    /// earlier value of it has left.
    next_number: u64,
    /// The lowest number in flight.
    in_flight_from: Option<u64>,
    flush_until: u64,
    /// Of those that were once in the queue: lost, and put onto the disk.
    lost: u64,
    kept: u64,
    /// A person waits for what is queued.
    is_urgent: bool,
    closing: Option<Closing>,
    /// Nobody waits for the exporter any more.
    abandoned: bool,
    /// Of attempts, whatever became of them.
    last_error: Option<String>,
    /// Why the last spans that were lost were lost.
    last_loss: Option<String>,
    /// What the receiver last said of spans that it took.
    last_remark: Option<String>,
    /// Whether it said something while shutting down.
    has_unsaid_remark: bool,
    report: Report,
}

/// Shutting down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    begun: Instant,
    /// When whoever shuts down stops waiting; none: never.
    until: Option<Instant>,
}

impl Closing {
    fn new(until: Option<Instant>) -> Self {
        Self { begun: Instant::now(), until }
    }

    /// When attempts must end; none: never. With a disk for what could not be sent, a quarter of the time,
    /// at most half a second, is kept for writing there.
    pub(super) fn last_attempt(&self, has_store: bool) -> Option<Instant> {
        let until = self.until?;
        let reserve = until.saturating_duration_since(self.begun) / 4;
        Some(if has_store { until - reserve.min(LONGEST_RESERVE) } else { until })
    }
}

const LONGEST_RESERVE: Duration = Duration::from_millis(500);

/// What the exporter's task is to do next.
pub(super) enum Next {
    Export(Vec<EncodedSpan>),
    /// Spans wait, but not long enough yet.
    WaitForMore,
    WaitForFirst,
    ShutDown,
}

impl ExporterQueue {
    /// The same for items of this name: it is for spans.
    pub(super) fn of(self, item: &'static str) -> Self {
        Self { item, ..self }
    }

    pub(super) fn new(
        name: String,
        is_interactive: bool,
        limits: Limits,
        overflow: Overflow,
        drops: Arc<DropNotifier>,
    ) -> Self {
        Self {
            name,
            item: "span",
            limits,
            overflow,
            is_interactive,
            shards: Shards::new(limits),
            is_urgent: AtomicBool::new(false),
            state: Mutex::default(),
            wake: Notify::new(),
            hurry: Notify::new(),
            crowded: Notify::new(),
            progress: Condvar::new(),
            drops,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing of the user's runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state with everything that has ended so far. Shards are locked under the state, never the
    /// other way round.
    fn up_to_date(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        let line_was = state.line.len();
        let mut sources = 0;
        self.shards.collect(|intake| {
            state.ended += intake.ended;
            state.dropped_by.queue_full += intake.queue_full;
            state.dropped_by.shut_down += intake.shut_down;
            state.report.unreported += intake.queue_full;
            sources += usize::from(!intake.spans.is_empty());
            for span in intake.spans.drain() {
                state.line_bytes += bytes_of(span.ended());
                state.line.push_back((0, span));
            }
        });
        if sources > 1 {
            // Several threads' spans: as they ended, the parent last.
            state.line.make_contiguous()[line_was..]
                .sort_by_key(|(_, span)| (span.summary.end_time, span.summary.is_local_root));
        }
        let mut number = state.next_number;
        for (its_number, _) in state.line.range_mut(line_was..) {
            *its_number = number;
            number += 1;
        }
        state.next_number = number;
        state
    }

    /// What to do now. `is_due`: the oldest span has waited for the schedule delay.
    pub(super) fn next(&self, is_due: bool) -> Next {
        let is_urgent = self.is_urgent.swap(false, Ordering::AcqRel);
        let mut state = self.up_to_date();
        state.is_urgent |= is_urgent;
        if state.line.is_empty() {
            state.is_urgent = false;
            return if state.closing.is_some() { Next::ShutDown } else { Next::WaitForFirst };
        }
        let waiting = Size { spans: state.line.len(), bytes: state.line_bytes };
        let is_asked_for = state.closing.is_some() || state.is_urgent || state.is_flushing();
        if !is_due && !is_asked_for && !waiting.reaches(self.limits.batch) {
            return Next::WaitForMore;
        }
        Next::Export(self.cut(state))
    }

    /// A batch of those that wait longest, whether it is time or not; none if nothing waits.
    pub(super) fn take(&self) -> Option<Vec<EncodedSpan>> {
        let state = self.up_to_date();
        let batch = self.cut(state);
        (!batch.is_empty()).then_some(batch)
    }

    /// Whether there is anything to take.
    pub(super) fn has_waiting(&self) -> bool {
        !self.up_to_date().line.is_empty()
    }

    fn cut(&self, mut state: MutexGuard<'_, State>) -> Vec<EncodedSpan> {
        let limit = self.limits.batch;
        let mut taken = Size::default();
        let mut batch = Vec::with_capacity(state.line.len().min(limit.spans));
        while let Some((number, span)) = state.line.front() {
            let (number, bytes) = (*number, bytes_of(span.ended()));
            let is_too_much = taken.spans > 0 && taken.bytes + bytes > limit.bytes;
            if taken.spans == limit.spans || is_too_much {
                break;
            }
            state.in_flight_from.get_or_insert(number);
            let Some((_, span)) = state.line.pop_front() else { break };
            taken += Size { spans: 1, bytes };
            batch.push(span);
        }
        state.line_bytes -= taken.bytes;
        state.in_flight += batch.len() as u64;
        drop(state);
        self.shards.give(taken);
        batch
    }

    /// Sleeps until there may be something to do.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Sleeps until somebody begins to wait for the exporter: by a flush or a shutdown.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
    }

    /// Sleeps until the queue is nearly full and part of it belongs onto the disk.
    pub(super) async fn crowded(&self) {
        self.crowded.notified().await;
    }

    /// Whether more than half of the queue is taken by spans in the queue.
    pub(super) fn is_half_full(&self) -> bool {
        let state = self.up_to_date();
        let half =
            Size { spans: self.limits.queue.spans.div_ceil(2), bytes: self.limits.queue.bytes / 2 };
        Size { spans: state.line.len(), bytes: state.line_bytes }.reaches(half)
    }

    /// Whether somebody waits for what is queued.
    pub(super) fn is_awaited(&self) -> bool {
        let state = self.state();
        state.closing.is_some() || state.is_flushing()
    }

    pub(super) fn closing(&self) -> Option<Closing> {
        self.state().closing
    }

    /// Takes no more spans, and sends those it has.
    pub(super) fn close(&self, until: Option<Instant>) {
        self.shards.close();
        self.state().closing.get_or_insert(Closing::new(until));
        self.wake.notify_one();
        self.hurry.notify_one();
    }

    /// Gives up on what was not sent yet.
    pub(super) fn abandon(&self) {
        self.shards.close();
        let mut state = self.up_to_date();
        state.closing.get_or_insert(Closing::new(None));
        state.abandoned = true;
        let lost = state.line.len() as u64 + std::mem::take(&mut state.in_flight);
        state.dropped_by.shut_down += lost;
        state.lost += lost;
        if lost > 0 {
            state.last_loss = state.last_error.clone();
        }
        state.in_flight_from = None;
        let held = Size { spans: state.line.len(), bytes: std::mem::take(&mut state.line_bytes) };
        let line = std::mem::take(&mut state.line);
        drop(state);
        self.shards.give(held);
        drop(line);
        self.progress.notify_all();
    }

    pub(super) fn stats(&self) -> ExporterStats {
        let state = self.up_to_date();
        ExporterStats {
            name: self.name.clone(),
            ended: state.ended,
            exported: state.exported,
            rejected: state.rejected,
            dropped: state.dropped_by.total(),
            queued: state.line.len() as u64,
            in_flight: state.in_flight,
            spooled: state.spooled,
            dropped_by: state.dropped_by,
            recovered: state.recovered,
            last_error: state.last_error.clone(),
        }
    }
}

impl State {
    /// The number of the oldest span whose fate is not known.
    fn oldest(&self) -> u64 {
        let waiting = self.line.front().map_or(self.next_number, |(number, _)| *number);
        self.in_flight_from.map_or(waiting, |number| number.min(waiting))
    }

    fn is_flushing(&self) -> bool {
        self.oldest() < self.flush_until
    }
}

impl fmt::Debug for ExporterQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExporterQueue").field(&self.name).finish()
    }
}
