//! What became of every span.

use super::fate::Loss;

/// What became of the spans of one instance, at one moment.
///
/// Always, and exactly: `ended == unsampled + exported + rejected + dropped + queued + in_flight +
/// spooled`. With several exporters a recorded span counts once for each, since it may fare differently at
/// each; [`Stats::exporters`] has them one by one.
///
/// ```
/// # let memory = prela::export::MemoryExporter::new();
/// let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// prela.tracer().span_default("work").in_scope(|_| ());
/// prela.flush(std::time::Duration::from_secs(5))?;
/// let stats = prela.stats();
/// assert_eq!((stats.ended, stats.exported, stats.dropped), (1, 1, 0));
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Spans that ended.
    pub ended: u64,
    /// Left out by the sampler.
    pub unsampled: u64,
    /// Taken by the receiver.
    pub exported: u64,
    /// Refused by a receiver that took the rest of their batch.
    pub rejected: u64,
    /// Lost, for one of the reasons in [`Stats::dropped_by`].
    pub dropped: u64,
    /// Waiting.
    pub queued: u64,
    /// Being sent.
    pub in_flight: u64,
    /// Kept on disk for later, in the spool.
    pub spooled: u64,
    /// [`Stats::dropped`] by reason.
    pub dropped_by: Dropped,
    /// Spans of earlier runs of the program. No other number includes them.
    pub recovered: Recovered,
    /// Scopes of this process, of any instance or none, that were entered inside OpenTelemetry's
    /// `get_active_span` or `Context::map_current`, where no context can become current. Their spans are
    /// recorded, but what began inside has the parent that is current outside. For each, OpenTelemetry's own
    /// check also sends a message to the panic hook. Enter scopes after such a closure, not in it.
    pub not_current: u64,
    /// The numbers of each exporter, in the order in which they were given.
    pub exporters: Vec<ExporterStats>,
}

/// Lost spans by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The queue was full when they ended; with [`Overflow::DropOldest`](crate::pipeline::Overflow), when later
    /// ones did.
    pub queue_full: u64,
    /// Their export failed, timed out or panicked, and no further attempt was made.
    pub export_failed: u64,
    /// The span alone is larger than the receiver accepts.
    pub too_large: u64,
    /// They ended after shutdown, or shutdown ran out of time.
    pub shut_down: u64,
    /// The spool did not take them (its limit was reached, or the disk failed), or could not give them
    /// back (they became too old, or the file was damaged).
    pub spool: u64,
    /// The [tail rule](crate::pipeline::TailRule) held their trace, and its room was used up.
    pub undecided: u64,
    /// The instance has no exporter; or, in a forked process, none that could be made again there.
    pub no_exporter: u64,
}

impl Dropped {
    pub(super) fn total(&self) -> u64 {
        let Self { queue_full, export_failed, too_large, shut_down, spool, undecided, no_exporter } =
            self;
        queue_full + export_failed + too_large + shut_down + spool + undecided + no_exporter
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.queue_full += other.queue_full;
        self.export_failed += other.export_failed;
        self.too_large += other.too_large;
        self.shut_down += other.shut_down;
        self.spool += other.spool;
        self.undecided += other.undecided;
        self.no_exporter += other.no_exporter;
    }

    /// What was added since `earlier`.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            queue_full: self.queue_full.saturating_sub(earlier.queue_full),
            export_failed: self.export_failed.saturating_sub(earlier.export_failed),
            too_large: self.too_large.saturating_sub(earlier.too_large),
            shut_down: self.shut_down.saturating_sub(earlier.shut_down),
            spool: self.spool.saturating_sub(earlier.spool),
            undecided: self.undecided.saturating_sub(earlier.undecided),
            no_exporter: self.no_exporter.saturating_sub(earlier.no_exporter),
        }
    }

    pub(super) fn of(&mut self, loss: Loss) -> &mut u64 {
        match loss {
            Loss::QueueFull => &mut self.queue_full,
            Loss::ExportFailed => &mut self.export_failed,
            Loss::TooLarge => &mut self.too_large,
            Loss::ShutDown => &mut self.shut_down,
            Loss::Spool => &mut self.spool,
        }
    }
}

/// What became of spans that earlier runs of the program left in the spool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Spans found that can be read.
    pub found: u64,
    /// Taken by the receiver.
    pub exported: u64,
    /// Refused by the receiver.
    pub rejected: u64,
    /// Too old, or damaged since they were found.
    pub dropped: u64,
    /// Still on disk.
    pub spooled: u64,
    /// Pieces of files that could not be read: the last write of a run that was killed, or damage. How
    /// many spans were in them is not known.
    pub unreadable: u64,
}

impl Recovered {
    fn add(&mut self, other: &Self) {
        self.found += other.found;
        self.exported += other.exported;
        self.rejected += other.rejected;
        self.dropped += other.dropped;
        self.spooled += other.spooled;
        self.unreadable += other.unreadable;
    }
}

/// What became of the spans handed to one exporter: `ended == exported + rejected + dropped + queued +
/// in_flight + spooled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// The exporter's [`name`](crate::export::SpanExporter::name).
    pub name: String,
    /// Recorded spans that ended.
    pub ended: u64,
    /// Taken by the receiver.
    pub exported: u64,
    /// Refused by a receiver that took the rest of their batch.
    pub rejected: u64,
    /// Lost, for one of the reasons in [`ExporterStats::dropped_by`].
    pub dropped: u64,
    /// Waiting.
    pub queued: u64,
    /// Being sent.
    pub in_flight: u64,
    /// Kept on disk for later.
    pub spooled: u64,
    /// [`ExporterStats::dropped`] by reason.
    pub dropped_by: Dropped,
    /// Spans of earlier runs of the program. No other number includes them.
    pub recovered: Recovered,
    /// Why the last export failed, if one did.
    pub last_error: Option<String>,
}

impl Stats {
    /// Adds the numbers of all exporters to those of spans that no exporter was given yet.
    pub(super) fn new(before: Self, exporters: Vec<ExporterStats>) -> Self {
        let mut stats = before;
        for exporter in &exporters {
            stats.ended += exporter.ended;
            stats.exported += exporter.exported;
            stats.rejected += exporter.rejected;
            stats.queued += exporter.queued;
            stats.in_flight += exporter.in_flight;
            stats.spooled += exporter.spooled;
            stats.dropped_by.add(&exporter.dropped_by);
            stats.recovered.add(&exporter.recovered);
        }
        stats.dropped = stats.dropped_by.total();
        stats.exporters = exporters;
        stats
    }
}

/// How a shutdown went: from [`Prela::shutdown`](crate::Prela::shutdown).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// What became of the spans.
    pub stats: Stats,
    /// Whether the time ran out before the exporters were done.
    pub timed_out: bool,
    /// What became of the log records, if there was an exporter for them.
    pub logs: Option<Stats>,
    /// What became of the metrics, if there was an exporter for them; each counts once per collection.
    pub metrics: Option<Stats>,
}

impl ShutdownReport {
    /// Spans that were meant for an exporter and not delivered, without those in the spool, which the next run
    /// sends.
    pub fn undelivered(&self) -> u64 {
        let stats = &self.stats;
        stats.dropped - stats.dropped_by.no_exporter + stats.queued + stats.in_flight
    }
}
