//! A limit on how often work begins.

use crate::clock::{Bucket, Clock, SystemClock};
use crate::context::delay::delay;
use crate::{Error, ErrorKind};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Limits how often work begins in a second, over any number of threads and tasks.
///
/// Wait before the span is opened, so that the span is the work alone. Callers queue, first come, first
/// served, and no lock is held while they wait.
///
/// Cheap to clone; clones share the limit.
///
/// ```
/// use prela::RateLimiter;
///
/// let limiter = RateLimiter::per_second(1_000.0)?.burst(2)?;
/// for _ in 0..3 {
///     limiter.wait(); // the third time for a millisecond
///     prela::tracer().span("operation", prela::SpanType::Custom).in_scope(|_| ());
/// }
/// assert!(RateLimiter::per_second(0.0).is_err());
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone)]
pub struct RateLimiter {
    per_second: f64,
    bucket: Arc<Bucket>,
    clock: Arc<dyn Clock>,
}

impl RateLimiter {
    /// Allows this many calls a second, evenly spaced, one at a time; see [`burst`](Self::burst).
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) if the rate is not above 0.
    pub fn per_second(rate: f64) -> Result<Self, Error> {
        Ok(Self { per_second: rate, bucket: bucket(rate, 1)?, clock: Arc::new(SystemClock) })
    }

    /// Allows this many calls at once after a quiet time. Default: 1. Forgets the calls so far.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) if it is 0.
    pub fn burst(mut self, calls: u32) -> Result<Self, Error> {
        self.bucket = bucket(self.per_second, calls)?;
        Ok(self)
    }

    /// Where the time comes from, for tests of [`reserve`](Self::reserve) and
    /// [`try_acquire`](Self::try_acquire). Waiting is real in any case. Default: [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Blocks the thread until it is this caller's turn. In a future, use
    /// [`until_ready`](Self::until_ready).
    pub fn wait(&self) {
        thread::sleep(self.reserve());
    }

    /// Waits until it is this caller's turn, by tokio's timer or, outside of tokio, by a thread. The place
    /// in the queue is taken at the first poll, and is lost if the future is dropped.
    pub fn until_ready(&self) -> impl Future<Output = ()> + Send + use<> {
        let limiter = self.clone();
        async move { delay(limiter.reserve()).await }
    }

    /// Takes the next place in the queue, and returns how long to wait for it in a way of your own.
    pub fn reserve(&self) -> Duration {
        self.bucket.take(self.clock.monotonic())
    }

    /// Whether work may begin now; if so, it counts as begun.
    pub fn try_acquire(&self) -> bool {
        self.bucket.try_take(self.clock.monotonic())
    }
}

fn bucket(per_second: f64, burst: u32) -> Result<Arc<Bucket>, Error> {
    let bucket = Bucket::new(per_second, burst);
    bucket
        .map(Arc::new)
        .map_err(|problem| Error::new(ErrorKind::Config, format!("set rate limit: {problem}")))
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").field("per_second", &self.per_second).finish_non_exhaustive()
    }
}
