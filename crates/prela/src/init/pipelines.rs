//! The pipelines of one instance, one for each signal.

use crate::Error;
#[cfg(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http")))]
use crate::pipeline::LogPipeline;
use crate::pipeline::Pipeline;
use crate::pipeline::ShutdownReport;
use futures_util::future::{join, join_all};
use std::future::Future;
use std::time::{Duration, Instant};

#[derive(Clone)]
pub(super) struct Pipelines {
    pub(super) traces: Pipeline,
    #[cfg(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http")))]
    pub(super) logs: Option<LogPipeline>,
}

impl Pipelines {
    /// Those beside that of spans.
    fn others(&self) -> Vec<Pipeline> {
        #[cfg(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http")))]
        return self.logs.iter().map(|logs| logs.pipeline().clone()).collect();
        #[cfg(not(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http"))))]
        Vec::new()
    }

    pub(super) fn flush(&self, within: Duration) -> Result<(), Error> {
        let began = Instant::now();
        let mut result = self.traces.flush(within);
        for other in self.others() {
            result = result.and(other.flush(within.saturating_sub(began.elapsed())));
        }
        result
    }

    pub(super) fn flush_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let traces = self.traces.flush_async(within);
        let others: Vec<_> = self.others().iter().map(|it| it.flush_async(within)).collect();
        async move {
            let (traces, others) = join(traces, join_all(others)).await;
            others.into_iter().fold(traces, Result::and)
        }
    }

    /// All at once, within one time.
    pub(super) fn shutdown(&self, within: Duration) -> ShutdownReport {
        let began = Instant::now();
        let others = self.others();
        others.iter().for_each(|other| other.close(within));
        let traces = self.traces.shutdown(within);
        let left = || within.saturating_sub(began.elapsed());
        let others: Vec<_> = others.iter().map(|it| it.shutdown(left())).collect();
        self.report(traces, &others)
    }

    pub(super) fn shutdown_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = ShutdownReport> + Send + use<> {
        let traces = self.traces.shutdown_async(within);
        let others: Vec<_> = self.others().iter().map(|it| it.shutdown_async(within)).collect();
        let pipelines = self.clone();
        async move {
            let (traces, others) = join(traces, join_all(others)).await;
            pipelines.report(traces, &others)
        }
    }

    fn report(&self, traces: ShutdownReport, others: &[ShutdownReport]) -> ShutdownReport {
        let timed_out = traces.timed_out || others.iter().any(|other| other.timed_out);
        #[cfg(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http")))]
        let logs = self.logs.as_ref().map(LogPipeline::stats);
        #[cfg(not(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http"))))]
        let logs = None;
        ShutdownReport { timed_out, logs, ..traces }
    }
}
