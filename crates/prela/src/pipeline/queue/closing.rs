//! The time that a queue has once it is closed.

use std::time::{Duration, Instant};

/// A shutdown that has begun.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) struct Closing {
    began: Instant,
    /// When whoever shuts down stops waiting; none: never.
    until: Option<Instant>,
}

impl Closing {
    pub(super) fn new(until: Option<Instant>) -> Self {
        Self { began: Instant::now(), until }
    }

    /// When attempts must end; none: never. With a disk for what could not be sent, a quarter of the time,
    /// at most half a second, is kept for writing there.
    pub(in crate::pipeline) fn last_attempt(&self, has_store: bool) -> Option<Instant> {
        let until = self.until?;
        let reserve = until.saturating_duration_since(self.began) / 4;
        Some(if has_store { until - reserve.min(LONGEST_RESERVE) } else { until })
    }
}

const LONGEST_RESERVE: Duration = Duration::from_millis(500);
