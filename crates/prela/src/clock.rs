//! Time: wall-clock timestamps whose differences are monotonic.
//!
//! A trace's local root reads the wall clock once; every later time in that trace, in this process,
//! is that reading plus what a monotonic clock says has passed. So a step of the wall clock never
//! makes a span end before it began, nor a child begin before its parent.

mod bucket;

pub(crate) use self::bucket::Bucket;

use crate::fork;
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
        // Below zero only if the wall clock is set to a time near 1970.
        let zero = unix_nano(clock.as_dyn().wall()).saturating_sub(monotonic);
        (Self { zero }, zero.saturating_add(monotonic))
    }

    /// Nanoseconds since 1970.
    #[inline(always)]
    pub(crate) fn now(&self, clock: &AnyClock) -> u64 {
        self.zero.saturating_add(clock.read())
    }
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
