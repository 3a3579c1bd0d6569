//! One exporter's queue, and the count of everything that passes through it.

use super::losses::Losses;
use super::queue::{Held, Limits, Pushed, Queue, Queued, is_precious};
use super::report::Report;
use super::stats::{Dropped, ExporterStats, Recovered};
use super::{Diagnostics, Overflow};
use crate::export::Exported;
use crate::{Error, SpanData};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The queue before one exporter.
///
/// Spans come in by the shards of [`Queue`]; the export thread, and whoever asks for numbers, moves
/// them to the end of one line, under one lock with all the counts. So these add up at any moment.
pub(super) struct Lane {
    pub(super) name: String,
    limits: Limits,
    overflow: Overflow,
    is_interactive: bool,
    queue: Queue,
    is_urgent: AtomicBool,
    state: Mutex<State>,
    /// Wakes the exporter's task.
    wake: Notify,
    /// Wakes it while it waits for an attempt or before the next one.
    hurry: Notify,
    crowded: Notify,
    /// Wakes those who wait for a flush.
    progress: Condvar,
    losses: Arc<Losses>,
}

#[derive(Default)]
struct State {
    line: VecDeque<(u64, Queued)>,
    line_bytes: usize,
    ended: u64,
    exported: u64,
    rejected: u64,
    dropped_by: Dropped,
    in_flight: u64,
    spooled: u64,
    recovered: Recovered,
    /// The number that the next span in the line gets. A flush waits until every number below an
    /// earlier value of it has left.
    next_number: u64,
    /// The lowest number in flight.
    in_flight_from: Option<u64>,
    flush_until: u64,
    /// Of those that were once in the line: lost, and put onto the disk.
    lost: u64,
    kept: u64,
    /// A person waits for what is queued.
    is_urgent: bool,
    closing: Option<Closing>,
    /// Nobody waits for the exporter any more.
    abandoned: bool,
    last_error: Option<String>,
    report: Report,
}

/// Shutting down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// When whoever shuts down stops waiting; none: never.
    pub(super) until: Option<Instant>,
}

/// What the exporter's task is to do next.
pub(super) enum Next {
    Export(Vec<Arc<SpanData>>),
    /// Spans wait, but not long enough yet.
    WaitForMore,
    WaitForFirst,
    ShutDown,
}

/// Why a span that waited was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    ExportFailed,
    TooLarge,
    Spool,
}

/// A point in a lane's line, and how much had been lost before it.
pub(super) struct Ticket {
    until: u64,
    lost_before: u64,
    kept_before: u64,
}

