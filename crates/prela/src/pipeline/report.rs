//! The lines and errors about spans that were not delivered.

use super::fate::{Fate, Loss};
use super::outage::Outage;
use super::stats::{Dropped, ExporterStats};
use crate::export::Exported;
use crate::{Contact, Error, ErrorKind};
use std::fmt;
use std::time::{Duration, Instant};

/// What a queue has reported, and what there is to report.
pub(super) struct Report {
    /// The name of one item: `span`, `log record` or `metric`.
    item: &'static str,
    /// How many losses were reported.
    told_losses: u64,
    reported_at: Option<Instant>,
    outage: Outage,
    /// The last error of an attempt, whatever became of its spans.
    last_error: Option<String>,
    /// Why the last spans that were lost were lost.
    last_loss: Option<String>,
    /// The receiver's last message about spans that it took.
    last_remark: Option<String>,
    /// Whether that message came while shutting down.
    has_untold_remark: bool,
}

impl Report {
    pub(super) fn new(item: &'static str) -> Self {
        Self {
            item,
            told_losses: 0,
            reported_at: None,
            outage: Outage::default(),
            last_error: None,
            last_loss: None,
            last_remark: None,
            has_untold_remark: false,
        }
    }

    pub(super) fn item(&self) -> &'static str {
        self.item
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.last_error.clone()
    }

    /// Remembers an attempt's error.
    pub(super) fn note_error(&mut self, error: &Error) {
        self.last_error = Some(error.chain());
    }

    /// Remembers what became of spans.
    pub(super) fn note(&mut self, fate: &Fate) {
        match fate {
            Fate::Taken(Exported { message: Some(remark), .. }) => {
                self.last_remark = Some(remark.clone());
            }
            Fate::Lost(Loss::ShutDown, _) => self.last_loss.clone_from(&self.last_error),
            Fate::Lost(_, Some(error)) => {
                self.note_error(error);
                self.last_loss.clone_from(&self.last_error);
            }
            Fate::Taken(_) | Fate::Spooled | Fate::Lost(_, None) => {}
        }
    }

    /// Leaves a remark, if there was one, to [`last_lines`](Self::last_lines).
    pub(super) fn keep_remark(&mut self, is_there: bool) {
        self.has_untold_remark |= is_there;
    }

    /// A line about new losses or a receiver's remark, if it is time for one. `losses`: all so far.
    pub(super) fn line(
        &mut self,
        exporter: &str,
        losses: u64,
        remark: Option<String>,
        now: Instant,
    ) -> Option<String> {
        let pause = self.outage.pause();
        let is_time = self.reported_at.is_none_or(|at| now.saturating_duration_since(at) >= pause);
        let new_losses = losses - self.told_losses;
        if !is_time || (new_losses == 0 && remark.is_none()) {
            return None;
        }
        self.told(now);
        if new_losses == 0 {
            return remark.map(|it| self::remark(exporter, &it));
        }
        self.told_losses = losses;
        let count = counted(new_losses, self.item);
        let error = self.last_loss.as_deref().unwrap_or(QUEUE_FULL);
        Some(format!("prela: {count} could not be exported to {exporter}: {error}"))
    }

    /// A line about a failed attempt that another one follows, if it is time for one. `began`: when it did.
    pub(super) fn failure(
        &mut self,
        exporter: &str,
        error: &Error,
        unsettled: Unsettled,
        began: Instant,
        now: Instant,
    ) -> Option<String> {
        let lasts = self.outage.failed(error, began, now)?;
        let is_first = !self.outage.is_told();
        // `reported_at` stays, since a first line about losses is no repetition of this one.
        self.outage.told(now);
        let state = if is_first && error.contact() == Some(Contact::Absent) {
            "cannot be reached".to_owned()
        } else {
            format!("has taken nothing for {}", seconds(lasts))
        };
        let error = error.chain();
        Some(format!("prela: {exporter} {state}: {error}; {unsettled}, and attempts go on"))
    }

    /// A line about an attempt that succeeded, if a line reported that none did.
    pub(super) fn success(
        &mut self,
        exporter: &str,
        unsettled: Unsettled,
        now: Instant,
    ) -> Option<String> {
        let lasted = seconds(self.outage.end(now)?);
        Some(format!("prela: {exporter} works again, after {lasted}; {unsettled}"))
    }

    fn told(&mut self, now: Instant) {
        self.reported_at = Some(now);
        self.outage.told(now);
    }

    /// The lines of a shutdown: how many of all spans were not delivered, and why; and what the receiver said
    /// of the others.
    pub(super) fn last_lines(&self, stats: &ExporterStats) -> Vec<String> {
        let remark = self.last_remark.as_deref();
        let said =
            remark.filter(|_| self.has_untold_remark).map(|it| self::remark(&stats.name, it));
        let losses = losses(self.item, stats, self.last_loss.as_deref());
        losses.into_iter().chain(rejected(self.item, stats, remark).or(said)).collect()
    }

    /// The error of a flush whose time is over.
    pub(super) fn late_flush(&self, waiting: u64, exporter: &str) -> Error {
        let mut text =
            format!("flush: {} did not reach {exporter} in time", counted(waiting, self.item));
        if let Some(error) = &self.last_error {
            text.push_str(": ");
            text.push_str(error);
        }
        Error::new(ErrorKind::Timeout, text)
    }

    /// The result of a flush that ended in time.
    pub(super) fn flushed(&self, lost: u64, spooled: u64, exporter: &str) -> Result<(), Error> {
        let error = if lost > 0 { &self.last_loss } else { &self.last_error };
        let error = error.as_deref().unwrap_or(QUEUE_FULL);
        let what = match (lost, spooled) {
            (0, 0) => return Ok(()),
            (0, spooled) => format!("{} wait in the spool for", counted(spooled, self.item)),
            (lost, _) => format!("{} could not be exported to", counted(lost, self.item)),
        };
        Err(Error::new(ErrorKind::Io, format!("flush: {what} {exporter}: {error}")))
    }
}

/// How many spans have no fate yet.
#[derive(Clone, Copy)]
pub(super) struct Unsettled {
    pub(super) item: &'static str,
    pub(super) in_memory: u64,
    pub(super) on_disk: u64,
}

impl fmt::Display for Unsettled {
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

/// The line with a receiver's message about spans that it took.
fn remark(exporter: &str, remark: &str) -> String {
    format!("prela: {exporter} says: {remark}")
}

/// The line at shutdown about spans that the receiver rejected, and why if it said so. None if it rejected
/// none.
fn rejected(item: &str, stats: &ExporterStats, remark: Option<&str>) -> Option<String> {
    if stats.rejected == 0 {
        return None;
    }
    let ended = counted(stats.ended, item);
    let line = format!("prela: {} of {ended} were rejected by {}", stats.rejected, stats.name);
    Some(remark.map_or(line.clone(), |remark| format!("{line}: {remark}")))
}

/// The line at shutdown about spans that were not delivered, and why. None if all were.
fn losses(item: &str, stats: &ExporterStats, last_loss: Option<&str>) -> Option<String> {
    let ExporterStats { name, dropped, spooled, .. } = stats;
    if *dropped == 0 && *spooled == 0 {
        return None;
    }
    let Dropped { queue_full, shut_down, .. } = stats.dropped_by;
    // The last error may have nothing to do with the losses, so it comes second.
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

fn counted(count: u64, item: &str) -> String {
    if count == 1 { format!("1 {item}") } else { format!("{count} {item}s") }
}

const QUEUE_FULL: &str = "the queue was full";
