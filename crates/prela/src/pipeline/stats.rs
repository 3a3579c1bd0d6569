//! What became of every span.

/// What became of the spans of one instance, at one moment.
///
/// Always, and exactly: `ended == unsampled + exported + rejected + dropped + queued + in_flight +
/// spooled`. With several exporters a recorded span counts once for each, since each has a fate of
/// its own to tell; [`Stats::exporters`] has them one by one.
///
/// ```
/// # let memory = prela::MemoryExporter::new();
/// let prela = prela::builder().service_name("doc").exporter(prela::Exporter::memory(&memory)).build()?;
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
    /// Kept on disk for later. Always 0 in this version, which has no spool.
    pub spooled: u64,
    /// [`Stats::dropped`] by reason.
    pub dropped_by: Dropped,
    /// The same for each exporter, in the order in which they were given.
    pub exporters: Vec<ExporterStats>,
}

/// Lost spans by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// The queue was full when they ended.
    pub queue_full: u64,
    /// Their export failed, timed out or panicked.
    pub export_failed: u64,
    /// They ended after shutdown, or shutdown ran out of time.
    pub shut_down: u64,
    /// The instance has no exporter.
    pub no_exporter: u64,
}

impl Dropped {
    pub(super) fn total(&self) -> u64 {
        self.queue_full + self.export_failed + self.shut_down + self.no_exporter
    }

    fn add(&mut self, other: &Self) {
        self.queue_full += other.queue_full;
        self.export_failed += other.export_failed;
        self.shut_down += other.shut_down;
        self.no_exporter += other.no_exporter;
    }
}

/// What became of the spans handed to one exporter: `ended == exported + rejected + dropped + queued +
/// in_flight + spooled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// The exporter's [`name`](crate::SpanExporter::name).
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
    /// Why the last export failed, if one did.
    pub last_error: Option<String>,
}

impl Stats {
    pub(super) fn new(unsampled: u64, no_exporter: u64, exporters: Vec<ExporterStats>) -> Self {
        let mut stats = Self {
            ended: unsampled + no_exporter,
            unsampled,
            dropped_by: Dropped { no_exporter, ..Dropped::default() },
            ..Self::default()
        };
        for exporter in &exporters {
            stats.ended += exporter.ended;
            stats.exported += exporter.exported;
            stats.rejected += exporter.rejected;
            stats.queued += exporter.queued;
            stats.in_flight += exporter.in_flight;
            stats.spooled += exporter.spooled;
            stats.dropped_by.add(&exporter.dropped_by);
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
}

impl ShutdownReport {
    /// Spans that an exporter was to have and did not deliver.
    pub fn undelivered(&self) -> u64 {
        let stats = &self.stats;
        stats.dropped - stats.dropped_by.no_exporter + stats.queued + stats.in_flight
    }
}
