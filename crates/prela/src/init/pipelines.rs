//! The pipelines of one instance, one for each signal.

use crate::Error;
#[cfg(all(feature = "metrics", feature = "__otlp"))]
use crate::otel::Meters;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
use crate::pipeline::LogPipeline;
#[cfg(feature = "__otlp")]
use crate::pipeline::PendingSpans;
use crate::pipeline::{Pipeline, ShutdownReport, wait_elsewhere};
use std::future::Future;
use std::time::{Duration, Instant};

#[derive(Clone)]
pub(super) struct Pipelines {
    pub(super) traces: Pipeline,
    /// Not a pipeline: what it sends are copies.
    #[cfg(feature = "__otlp")]
    pub(super) pending: Option<PendingSpans>,
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    pub(super) logs: Option<LogPipeline>,
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    pub(super) metrics: Option<(Pipeline, Meters)>,
}

impl Pipelines {
    pub(super) fn logs(&self) -> Option<&Pipeline> {
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        return self.logs.as_ref().map(LogPipeline::pipeline);
        #[cfg(not(all(feature = "tracing", feature = "__otlp")))]
        None
    }

    pub(super) fn metrics(&self) -> Option<&Pipeline> {
        #[cfg(all(feature = "metrics", feature = "__otlp"))]
        return self.metrics.as_ref().map(|(pipeline, _)| pipeline);
        #[cfg(not(all(feature = "metrics", feature = "__otlp")))]
        None
    }

    /// The pipelines of the signals other than spans.
    fn others(&self) -> impl Iterator<Item = &Pipeline> {
        [self.logs(), self.metrics()].into_iter().flatten()
    }

    /// Puts what was measured so far into the pipeline.
    fn collect(&self, is_last: bool) {
        #[cfg(all(feature = "metrics", feature = "__otlp"))]
        if let Some((_, meters)) = &self.metrics {
            if is_last { meters.end() } else { meters.collect() }
        }
        #[cfg(not(all(feature = "metrics", feature = "__otlp")))]
        let _ = is_last;
    }

    pub(super) fn flush(&self, within: Duration) -> Result<(), Error> {
        let began = Instant::now();
        self.collect(false);
        let left = || within.saturating_sub(began.elapsed());
        let traces = self.traces.flush(within);
        self.others().fold(traces, |result, other| result.and(other.flush(left())))
    }

    pub(super) fn flush_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pipelines = self.clone();
        async move { wait_elsewhere(move || pipelines.flush(within)).await.and_then(|it| it) }
    }

    /// Shuts all of them down at once, within one time limit.
    pub(super) fn shutdown(&self, within: Duration) -> ShutdownReport {
        let began = Instant::now();
        #[cfg(feature = "__otlp")]
        if let Some(pending) = &self.pending {
            pending.stop();
        }
        self.collect(true);
        self.others().for_each(|other| other.close(within));
        let left = || within.saturating_sub(began.elapsed());
        let mut report = self.traces.shutdown(within);
        let mut end = |pipeline: &Pipeline| {
            let ended = pipeline.shutdown(left());
            report.timed_out |= ended.timed_out;
            ended.stats
        };
        let (logs, metrics) = (self.logs().map(&mut end), self.metrics().map(&mut end));
        ShutdownReport { logs, metrics, ..report }
    }
}
