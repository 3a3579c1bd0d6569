//! How long to wait before the next attempt.

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::time::Duration;

/// Waiting times with full jitter: each is anywhere between nothing and a bound that doubles. So
/// processes that failed together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    random: SmallRng,
    bound: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { random: SmallRng::from_os_rng(), bound: FIRST }
    }

    /// Starts anew, after a success.
    pub(super) fn reset(&mut self) {
        self.bound = FIRST;
    }

    /// The pause before the next attempt, on top of what the peer asked for: so those who were told the
    /// same time come back one after the other.
    pub(super) fn next(&mut self) -> Duration {
        let jitter = self.jitter(self.bound);
        self.bound = (self.bound * 2).min(LONGEST);
        jitter
    }

    pub(super) fn jitter(&mut self, bound: Duration) -> Duration {
        bound.mul_f64(self.random.random())
    }
}

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// A peer that asks for more is not believed. Nor does time itself reach as far as some ask for.
pub(super) const LONGEST_ASKED: Duration = Duration::from_secs(300);
