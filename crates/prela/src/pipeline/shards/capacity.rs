//! How much may wait, for all shards together.

#[cfg(test)]
mod tests;

use std::ops::{AddAssign, SubAssign};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bounds of one queue, and what is worth waking the export thread for.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) struct Limits {
    pub(in crate::pipeline) queue: Size,
    /// A batch is always worth it.
    pub(in crate::pipeline) batch: Size,
    /// Whether the first span is as well. Otherwise the export thread looks by itself, once per delay.
    pub(in crate::pipeline) wakes_at_first: bool,
}

/// An amount of room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pipeline) struct Size {
    pub(in crate::pipeline) spans: usize,
    pub(in crate::pipeline) bytes: usize,
}

impl Size {
    pub(super) fn covers(self, bytes: usize) -> bool {
        self.spans > 0 && self.bytes >= bytes
    }

    fn fits(self, more: Self, limit: Self) -> bool {
        self.spans + more.spans <= limit.spans
            && self.bytes.saturating_add(more.bytes) <= limit.bytes
    }

    /// Whether either measure reaches `mark`.
    pub(in crate::pipeline) fn reaches(self, mark: Self) -> bool {
        self.spans >= mark.spans || self.bytes >= mark.bytes
    }
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.spans += other.spans;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Size {
    fn sub_assign(&mut self, other: Self) {
        self.spans -= other.spans;
        self.bytes -= other.bytes;
    }
}

/// Room for some spans.
pub(super) struct Grant {
    pub(super) size: Size,
    /// There is something to wake the export thread for: a batch is complete, or perhaps the queue was empty.
    pub(super) wakes: bool,
    pub(super) is_crowded: bool,
}

pub(super) struct Capacity {
    limits: Limits,
    /// For spans without priority.
    ordinary: Size,
    crowded: Size,
    /// Below this there is room for many.
    full: Size,
    /// Given at once, while there is enough. At one span at a time the bounds are exact; the larger
    /// the queue, the less that matters.
    grant: Size,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    taken: Size,
    waiting: usize,
}

impl Capacity {
    pub(super) fn new(limits: Limits, shards: usize) -> Self {
        let Limits { queue, batch, .. } = limits;
        // What shards hold in advance is at most an eighth of the queue, and half of a batch, but at least a span each.
        let most = (queue.spans / (8 * shards)).min(batch.spans / (2 * shards));
        let most = most.min(queue.bytes / (8 * shards * USUAL_SIZE));
        let grant = most.clamp(1, 64);
        Self {
            limits,
            ordinary: Size {
                spans: queue.spans - queue.spans / 16,
                bytes: queue.bytes - queue.bytes / 16,
            },
            crowded: Size {
                spans: queue.spans - queue.spans / 4,
                bytes: queue.bytes - queue.bytes / 4,
            },
            full: Size {
                spans: queue.spans - queue.spans / 8,
                bytes: queue.bytes - queue.bytes / 8,
            },
            grant: Size { spans: grant, bytes: if grant == 1 { 0 } else { grant * USUAL_SIZE } },
            state: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limit(&self, has_priority: bool) -> Size {
        if has_priority { self.limits.queue } else { self.ordinary }
    }

    /// Room for a span of this size on top of `spare`, and for some more if there is plenty.
    pub(super) fn take(&self, bytes: usize, has_priority: bool, spare: Size) -> Option<Grant> {
        let mut state = self.state();
        let (few, many) = match spare.spans {
            0 => (1, self.grant.spans.min(self.until_batch(state.taken))),
            _ => (0, 0),
        };
        let single = Size { spans: few, bytes: bytes.saturating_sub(spare.bytes) };
        let usual = Size { spans: many, bytes: single.bytes.max(self.grant.bytes) };
        let size = if state.taken.fits(usual, self.ordinary) {
            usual
        } else if state.taken.fits(single, self.limit(has_priority)) {
            single
        } else {
            return None;
        };
        let before = state.taken;
        state.taken += size;
        let crosses = |mark| !before.reaches(mark) && state.taken.reaches(mark);
        Some(Grant {
            size,
            wakes: crosses(self.limits.batch) || self.limits.wakes_at_first && before.spans == 0,
            is_crowded: crosses(self.crowded),
        })
    }

    /// The most spans of a grant: the one that completes a batch takes its room by itself. Otherwise the export
    /// thread would be woken for spans that are not there yet, again and again.
    fn until_batch(&self, taken: Size) -> usize {
        match self.limits.batch.spans.checked_sub(taken.spans) {
            Some(missing) if missing > 0 => (missing - 1).max(1),
            _ => usize::MAX,
        }
    }

    /// Gives room back.
    pub(super) fn give(&self, freed: Size) {
        if freed == Size::default() {
            return;
        }
        let mut state = self.state();
        state.taken -= freed;
        // Not for a few spans: all who wait would wake up, and most of them find it taken again.
        if state.waiting > 0 && !state.taken.reaches(self.full) {
            drop(state);
            self.freed.notify_all();
        }
    }

    /// Waits for room for one span; false if `until` comes first, or there never will be.
    pub(super) fn wait(
        &self,
        bytes: usize,
        has_priority: bool,
        until: Instant,
        is_over: impl Fn() -> bool,
    ) -> bool {
        let wanted = Size { spans: 1, bytes };
        if !Size::default().fits(wanted, self.limit(has_priority)) {
            return false;
        }
        let mut state = self.state();
        loop {
            if is_over() || state.taken.fits(wanted, self.limit(has_priority)) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state.waiting += 1;
            let woken = self.freed.wait_timeout(state, left.min(LOOK_AGAIN));
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
    }

    pub(super) fn wake_all(&self) {
        // Whoever is about to wait has the lock until it waits.
        drop(self.state());
        self.freed.notify_all();
    }
}

/// There may be room that nobody is woken for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Bytes that a grant has for each span.
const USUAL_SIZE: usize = 1024;
