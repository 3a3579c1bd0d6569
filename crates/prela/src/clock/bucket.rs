//! A token bucket that is one number: the time at which it will be full again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A bucket that gives out a number of tokens a second, and up to `burst` at once. Lock-free.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Nanoseconds from one token to the next.
    interval: u64,
    /// How far ahead of time the bucket may be emptied.
    ahead: u64,
    full_at: AtomicU64,
}

impl Bucket {
    /// A full bucket, or what is wrong with its settings.
    pub(crate) fn new(per_second: f64, burst: u32) -> Result<Self, String> {
        if !per_second.is_finite() || per_second <= 0.0 {
            return Err(format!("rate `{per_second}` is not above 0"));
        }
        if burst == 0 {
            return Err("burst `0` is not above 0".to_owned());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "above 0, and a cast of what is too large gives the largest"
        )]
        let interval = (1e9 / per_second) as u64;
        let ahead = interval.saturating_mul(u64::from(burst - 1));
        Ok(Self { interval, ahead, full_at: AtomicU64::new(0) })
    }

    /// Takes a token if there is one.
    pub(crate) fn try_take(&self, now: Duration) -> bool {
        let now = nanos(now);
        let taken = self.full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
            let full_at = full_at.max(now);
            (full_at - now <= self.ahead).then(|| full_at.saturating_add(self.interval))
        });
        taken.is_ok()
    }

    /// Takes the next token even if it is not there yet, and returns the time until it is.
    pub(crate) fn take(&self, now: Duration) -> Duration {
        let now = nanos(now);
        let next = |full_at: u64| full_at.max(now).saturating_add(self.interval);
        let taken = self
            .full_at
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| Some(next(full_at)));
        let (Ok(full_at) | Err(full_at)) = taken;
        Duration::from_nanos((full_at.max(now) - now).saturating_sub(self.ahead))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
