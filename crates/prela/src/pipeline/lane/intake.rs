//! Taking in spans that end, and what is done when there is no room.

use super::Lane;
use crate::SpanData;
use crate::pipeline::Overflow;
use crate::pipeline::queue::{Held, Pushed, Queued, is_precious};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

impl Lane {
    /// Takes in a span that ended. What may wait is decided by the overflow policy alone.
    pub(in crate::pipeline) fn push(&self, span: Arc<SpanData>) {
        if let Some(item) = self.offer(Queued::new(span)) {
            self.overflow(item);
        }
    }

    /// The same, but never waits: for callers that hold a lock.
    pub(in crate::pipeline) fn push_at_once(&self, span: Arc<SpanData>) {
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
        // A span that another thread pushed before the room was given back found the queue in use, and
        // woke nobody.
        self.wake.notify_one();
        self.progress.notify_all();
        self.losses.note();
        // Running many destructors takes its time: not under the lock.
        drop(evicted);
        count > 0
    }
}

/// How far to look for a span that is not precious.
const EVICTION_REACH: usize = 256;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
