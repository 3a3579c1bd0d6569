//! Where ended spans wait, as the threads that end them see it.
//!
//! One shard a thread, more or less, so that threads seldom meet. Room is bounded for all shards
//! together, in spans and in bytes; a shard takes it in advance, in small grants, so that most pushes
//! touch nothing that is shared.

mod capacity;

pub(super) use self::capacity::{Limits, Size};

use self::capacity::Capacity;
use crate::lock::BriefLock;
use crate::span::{Blocks, EncodedSpan, EndedSpan, SpanSummary};
use spin::MutexGuard;
use std::cell::Cell;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// Bytes of room that a span takes: its message, which is so long, and what points to it.
pub(super) fn bytes_of(message_len: usize) -> usize {
    size_of::<(u64, EncodedSpan)>() + message_len
}

/// Whether part of the room is kept for this span.
pub(super) fn has_priority(span: &SpanSummary) -> bool {
    span.is_local_root || span.is_error
}

pub(super) struct Shards {
    shards: Box<[Shard]>,
    capacity: Capacity,
    closed: AtomicBool,
}

/// On cache lines of its own.
#[repr(align(128))]
#[derive(Default)]
struct Shard(BriefLock<Intake>);

/// What a shard took in since it was last emptied. Its numbers add up:
/// `ended == spans.len() + queue_full + shut_down`.
#[derive(Default)]
pub(super) struct Intake {
    pub(super) spans: Blocks,
    ended: u64,
    queue_full: u64,
    shut_down: u64,
    /// Room taken in advance.
    spare: Size,
}

impl Intake {
    /// Puts a span in, for which there is room.
    #[inline(always)]
    fn put(&mut self, span: &EndedSpan<'_>, bytes: usize) {
        self.spare -= Size { spans: 1, bytes };
        self.ended += 1;
        self.spans.push(span);
    }

    /// Takes the numbers out: how many spans ended, found the queue full, and found it closed.
    pub(super) fn take_counts(&mut self) -> [u64; 3] {
        [&mut self.ended, &mut self.queue_full, &mut self.shut_down].map(mem::take)
    }
}

/// What became of a push.
pub(super) enum Pushed {
    /// It waits.
    In,
    /// It waits as well, and room was taken for it. `wakes`: the exporter's task should look.
    WithGrant { wakes: bool, is_crowded: bool },
    /// There is no room, and it is not counted yet.
    Full,
    /// The queue was closed; it is counted.
    Closed,
}

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

impl Shards {
    pub(super) fn new(limits: Limits) -> Self {
        // More shards than threads that can push at once: one interrupted while it has a lock holds up
        // few others.
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let shards = (4 * threads).next_power_of_two().min(MOST_SHARDS);
        Self {
            shards: (0..shards).map(|_| Shard::default()).collect(),
            capacity: Capacity::new(limits, shards),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes a span in. Waits for nothing but another push to the same shard.
    #[inline(always)]
    pub(super) fn push(&self, span: &EndedSpan<'_>) -> Pushed {
        let bytes = bytes_of(span.message.len());
        let mut intake = self.own_shard();
        if !intake.spare.covers(bytes) {
            return self.push_with_grant(&mut intake, span, bytes);
        }
        intake.put(span, bytes);
        Pushed::In
    }

    /// Takes a span in, and room for it and for others that may follow.
    #[inline(never)]
    fn push_with_grant(&self, intake: &mut Intake, span: &EndedSpan<'_>, bytes: usize) -> Pushed {
        if self.closed.load(Ordering::Acquire) {
            intake.ended += 1;
            intake.shut_down += 1;
            return Pushed::Closed;
        }
        let has_priority = has_priority(span.summary);
        let Some(grant) = self.capacity.take(bytes, has_priority, intake.spare) else {
            return Pushed::Full;
        };
        intake.spare += grant.size;
        intake.put(span, bytes);
        Pushed::WithGrant { wakes: grant.wakes, is_crowded: grant.is_crowded }
    }

    /// Counts a span for which there was no room.
    pub(super) fn refuse(&self) {
        let mut intake = self.own_shard();
        intake.ended += 1;
        intake.queue_full += 1;
    }

    /// Waits for room, or until the queue is closed. False if `until` comes first, or there never will be.
    pub(super) fn wait_for_room(&self, bytes: usize, has_priority: bool, until: Instant) -> bool {
        self.capacity.wait(bytes, has_priority, until, || self.closed.load(Ordering::Acquire))
    }

    /// Empties all shards into `taken`, at one moment: of two spans that ended one after the other, the later is
    /// never taken without the earlier.
    ///
    /// The shards get what is in `taken`, which is to be empty, and is made longer if need be. So nothing is done
    /// with the spans while threads that end more of them have to wait.
    pub(super) fn collect(&self, taken: &mut Vec<Intake>) {
        taken.resize_with(self.shards.len(), Intake::default);
        let mut shards: Vec<_> = self.shards.iter().map(|shard| shard.0.lock()).collect();
        let mut spare = Size::default();
        for (intake, taken) in shards.iter_mut().zip(taken) {
            spare += mem::take(&mut intake.spare);
            mem::swap(&mut **intake, taken);
        }
        // Before anybody pushes again: whoever finds all room free wakes the export thread.
        self.capacity.give(spare);
    }

    /// Gives back the room of spans that wait no longer.
    pub(super) fn give(&self, freed: Size) {
        self.capacity.give(freed);
    }

    /// Closes the queue: spans that are pushed from now on are counted and dropped.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // Whoever takes room sees that. So none may have been taken in advance.
        for shard in &self.shards {
            let spare = mem::take(&mut shard.0.lock().spare);
            self.capacity.give(spare);
        }
        self.capacity.wake_all();
    }

    #[inline(always)]
    fn own_shard(&self) -> MutexGuard<'_, Intake> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = SHARD.try_with(|shard| {
            if shard.get() == usize::MAX {
                shard.set(NEXT.fetch_add(1, Ordering::Relaxed));
            }
            shard.get()
        });
        // The number of shards is a power of two. A thread whose locals are gone takes the first.
        self.shards[number.unwrap_or_default() & (self.shards.len() - 1)].0.lock()
    }
}

const MOST_SHARDS: usize = 64;
