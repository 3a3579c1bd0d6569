//! The pipeline: what happens to a span between its end and its arrival somewhere.
//!
//! Ending a span puts it into one bounded queue for each exporter, and that is all that the caller's
//! thread ever does. One thread, `prela-export`, takes batches from the queues and hands them to the
//! exporters. It owns a runtime of its own, so that starting, flushing and shutting down work on any
//! runtime, on none, and after the user's is gone.

mod diagnostics;
mod lane;
mod stats;
mod worker;

pub(crate) use self::diagnostics::Diagnostics;
pub use self::stats::{Dropped, ExporterStats, ShutdownReport, Stats};

use self::lane::Lane;
use self::worker::Worker;
use crate::export::SpanExporter;
use crate::span::processor::Sink;
use crate::{Error, ErrorKind, Resource, SpanData};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Sizes and times of a pipeline; the builder documents them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PipelineSettings {
    pub(crate) max_queue_size: usize,
    pub(crate) max_batch_size: usize,
    pub(crate) schedule_delay: Duration,
    pub(crate) export_timeout: Duration,
}

/// The queues and the export thread of one instance.
#[derive(Clone)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
}

struct Shared {
    lanes: Vec<Arc<Lane>>,
    /// None without exporters: there is nothing to do for a thread.
    worker: Option<Worker>,
    unsampled: AtomicU64,
    no_exporter: AtomicU64,
    shut_down: AtomicBool,
    diagnostics: Diagnostics,
}

impl Pipeline {
    /// Starts the export thread.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread, or no event queue for its runtime.
    pub(crate) fn start(
        exporters: Vec<Box<dyn SpanExporter>>,
        resource: Arc<Resource>,
        settings: PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let lane = |exporter: &dyn SpanExporter| {
            Arc::new(Lane::new(exporter, settings.max_queue_size, settings.max_batch_size))
        };
        let lanes: Vec<_> = exporters.iter().map(|exporter| lane(&**exporter)).collect();
        let worker = if lanes.is_empty() {
            None
        } else {
            let work = lanes.iter().cloned().zip(exporters).collect();
            Some(Worker::start(work, resource, settings, diagnostics.clone())?)
        };
        Ok(Self {
            shared: Arc::new(Shared {
                lanes,
                worker,
                unsampled: AtomicU64::new(0),
                no_exporter: AtomicU64::new(0),
                shut_down: AtomicBool::new(false),
                diagnostics,
            }),
        })
    }

    pub(crate) fn stats(&self) -> Stats {
        let exporters = self.shared.lanes.iter().map(|lane| lane.stats()).collect();
        Stats::new(
            self.shared.unsampled.load(Ordering::Relaxed),
            self.shared.no_exporter.load(Ordering::Relaxed),
            exporters,
        )
    }

    /// Waits until every span that ended before this call has left its queue.
    pub(crate) fn flush(&self, within: Duration) -> Result<(), Error> {
        if self.shared.shut_down.load(Ordering::Acquire) {
            return Err(Error::new(
                ErrorKind::ShutDown,
                "flush: the instance was shut down before",
            ));
        }
        let deadline = Instant::now().checked_add(within);
        // All at once first, so that the exporters work side by side.
        let tickets: Vec<_> = self.shared.lanes.iter().map(|lane| lane.request_flush()).collect();
        let mut result = Ok(());
        for (lane, ticket) in self.shared.lanes.iter().zip(tickets) {
            result = result.and(lane.wait_for_flush(&ticket, deadline));
        }
        result
    }

    pub(crate) fn flush_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pipeline = self.clone();
        async move {
            worker::wait_elsewhere(move || pipeline.flush(within)).await.and_then(|flushed| flushed)
        }
    }

    /// Sends what is queued and stops the thread; gives up when `within` has passed. Spans that end
    /// later are counted as dropped.
    pub(crate) fn shutdown(&self, within: Duration) -> ShutdownReport {
        let is_first = !self.shared.shut_down.swap(true, Ordering::AcqRel);
        for lane in &self.shared.lanes {
            lane.close();
        }
        let is_done = self.shared.worker.as_ref().is_none_or(|worker| worker.wait(within));
        if !is_done {
            for lane in &self.shared.lanes {
                lane.abandon();
            }
        }
        if let Some(worker) = &self.shared.worker {
            worker.stop();
        }
        if is_first {
            for lane in &self.shared.lanes {
                lane.report_losses(&self.shared.diagnostics);
            }
        }
        ShutdownReport { stats: self.stats(), timed_out: !is_done }
    }

    pub(crate) fn shutdown_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = ShutdownReport> + Send + use<> {
        let pipeline = self.clone();
        async move {
            let waiting = pipeline.clone();
            let report = worker::wait_elsewhere(move || waiting.shutdown(within)).await;
            // Without a thread to wait on there is no time to give.
            report.unwrap_or_else(|_| pipeline.shutdown(Duration::ZERO))
        }
    }
}

impl Sink for Pipeline {
    fn on_end(&self, span: Arc<SpanData>) {
        let Some((last, others)) = self.shared.lanes.split_last() else {
            self.shared.no_exporter.fetch_add(1, Ordering::Relaxed);
            return;
        };
        for lane in others {
            lane.push(span.clone());
        }
        last.push(span);
    }

    fn on_unsampled(&self) {
        self.shared.unsampled.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("lanes", &self.shared.lanes).finish_non_exhaustive()
    }
}
