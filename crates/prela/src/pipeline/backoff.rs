//! How long to wait before the next attempt, and when to leave a peer alone.

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use std::time::Duration;
use tokio::time::Instant;

/// Waiting times with full jitter: each is random between zero and a bound that doubles. So processes that
/// failed together do not come back together.
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

    /// The pause before the next attempt, added to the one that the peer asked for: so clients that were told
    /// the same time come back one after the other.
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

/// The longest wait that a peer is granted; some ask for more than a clock can count.
pub(super) const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// A circuit breaker, which opens after some failures in a row. While it is open nothing is sent; then one
/// attempt shows whether it closes, or stays open for longer.
#[derive(Debug)]
pub(super) struct Breaker {
    failures: u32,
    is_alive: bool,
    asked_until: Option<Instant>,
    open_until: Option<Instant>,
    jitter: Backoff,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            failures: 0,
            is_alive: true,
            asked_until: None,
            open_until: None,
            jitter: Backoff::new(),
        }
    }

    /// Notes that the peer took what was sent, or refused it for good.
    pub(super) fn success(&mut self) {
        self.failures = 0;
        self.is_alive = true;
        self.asked_until = None;
        self.open_until = None;
    }

    /// Notes a failed attempt; `asked`: how long the peer asked to wait.
    pub(super) fn failure(&mut self, asked: Duration, is_alive: bool) {
        self.failures = self.failures.saturating_add(1);
        self.is_alive = is_alive;
        let beyond = self.failures.checked_sub(OPENS_AFTER);
        let own = beyond.map(|beyond| {
            let bound = FIRST_OPEN.saturating_mul(1 << beyond.min(10)).min(LONGEST_OPEN);
            // Half of it is fixed, the other half random.
            bound / 2 + self.jitter.jitter(bound / 2)
        });
        let now = Instant::now();
        let after = |time: Duration| (!time.is_zero()).then(|| now + time);
        self.asked_until = after(asked);
        self.open_until = after(own.unwrap_or_default().max(asked));
    }

    /// Until when nothing may be sent; none if something may.
    pub(super) fn open_until(&self) -> Option<Instant> {
        self.open_until.filter(|until| *until > Instant::now())
    }

    /// The part of that time that the peer itself asked for.
    pub(super) fn asked_until(&self) -> Option<Instant> {
        self.asked_until.filter(|until| *until > Instant::now())
    }

    /// Whether the last attempt did not fail.
    pub(super) fn is_closed(&self) -> bool {
        self.failures == 0
    }

    /// Whether it has opened, and no attempt has succeeded since.
    pub(super) fn is_open(&self) -> bool {
        self.failures >= OPENS_AFTER
    }

    /// Whether it is open, and the peer gave no sign of life either.
    pub(super) fn is_absent(&self) -> bool {
        self.is_open() && !self.is_alive
    }
}

const OPENS_AFTER: u32 = 4;
const FIRST_OPEN: Duration = Duration::from_secs(1);
const LONGEST_OPEN: Duration = Duration::from_secs(30);
