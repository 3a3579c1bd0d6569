//! What is said about spans that were not delivered.

use super::outage::Outage;
use super::stats::{Dropped, ExporterStats};
use crate::{Contact, Error, ErrorKind};
use std::fmt;
use std::time::{Duration, Instant};

/// When a queue last said something, and what it has not said yet.
#[derive(Default)]
pub(super) struct Report {
    /// Losses that no line has told of.
    pub(super) unreported: u64,
    reported_at: Option<Instant>,
    outage: Outage,
}

impl Report {
    /// A line about new losses or a receiver's remark, if it is time for one.
    pub(super) fn line(
        &mut self,
        item: &str,
        exporter: &str,
        error: Option<&str>,
        remark: Option<String>,
        now: Instant,
    ) -> Option<String> {
        let pause = self.outage.pause();
        let is_time = self.reported_at.is_none_or(|at| now.saturating_duration_since(at) >= pause);
        if !is_time || (self.unreported == 0 && remark.is_none()) {
            return None;
        }
        self.told(now);
        if self.unreported == 0 {
            return remark.map(|it| self::remark(exporter, &it));
        }
        let count = counted(std::mem::take(&mut self.unreported), item);
        let error = error.unwrap_or(QUEUE_FULL);
        Some(format!("prela: {count} could not be exported to {exporter}: {error}"))
    }

    /// An attempt that `began` then failed, and there will be another: a line about that, if it is time for one.
    pub(super) fn failure(
        &mut self,
        exporter: &str,
        error: &Error,
        waiting: Waiting,
        began: Instant,
        now: Instant,
    ) -> Option<String> {
        let lasts = self.outage.failed(error, began, now)?;
        let is_first = !self.outage.is_told();
        // A first line about losses that comes now is no repetition of this one.
        self.outage.told(now);
        let state = if is_first && error.contact() == Some(Contact::Absent) {
            "cannot be reached".to_owned()
        } else {
            format!("has taken nothing for {}", seconds(lasts))
        };
        let error = error.chain();
        Some(format!("prela: {exporter} {state}: {error}; {waiting}, and attempts go on"))
    }

    /// An attempt succeeded: a line if others told that none did.
    pub(super) fn success(
        &mut self,
        exporter: &str,
        waiting: Waiting,
        now: Instant,
    ) -> Option<String> {
        let lasted = seconds(self.outage.end(now)?);
        Some(format!("prela: {exporter} works again, after {lasted}; {waiting}"))
    }

    fn told(&mut self, now: Instant) {
        self.reported_at = Some(now);
        self.outage.told(now);
    }
}

/// Spans that have no fate yet.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) item: &'static str,
    pub(super) in_memory: u64,
    pub(super) on_disk: u64,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waiting", counted(self.in_memory, self.item))?;
        match self.on_disk {
            0 => Ok(()),
            on_disk => write!(f, ", and {on_disk} in the spool"),
        }
    }
}

fn seconds(time: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(time.as_secs().max(1)))
}

/// What a receiver says of spans that it took.
pub(super) fn remark(exporter: &str, remark: &str) -> String {
    format!("prela: {exporter} says: {remark}")
}

/// At shutdown: how many of all the receiver took and did not keep, and why if it said so. None if it
/// kept all.
pub(super) fn rejected(item: &str, stats: &ExporterStats, remark: Option<&str>) -> Option<String> {
    if stats.rejected == 0 {
        return None;
    }
    let ended = counted(stats.ended, item);
    let line = format!("prela: {} of {ended} were rejected by {}", stats.rejected, stats.name);
    Some(remark.map_or(line.clone(), |remark| format!("{line}: {remark}")))
}

/// At shutdown: how many of all were not delivered, and why. None if all were.
pub(super) fn losses(item: &str, stats: &ExporterStats, last_loss: Option<&str>) -> Option<String> {
    let ExporterStats { name, dropped, spooled, .. } = stats;
    if *dropped == 0 && *spooled == 0 {
        return None;
    }
    let Dropped { queue_full, shut_down, .. } = stats.dropped_by;
    // An attempt that failed need not have to do with what was lost.
    let error = match last_loss.or(stats.last_error.as_deref()) {
        Some(error) => error,
        None if shut_down > queue_full => "the time for shutdown ran out",
        None => QUEUE_FULL,
    };
    let ended = counted(stats.ended, item);
    Some(match (*dropped, *spooled) {
        (dropped, 0) => {
            format!("prela: {dropped} of {ended} could not be delivered to {name}: {error}")
        }
        (0, spooled) => {
            format!("prela: {spooled} of {ended} wait in the spool for {name}: {error}")
        }
        (dropped, spooled) => format!(
            "prela: {dropped} of {ended} could not be delivered to {name}, and {spooled} wait in the spool: {error}"
        ),
    })
}

/// A flush whose time is over.
pub(super) fn late_flush(item: &str, waiting: u64, exporter: &str, error: Option<&str>) -> Error {
    let mut text = format!("flush: {} did not reach {exporter} in time", counted(waiting, item));
    if let Some(error) = error {
        text.push_str(": ");
        text.push_str(error);
    }
    Error::new(ErrorKind::Timeout, text)
}

/// A flush that is over in time.
pub(super) fn flushed(
    item: &str,
    lost: u64,
    kept: u64,
    exporter: &str,
    error: &str,
) -> Result<(), Error> {
    let text = match (lost, kept) {
        (0, 0) => return Ok(()),
        (0, kept) => {
            format!("flush: {} wait in the spool for {exporter}: {error}", counted(kept, item))
        }
        (lost, _) => {
            format!("flush: {} could not be exported to {exporter}: {error}", counted(lost, item))
        }
    };
    Err(Error::new(ErrorKind::Io, text))
}

pub(super) fn counted(count: u64, item: &str) -> String {
    if count == 1 { format!("1 {item}") } else { format!("{count} {item}s") }
}

const QUEUE_FULL: &str = "the queue was full";
