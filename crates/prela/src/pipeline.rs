//! The pipeline: what happens to a span from its end to its arrival at a receiver.
//!
//! Ending a span puts it into one bounded queue for each exporter, and that is all that the caller's
//! thread ever does. A thread for each exporter, `prela-export`, takes batches from its queue and hands
//! them over; so one that blocks its thread holds up no other. It owns a runtime of its own, so that
//! starting, flushing and shutting down work on any runtime, on none, and after the user's is gone.

mod attempt;
mod backoff;
mod counts;
mod diagnostics;
mod drop_handler;
mod export_loop;
mod fate;
mod forks;
mod last_call;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
mod logs;
mod outage;
#[cfg(feature = "__otlp")]
mod pending;
mod pieces;
mod queue;
mod queues;
mod report;
mod request;
mod settings;
mod shards;
mod spooling;
mod stats;
mod tail;
mod worker;

pub(crate) use self::diagnostics::Diagnostics;
pub(crate) use self::drop_handler::DropHandler;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) use self::logs::LogPipeline;
#[cfg(feature = "__otlp")]
pub(crate) use self::pending::PendingSpans;
#[cfg(feature = "__otlp")]
pub use self::pending::PendingStats;
pub use self::queue::Overflow;
pub(crate) use self::settings::PipelineSettings;
pub use self::stats::{Dropped, ExporterStats, Recovered, ShutdownReport, Stats};
pub use self::tail::TailRule;
pub(crate) use self::worker::wait_elsewhere;

use self::forks::PerProcess;
use self::settings::Setup;
use crate::export::AnyExporter;
use crate::span::SpanIntake;
use crate::span::{EncodedSpan, EndedSpan};
use crate::{Error, Resource, fork};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The queues and the export threads of one instance.
#[derive(Clone)]
pub(crate) struct Pipeline {
    process: Arc<PerProcess>,
}

impl Pipeline {
    /// Starts the export threads.
    ///
    /// # Errors
    ///
    /// The operating system cannot start a thread, or has no event queue for its runtime.
    pub(crate) fn start(
        exporters: Vec<AnyExporter>,
        resource: Arc<Resource>,
        settings: PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        fork::check();
        let process = PerProcess::start(exporters, Setup { resource, settings, diagnostics })?;
        Ok(Self { process: Arc::new(process) })
    }

    pub(crate) fn stats(&self) -> Stats {
        fork::check();
        self.process.current().queues.stats()
    }

    /// Waits until every span that ended before this call has left its queue.
    pub(crate) fn flush(&self, within: Duration) -> Result<(), Error> {
        fork::check();
        self.process.current().queues.flush(within)
    }

    /// Begins the shutdown, which [`shutdown`](Self::shutdown) waits for.
    pub(crate) fn close(&self, within: Duration) {
        self.process.current().queues.close(within);
    }

    /// Sends what is queued and stops the threads; gives up when `within` has passed. Spans that end
    /// later are counted as dropped.
    pub(crate) fn shutdown(&self, within: Duration) -> ShutdownReport {
        fork::check();
        self.process.current().queues.shutdown(within)
    }
}

impl PerProcess {
    /// Takes in a span once it is redacted and cut.
    #[inline(never)]
    fn take_in_changed(&self, span: &EndedSpan<'_>) {
        let mut data = span.to_data();
        self.setup.settings.clean(&mut data);
        self.queues.take_in(&EncodedSpan::rewritten(&data).ended());
    }
}

impl SpanIntake for Pipeline {
    #[inline]
    fn on_end(&self, span: &EndedSpan<'_>) {
        let process = self.process.current();
        if process.setup.settings.changes(span) {
            process.take_in_changed(span);
        } else {
            process.queues.take_in(span);
        }
    }

    fn on_unsampled(&self) {
        self.process.current().queues.count_unsampled();
    }

    fn on_late(&self, was_used: bool) {
        let PerProcess { setup, queues, .. } = self.process.current();
        // Without exporters no span is missed.
        if !queues.is_empty() {
            setup.diagnostics.spans_after_shutdown(&setup.resource.service_name(), was_used);
        }
    }

    fn remark(&self, line: &str) {
        self.process.current().setup.diagnostics.line(line);
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queues = &self.process.current().queues;
        f.debug_struct("Pipeline").field("queues", queues).finish_non_exhaustive()
    }
}