impl Lane {
    pub(super) fn new(
        name: String,
        is_interactive: bool,
        limits: Limits,
        overflow: Overflow,
        losses: Arc<Losses>,
    ) -> Self {
        Self {
            name,
            limits,
            overflow,
            is_interactive,
            queue: Queue::new(limits),
            is_urgent: AtomicBool::new(false),
            state: Mutex::default(),
            wake: Notify::new(),
            hurry: Notify::new(),
            crowded: Notify::new(),
            progress: Condvar::new(),
            losses,
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
        self.queue.collect(|intake| {
            state.ended += intake.ended;
            state.dropped_by.queue_full += intake.queue_full;
            state.dropped_by.shut_down += intake.shut_down;
            state.report.unreported += intake.queue_full;
            sources += usize::from(!intake.spans.is_empty());
            for item in intake.spans.drain(..) {
                state.line_bytes += item.bytes;
                state.line.push_back((0, item));
            }
        });
        if sources > 1 {
            // Several threads' spans: as they ended, the parent last.
            state.line.make_contiguous()[line_was..]
                .sort_by_key(|(_, item)| (item.span.end_time, item.span.is_local_root()));
        }
        let mut number = state.next_number;
        for (its_number, _) in state.line.range_mut(line_was..) {
            *its_number = number;
            number += 1;
        }
        state.next_number = number;
        state
    }

    /// Takes in a span that ended. What may wait is decided by the overflow policy alone.
    pub(super) fn push(&self, span: Arc<SpanData>) {
        if let Some(item) = self.offer(Queued::new(span)) {
            self.overflow(item);
        }
    }

    /// The same, but never waits: for callers that hold a lock.
    pub(super) fn push_at_once(&self, span: Arc<SpanData>) {
        if self.offer(Queued::new(span)).is_some() {
            self.refuse();
        }
    }

    fn offer(&self, item: Queued) -> Option<Queued> {
        let is_urgent = self.is_interactive && item.span.is_local_root();
        match self.queue.push(item) {
            Pushed::In { wakes, is_crowded } => {
                if is_urgent {
                    self.is_urgent.store(true, Ordering::Release);
                }
                // Waking a thread costs more than all the rest: only when it has something to do.
                if wakes || is_urgent {
                    self.wake.notify_one();
                }
                if is_crowded && self.overflow == Overflow::Spool {
                    self.crowded.notify_one();
                }
                None
            }
            Pushed::Full(item) => Some(item),
            Pushed::Closed => {
                self.losses.note();
                None
            }
        }
    }

    /// What to do with a span that there is no room for.
    #[cold]
    fn overflow(&self, mut item: Queued) {
        let until = match self.overflow {
            Overflow::Block(at_most) => Instant::now().checked_add(at_most),
            Overflow::DropNewest | Overflow::DropOldest | Overflow::Spool => None,
        };
        loop {
            let is_precious = is_precious(&item.span);
            let has_room = match self.overflow {
                Overflow::DropNewest | Overflow::Spool => false,
                Overflow::DropOldest => self.evict(item.bytes),
                Overflow::Block(at_most) => {
                    let until = until.unwrap_or_else(|| Instant::now() + at_most.min(A_DAY));
                    self.queue.wait_for_room(item.bytes, is_precious, until)
                }
            };
            if !has_room {
                return self.refuse();
            }
            match self.offer(item) {
                // Another thread was faster.
                Some(again) => item = again,
                None => return,
            }
        }
    }

    fn refuse(&self) {
        self.queue.refuse();
        self.losses.note();
    }

    /// Drops those that wait longest, until a span of this size has room. False if it never will.
    fn evict(&self, bytes: usize) -> bool {
        let mut state = self.up_to_date();
        let mut freed = Held::default();
        let mut evicted = Vec::new();
        while freed.spans == 0 || freed.bytes < bytes {
            let near = state.line.iter().take(EVICTION_REACH);
            let ordinary = near.enumerate().find(|(_, (_, item))| !item.is_precious());
            let position = ordinary.map_or(0, |(position, _)| position);
            let Some((_, item)) = state.line.remove(position) else { break };
            state.line_bytes -= item.bytes;
            freed.spans += 1;
            freed.bytes += item.bytes;
            evicted.push(item);
        }
        let count = evicted.len() as u64;
        state.dropped_by.queue_full += count;
        state.report.unreported += count;
        state.lost += count;
        drop(state);
        self.queue.give(freed);
        self.progress.notify_all();
        self.losses.note();
        // Running many destructors takes its time: not under the lock.
        drop(evicted);
        count > 0
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
        let waiting = Held { spans: state.line.len(), bytes: state.line_bytes };
        let is_asked_for = state.closing.is_some() || state.is_urgent || state.is_flushing();
        if !is_due && !is_asked_for && !waiting.reaches(self.limits.batch) {
            return Next::WaitForMore;
        }
        Next::Export(self.cut(state))
    }

    /// A batch of those that wait longest, whether it is time or not; none if nothing waits.
    pub(super) fn take(&self) -> Option<Vec<Arc<SpanData>>> {
        let state = self.up_to_date();
        let batch = self.cut(state);
        (!batch.is_empty()).then_some(batch)
    }

    fn cut(&self, mut state: MutexGuard<'_, State>) -> Vec<Arc<SpanData>> {
        let limit = self.limits.batch;
        let mut taken = Held::default();
        let mut batch = Vec::with_capacity(state.line.len().min(limit.spans));
        while let Some((number, item)) = state.line.front() {
            let is_too_much = taken.spans > 0 && taken.bytes + item.bytes > limit.bytes;
            if taken.spans == limit.spans || is_too_much {
                break;
            }
            let number = *number;
            state.in_flight_from.get_or_insert(number);
            let Some((_, item)) = state.line.pop_front() else { break };
            taken += Held { spans: 1, bytes: item.bytes };
            batch.push(item.span);
        }
        state.line_bytes -= taken.bytes;
        state.in_flight += batch.len() as u64;
        drop(state);
        self.queue.give(taken);
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

    /// Whether more than half of the queue is taken by spans in the line.
    pub(super) fn is_half_full(&self) -> bool {
        let state = self.up_to_date();
        let half =
            Held { spans: self.limits.queue.spans.div_ceil(2), bytes: self.limits.queue.bytes / 2 };
        Held { spans: state.line.len(), bytes: state.line_bytes }.reaches(half)
    }

    /// Whether somebody waits for what is queued.
    pub(super) fn is_awaited(&self) -> bool {
        let state = self.state();
        state.closing.is_some() || state.is_flushing()
    }

    pub(super) fn closing(&self) -> Option<Closing> {
        self.state().closing
    }

    /// Spans in flight were taken, all or in part.
    pub(super) fn settle_exported(
        &self,
        count: u64,
        exported: Exported,
        diagnostics: &Diagnostics,
    ) {
        let Exported { rejected, message } = exported;
        let rejected = rejected.min(count);
        self.settle(count, diagnostics, message, |state| {
            state.rejected += rejected;
            state.exported += count - rejected;
        });
    }

    /// Spans in flight are lost.
    pub(super) fn settle_lost(
        &self,
        count: u64,
        why: Loss,
        error: &Error,
        diagnostics: &Diagnostics,
    ) {
        self.settle(count, diagnostics, None, |state| {
            *state.dropped_by.of(why) += count;
            state.report.unreported += count;
            state.lost += count;
            state.last_error = Some(error.chain());
        });
        self.losses.note();
    }

    /// Spans in flight are on the disk.
    pub(super) fn settle_spooled(&self, count: u64, diagnostics: &Diagnostics) {
        self.settle(count, diagnostics, None, |state| {
            state.spooled += count;
            state.kept += count;
        });
    }

    fn settle(
        &self,
        count: u64,
        diagnostics: &Diagnostics,
        remark: Option<String>,
        account: impl FnOnce(&mut State),
    ) {
        let mut state = self.state();
        if state.abandoned {
            return;
        }
        state.in_flight -= count;
        if state.in_flight == 0 {
            state.in_flight_from = None;
        }
        account(&mut state);
        self.tell(state, remark, diagnostics);
        self.progress.notify_all();
    }

    /// What became of spans of this run that were on the disk.
    pub(super) fn settle_replayed(
        &self,
        count: u64,
        result: Result<Exported, (Loss, &Error)>,
        diagnostics: &Diagnostics,
    ) {
        let mut state = self.state();
        state.spooled = state.spooled.saturating_sub(count);
        let remark = match result {
            Ok(Exported { rejected, message }) => {
                let rejected = rejected.min(count);
                state.rejected += rejected;
                state.exported += count - rejected;
                message
            }
            Err((why, error)) => {
                *state.dropped_by.of(why) += count;
                state.report.unreported += count;
                state.last_error = Some(error.chain());
                self.losses.note();
                None
            }
        };
        self.tell(state, remark, diagnostics);
    }

    /// Changes the account of what earlier runs left on the disk.
    pub(super) fn recover(&self, account: impl FnOnce(&mut Recovered)) {
        account(&mut self.state().recovered);
    }

    /// An attempt failed, and there will be another.
    pub(super) fn note_error(&self, error: &Error) {
        self.state().last_error = Some(error.chain());
    }

    /// A line about new losses or a receiver's remark, if it is time for one. While shutting down
    /// there is none: [`Lane::report_losses`] tells the whole.
    fn tell(
        &self,
        mut state: MutexGuard<'_, State>,
        remark: Option<String>,
        diagnostics: &Diagnostics,
    ) {
        if state.closing.is_some() {
            return;
        }
        let error = state.last_error.clone();
        let line = state.report.line(&self.name, error.as_deref(), remark);
        drop(state);
        if let Some(line) = line {
            diagnostics.line(&line);
        }
    }

    /// At shutdown: how many spans of all were not delivered, and why.
    pub(super) fn report_losses(&self, diagnostics: &Diagnostics) {
        if let Some(line) = super::report::losses(&self.stats()) {
            diagnostics.line(&line);
        }
    }

    /// Asks for everything that has ended to be sent.
    pub(super) fn request_flush(&self) -> Ticket {
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

    pub(super) fn wait_for_flush(
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
                return Err(super::report::late_flush(waiting, &self.name, error));
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
        let error = state.last_error.as_deref().unwrap_or("the queue was full");
        super::report::flushed(lost, kept, &self.name, error)
    }

    /// Takes no more spans, and sends those it has.
    pub(super) fn close(&self, until: Option<Instant>) {
        self.queue.close();
        self.state().closing.get_or_insert(Closing { until });
        self.wake.notify_one();
        self.hurry.notify_one();
    }

    /// Gives up on what was not sent yet.
    pub(super) fn abandon(&self) {
        self.queue.close();
        let mut state = self.up_to_date();
        state.closing.get_or_insert(Closing { until: None });
        state.abandoned = true;
        let lost = state.line.len() as u64 + std::mem::take(&mut state.in_flight);
        state.dropped_by.shut_down += lost;
        state.lost += lost;
        state.in_flight_from = None;
        let held = Held { spans: state.line.len(), bytes: std::mem::take(&mut state.line_bytes) };
        let line = std::mem::take(&mut state.line);
        drop(state);
        self.queue.give(held);
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

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lane").field(&self.name).finish()
    }
}

/// How far to look for a span that is not precious.
const EVICTION_REACH: usize = 256;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
