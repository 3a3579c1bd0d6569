//! When to try again.

use crate::SpanBuilder;
use crate::semconv;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use crate::error::retry_after;

/// How often work is tried again, and after which delays. For [`SpanBuilder::retry`].
///
/// `E` is the error that [`retry_if`](Self::retry_if) and [`retry_after`](Self::retry_after) look at; a
/// policy without them fits any error. Cheap to clone.
///
/// ```
/// use prela::retry::RetryPolicy;
/// use std::time::Duration;
///
/// struct Refused { status: u16, wait: Option<Duration> }
///
/// // Waits 1, 2 and 4 seconds, each time up to twice as long at random, but at most 10.
/// let policy = RetryPolicy::<Refused>::new(4)
///     .backoff(Duration::from_secs(1))
///     .max_delay(Duration::from_secs(10))
///     .jitter()
///     .retry_if(|refused| refused.status >= 500 || refused.status == 429)
///     .retry_after(|refused| refused.wait);
/// # let _ = policy;
/// ```
pub struct RetryPolicy<E> {
    max_attempts: u32,
    backoff: Duration,
    factor: f32,
    max_delay: Duration,
    jitter: bool,
    retry_if: Option<RetryIf<E>>,
    retry_after: Option<RetryAfter<E>>,
}

type RetryIf<E> = Arc<dyn Fn(&E) -> bool + Send + Sync>;
type RetryAfter<E> = Arc<dyn Fn(&E) -> Option<Duration> + Send + Sync>;

/// What follows an attempt.
pub(super) enum Next {
    Done,
    After(Duration),
}

pub(super) struct Delays(ExponentialBackoff);

impl<E> RetryPolicy<E> {
    /// Allows at most this many attempts, with 1 s, 2 s, 4 s … between them. The work is always tried once:
    /// 0 counts as 1.
    pub fn new(max_attempts: u32) -> Self {
        Self {
            max_attempts: max_attempts.max(1),
            backoff: Duration::from_secs(1),
            factor: 2.0,
            max_delay: Duration::from_secs(60),
            jitter: false,
            retry_if: None,
            retry_after: None,
        }
    }

    /// The time before the second attempt. Default: 1 s.
    #[must_use]
    pub fn backoff(mut self, first: Duration) -> Self {
        self.backoff = first;
        self
    }

    /// The factor by which each delay is longer than the one before. Below 1, or not finite, it is 1.
    /// Default: 2.
    #[must_use]
    pub fn factor(mut self, factor: f32) -> Self {
        self.factor = if factor.is_finite() { factor.max(1.0) } else { 1.0 };
        self
    }

    /// The longest time between two attempts. Default: 60 s.
    #[must_use]
    pub fn max_delay(mut self, max: Duration) -> Self {
        self.max_delay = max;
        self
    }

    /// Makes each delay longer by a random part of itself, so that callers that failed together do not all
    /// come back together. Default: off.
    #[must_use]
    pub fn jitter(mut self) -> Self {
        self.jitter = true;
        self
    }

    /// Tries again only after errors for which `test` is true. Default: after all.
    #[must_use]
    pub fn retry_if(mut self, test: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.retry_if = Some(Arc::new(test));
        self
    }

    /// Reads how long a peer asked to wait, such as by `Retry-After`: the next attempt comes no sooner. If that
    /// is longer than [`max_delay`](Self::max_delay), there is no next attempt.
    ///
    /// The function [`retry_after`] reads the header.
    #[must_use]
    pub fn retry_after(
        mut self,
        asked: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        self.retry_after = Some(Arc::new(asked));
        self
    }

    pub(super) fn describe(&self, span: SpanBuilder) -> SpanBuilder {
        span.attr(semconv::RETRY_MAX_ATTEMPTS, self.max_attempts)
            .attr(semconv::RETRY_BACKOFF, self.backoff.as_secs_f64())
    }

    pub(super) fn delays(&self) -> Delays {
        let delays = ExponentialBuilder::new()
            .with_min_delay(self.backoff.min(self.max_delay))
            .with_factor(self.factor)
            .with_max_delay(self.max_delay)
            .with_max_times(usize::try_from(self.max_attempts - 1).unwrap_or(usize::MAX));
        Delays(if self.jitter { delays.with_jitter() } else { delays }.build())
    }

    /// What follows a failed attempt. The user's functions run on the user's thread, so a panic in them is not
    /// caught.
    pub(super) fn next(&self, error: &E, delays: &mut Delays) -> Next {
        if self.retry_if.as_ref().is_some_and(|retry_if| !retry_if(error)) {
            return Next::Done;
        }
        let Some(own) = delays.0.next() else { return Next::Done };
        let asked = self.retry_after.as_ref().and_then(|asked| asked(error)).unwrap_or_default();
        if asked > self.max_delay {
            return Next::Done;
        }
        Next::After(rounded(own).min(self.max_delay).max(asked))
    }
}

/// Rounds to microseconds: the back-off is computed with numbers that are no more exact.
fn rounded(time: Duration) -> Duration {
    let micros = time.saturating_add(Duration::from_nanos(500)).as_micros();
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

impl<E> Clone for RetryPolicy<E> {
    fn clone(&self) -> Self {
        let (retry_if, retry_after) = (self.retry_if.clone(), self.retry_after.clone());
        Self { retry_if, retry_after, ..*self }
    }
}

impl<E> fmt::Debug for RetryPolicy<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("max_attempts", &self.max_attempts)
            .field("backoff", &self.backoff)
            .field("factor", &self.factor)
            .field("max_delay", &self.max_delay)
            .field("jitter", &self.jitter)
            .finish_non_exhaustive()
    }
}
