//! Leaving a peer alone that does not answer.

use super::retry::Backoff;
use std::time::Duration;
use tokio::time::Instant;

/// Opens after some failures in a row. While it is open nothing is sent; then one attempt shows
/// whether it closes, or stays open for longer.
#[derive(Debug)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
    jitter: Backoff,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { failures: 0, open_until: None, jitter: Backoff::new() }
    }

    /// The peer answered, even if by a refusal.
    pub(super) fn success(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// An attempt failed; `asked`: for how long the peer wants to be left alone.
    pub(super) fn failure(&mut self, asked: Duration) {
        self.failures = self.failures.saturating_add(1);
        let beyond = self.failures.checked_sub(OPENS_AFTER);
        let own = beyond.map(|beyond| {
            let bound = FIRST.saturating_mul(1 << beyond.min(10)).min(LONGEST);
            // Half of it for certain, the other half by chance.
            bound / 2 + self.jitter.jitter(bound / 2)
        });
        let time = own.unwrap_or_default().max(asked);
        self.open_until = (!time.is_zero()).then(|| Instant::now() + time);
    }

    /// Until when nothing is to be sent; none if it may be.
    pub(super) fn open_until(&self) -> Option<Instant> {
        self.open_until.filter(|until| *until > Instant::now())
    }

    /// Whether the peer is not known to be back.
    pub(super) fn is_open(&self) -> bool {
        self.failures >= OPENS_AFTER
    }
}

const OPENS_AFTER: u32 = 4;
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
