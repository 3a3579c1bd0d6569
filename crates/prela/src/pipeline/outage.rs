//! When to report that the peer of an exporter is away, and that it is back.

#[cfg(test)]
mod tests;

use crate::{Contact, Error};
use std::time::{Duration, Instant};

/// A time in which nothing got through, and the lines about it.
///
/// A connection that cannot be made is reported when it fails for the second time, a fraction of a second after
/// the first, or at once if that took long; one that has always broken off, which may be a wrong port, nearly
/// as soon; a peer that answers, but takes nothing, after a while. So what is over with the next attempt is not
/// reported. Further lines come at growing pauses.
#[derive(Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    /// Whether an attempt has ever succeeded.
    has_worked: bool,
    absences: u32,
    told: Option<Told>,
    /// When a line last said that an outage is over.
    ended: Option<Instant>,
}

struct Told {
    at: Instant,
    pause: Duration,
}

impl Outage {
    /// Notes a failed attempt that may be repeated. Returns for how long none has succeeded, if it is time to
    /// say so.
    pub(super) fn failed(
        &mut self,
        error: &Error,
        began: Instant,
        now: Instant,
    ) -> Option<Duration> {
        let lasts = now.saturating_duration_since(*self.since.get_or_insert(began));
        let is_absent = error.contact() == Some(Contact::Absent);
        self.absences = if is_absent { self.absences + 1 } else { 0 };
        let is_time = match &self.told {
            Some(Told { at, pause }) => now.saturating_duration_since(*at) >= *pause,
            None => {
                let is_sure = match error.contact() {
                    Some(Contact::Absent) => self.absences > 1 || lasts >= LONG,
                    Some(Contact::Broken) if !self.has_worked => lasts >= A_MOMENT,
                    _ => lasts >= PATIENCE,
                };
                // A peer that comes and goes does not fill the log.
                is_sure
                    && self.ended.is_none_or(|at| now.saturating_duration_since(at) >= FIRST_PAUSE)
            }
        };
        is_time.then_some(lasts)
    }

    /// Notes a line about the outage, or about what was lost by it.
    pub(super) fn told(&mut self, now: Instant) {
        if self.since.is_none() {
            return;
        }
        let pause = match &self.told {
            Some(told) => (told.pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.told = Some(Told { at: now, pause });
    }

    /// Ends it, since an attempt succeeded. Returns how long none had, if a line reported that.
    pub(super) fn end(&mut self, now: Instant) -> Option<Duration> {
        self.has_worked = true;
        let since = self.since.take()?;
        self.absences = 0;
        self.told.take()?;
        self.ended = Some(now);
        Some(now.saturating_duration_since(since))
    }

    /// Whether a line has reported it.
    pub(super) fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// How long to say nothing after a line.
    pub(super) fn pause(&self) -> Duration {
        self.told.as_ref().map_or(FIRST_PAUSE, |told| told.pause)
    }
}

/// Between the first two lines; each further pause is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// An attempt that takes this long is reported at once when it fails.
const LONG: Duration = Duration::from_secs(1);
/// The attempts at a batch that is merely too large are over in this time.
const A_MOMENT: Duration = Duration::from_millis(500);
/// A peer that answers is given this time to recover.
const PATIENCE: Duration = Duration::from_secs(10);
