//! Time: wall-clock timestamps whose differences are monotonic.
//!
//! A trace's local root reads the wall clock once, unless its thread did so just before; every later time in that
//! trace, in this process, is that reading plus what a monotonic clock says has passed. So a step of the wall clock never
//! makes a span end before it began, nor a child begin before its parent.

mod bucket;

pub(crate) use self::bucket::Bucket;

use crate::fork;
use std::cell::Cell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

/// Tells the time. Tests give their own to [`Builder::clock`](crate::Builder::clock).
///
/// Read on the hot path, at every start, event and end. If it panics, [`SystemClock`] is read instead.
pub trait Clock: Send + Sync + Debug + 'static {
    /// The wall-clock time.
    fn wall(&self) -> SystemTime;
    /// Time since a fixed moment of this clock's choice; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The operating system's clocks: the default.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        monotonic()
    }
}

fn monotonic() -> Duration {
    Duration::from_nanos(monotonic_nanos())
}

#[cfg(unix)]
#[inline]
fn monotonic_nanos() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // Neither part is ever negative.
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

#[cfg(not(unix))]
fn monotonic_nanos() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    nanos(START.get_or_init(Instant::now).elapsed())
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The clock of an instance. The usual one is read without a virtual call.
#[derive(Debug)]
pub(crate) enum AnyClock {
    System,
    Other(Box<dyn Clock>),
}

impl AnyClock {
    pub(crate) fn as_dyn(&self) -> &dyn Clock {
        match self {
            Self::System => &SystemClock,
            Self::Other(clock) => &**clock,
        }
    }

    /// Monotonic time in nanoseconds. Notices a fork.
    #[inline(always)]
    fn read(&self) -> u64 {
        let nanos = match self {
            Self::System => monotonic_nanos(),
            Self::Other(clock) => nanos(clock.monotonic()),
        };
        fork::check_at(nanos);
        nanos
    }
}

/// The user's clock, whose panics do not reach traced code.
#[derive(Debug)]
pub(crate) struct Guarded<C>(pub(crate) C);

impl<C: Clock> Clock for Guarded<C> {
    fn wall(&self) -> SystemTime {
        let wall = catch_unwind(AssertUnwindSafe(|| self.0.wall()));
        wall.unwrap_or_else(|_| SystemClock.wall())
    }

    fn monotonic(&self) -> Duration {
        let monotonic = catch_unwind(AssertUnwindSafe(|| self.0.monotonic()));
        monotonic.unwrap_or_else(|_| SystemClock.monotonic())
    }
}

/// One reading of both clocks, which a whole local trace counts from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    /// The wall-clock time of the monotonic clock's zero, in nanoseconds since 1970.
    zero: u64,
}

impl Anchor {
    /// The anchor of a span that has not started.
    pub(crate) const NONE: Self = Self { zero: 0 };

    pub(crate) fn read(clock: &AnyClock) -> Self {
        Self::read_now(clock).0
    }

    /// The anchor, and the time that it was read at, in nanoseconds since 1970.
    pub(crate) fn read_now(clock: &AnyClock) -> (Self, u64) {
        let monotonic = clock.read();
        let zero = match clock {
            AnyClock::System => Self::zero_at(monotonic),
            AnyClock::Other(clock) => zero(&**clock, monotonic),
        };
        (Self { zero }, zero.saturating_add(monotonic))
    }

    /// The zero of the system's clock, as it was just before, if this thread has read it then: traces that begin one
    /// right after the other need not each ask the wall clock, which takes as long as all else about a clock.
    #[inline]
    fn zero_at(monotonic: u64) -> u64 {
        let last = LAST_READ.try_with(Cell::get).ok();
        match last.filter(|(at, _)| monotonic.wrapping_sub(*at) < JUST_BEFORE) {
            Some((_, zero)) => zero,
            None => {
                let zero = zero(&SystemClock, monotonic);
                let _ = LAST_READ.try_with(|last| last.set((monotonic, zero)));
                zero
            }
        }
    }

    /// Nanoseconds since 1970.
    #[inline(always)]
    pub(crate) fn now(&self, clock: &AnyClock) -> u64 {
        self.zero.saturating_add(clock.read())
    }
}

thread_local! {
    /// When this thread has last read the wall clock, by the monotonic one, and the zero of that.
    static LAST_READ: Cell<(u64, u64)> = const { Cell::new((1 << 63, 0)) };
}

/// In nanoseconds: a step of the wall clock is noticed so much later.
const JUST_BEFORE: u64 = 100_000;

/// The wall-clock time of the monotonic clock's zero. Below zero only if the wall clock is set to a time near 1970.
fn zero(clock: &dyn Clock, monotonic: u64) -> u64 {
    unix_nano(clock.wall()).saturating_sub(monotonic)
}

/// The time in nanoseconds since 1970; 0 before, and the largest number after the year 2554.
pub(crate) fn unix_nano(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The time this many nanoseconds after the beginning of 1970.
pub(crate) fn from_unix_nano(nanos: u64) -> SystemTime {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(nanos));
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_read_again_after_a_while_or_if_time_went_back() {
        let (at, zero) = (1 << 50, 42);
        let asked = |monotonic| {
            LAST_READ.set((at, zero));
            Anchor::zero_at(monotonic)
        };
        assert_eq!(asked(at), zero);
        assert_eq!(asked(at + JUST_BEFORE - 1), zero);
        assert_ne!(asked(at + JUST_BEFORE), zero);
        assert_ne!(asked(at - 1), zero);
    }
}
