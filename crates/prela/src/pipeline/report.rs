//! What is said about spans that were not delivered.

use super::stats::{Dropped, ExporterStats};
use crate::{Error, ErrorKind};
use std::time::{Duration, Instant};

/// When a lane last said something, and what it has not said yet.
#[derive(Default)]
pub(super) struct Report {
    /// Losses that no line has told of.
    pub(super) unreported: u64,
    reported_at: Option<Instant>,
}

/// A failing exporter says so at most this often.
const INTERVAL: Duration = Duration::from_secs(30);

impl Report {
    /// A line about new losses or a receiver's remark, if it is time for one.
    pub(super) fn line(
        &mut self,
        exporter: &str,
        error: Option<&str>,
        remark: Option<String>,
    ) -> Option<String> {
        let is_time = self.reported_at.is_none_or(|at| at.elapsed() >= INTERVAL);
        if !is_time || (self.unreported == 0 && remark.is_none()) {
            return None;
        }
        self.reported_at = Some(Instant::now());
        if self.unreported == 0 {
            return remark.map(|remark| format!("prela: {exporter} says: {remark}"));
        }
        let count = spans(std::mem::take(&mut self.unreported));
        let error = error.unwrap_or(QUEUE_FULL);
        Some(format!("prela: {count} could not be exported to {exporter}: {error}"))
    }
}

/// At shutdown: how many of all were not delivered, and why. None if all were.
pub(super) fn losses(stats: &ExporterStats) -> Option<String> {
    let ExporterStats { name, dropped, spooled, .. } = stats;
    if *dropped == 0 && *spooled == 0 {
        return None;
    }
    let Dropped { queue_full, shut_down, .. } = stats.dropped_by;
    let error = match &stats.last_error {
        Some(error) => error,
        None if shut_down > queue_full => "the time for shutdown ran out",
        None => QUEUE_FULL,
    };
    let ended = spans(stats.ended);
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
pub(super) fn late_flush(waiting: u64, exporter: &str, error: Option<&str>) -> Error {
    let mut text = format!("flush: {} did not reach {exporter} in time", spans(waiting));
    if let Some(error) = error {
        text.push_str(": ");
        text.push_str(error);
    }
    Error::new(ErrorKind::Timeout, text)
}

/// A flush that is over in time.
pub(super) fn flushed(lost: u64, kept: u64, exporter: &str, error: &str) -> Result<(), Error> {
    let text = match (lost, kept) {
        (0, 0) => return Ok(()),
        (0, kept) => format!("flush: {} wait in the spool for {exporter}: {error}", spans(kept)),
        (lost, _) => {
            format!("flush: {} could not be exported to {exporter}: {error}", spans(lost))
        }
    };
    Err(Error::new(ErrorKind::Io, text))
}

pub(super) fn spans(count: u64) -> String {
    if count == 1 { "1 span".to_owned() } else { format!("{count} spans") }
}

const QUEUE_FULL: &str = "the queue was full";
