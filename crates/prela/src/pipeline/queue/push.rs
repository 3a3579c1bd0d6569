//! Takes in spans that end, also when there is no room.

use super::ExporterQueue;
use crate::pipeline::Overflow;
use crate::pipeline::fate::{Fate, Loss, Place};
use crate::pipeline::shards::{Pushed, bytes_of, has_priority};
use crate::span::EndedSpan;
use std::time::{Duration, Instant};

impl ExporterQueue {
    /// Takes in a span that ended. Waits only if the overflow policy says so.
    #[inline(never)]
    pub(in crate::pipeline) fn push(&self, span: &EndedSpan<'_>) {
        if !self.offer(span) {
            self.overflow(span);
        }
    }

    /// Takes in a span without ever waiting: for callers that hold a lock.
    pub(in crate::pipeline) fn push_at_once(&self, span: &EndedSpan<'_>) {
        if !self.offer(span) {
            self.refuse();
        }
    }

    /// Puts a span into a shard; false if there is no room.
    #[inline(always)]
    fn offer(&self, span: &EndedSpan<'_>) -> bool {
        match self.shards.push(span) {
            Pushed::In => {}
            Pushed::WithGrant { wakes, is_crowded } => {
                // Waking a thread costs more than all the rest: only when it has something to do.
                if wakes {
                    self.signals.wake();
                }
                if is_crowded && self.overflow == Overflow::Spool {
                    self.signals.crowd();
                }
            }
            Pushed::Full => return false,
            Pushed::Closed => {
                self.drops.note();
                return true;
            }
        }
        if self.is_interactive && span.summary.is_local_root {
            self.signals.urge();
        }
        true
    }

    /// Makes room for a span, waits for room, or refuses it, by the overflow policy.
    #[cold]
    fn overflow(&self, span: &EndedSpan<'_>) {
        let bytes = bytes_of(span.message.len());
        let until = match self.overflow {
            Overflow::Block(at_most) => Instant::now().checked_add(at_most),
            Overflow::DropNewest | Overflow::DropOldest | Overflow::Spool => None,
        };
        loop {
            let has_room = match self.overflow {
                Overflow::DropNewest | Overflow::Spool => false,
                Overflow::DropOldest => self.evict(bytes),
                Overflow::Block(at_most) => {
                    let until = until.unwrap_or_else(|| Instant::now() + at_most.min(A_DAY));
                    self.shards.wait_for_room(bytes, has_priority(span.summary), until)
                }
            };
            if !has_room {
                return self.refuse();
            }
            // Fails if another thread was faster.
            if self.offer(span) {
                return;
            }
        }
    }

    fn refuse(&self) {
        self.shards.refuse();
        self.drops.note();
    }

    /// Drops those that wait longest, until a span of this size has room. False if it never will.
    fn evict(&self, bytes: usize) -> bool {
        let mut state = self.up_to_date();
        let (evicted, freed) = state.waiting.evict(bytes);
        let count = evicted.len() as u64;
        state.settle(count, Place::Queue, &Fate::Lost(Loss::QueueFull, None));
        drop(state);
        self.shards.give(freed);
        // A span that another thread pushed before the room was given back found the queue in use, and
        // woke nobody.
        self.signals.wake();
        self.signals.progress.notify_all();
        self.drops.note();
        // Running many destructors takes its time: not under the lock.
        drop(evicted);
        count > 0
    }
}

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
