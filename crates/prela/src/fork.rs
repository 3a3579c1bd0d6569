//! Notices that this process was forked from the one that started tracing.
//!
//! A forked child has the parent's memory and none of its threads: without care it would repeat the
//! parent's ids, and queue spans that nobody sends. Asking for the process id is a system call, which costs
//! far more than a span. So it is done where time is read anyway, and only if more time has passed than the
//! fastest fork takes.

use std::cell::Cell;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

static PROCESS: AtomicU32 = AtomicU32::new(0);
static GENERATION: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// When this thread last looked; at first as far from any time as possible.
    static CHECKED: Cell<u64> = const { Cell::new(1 << 63) };
}

/// The process of a moment: how many forks are between the one that first asked and it. It is kept beside
/// whatever must not be shared with a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u32);

impl Generation {
    #[inline]
    pub(crate) fn current() -> Self {
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// Whether no fork was noticed since.
    #[inline]
    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }
}

/// Checks whether the process is another one, unless this thread did so just before `now`, which is
/// monotonic time in nanoseconds.
#[inline]
pub(crate) fn check_at(now: u64) {
    let _ = CHECKED.try_with(|checked| {
        // A clock that goes back, as none should, counts as time that has passed.
        if now.wrapping_sub(checked.get()) >= SOON {
            checked.set(now);
            check();
        }
    });
}

/// Checks whether the process is another one.
pub(crate) fn check() {
    let process = process::id();
    let known = PROCESS.swap(process, Ordering::Relaxed);
    if known != process && known != 0 {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
}

/// In nanoseconds: much less than a fork takes, and much more than a system call.
const SOON: u64 = 50_000;
