//! The settings for those who watch a program while it runs, in code and in the environment.

use super::Builder;
use crate::env::{self, Environment, Variable};
#[cfg(feature = "__otlp")]
use crate::export::{AnyExporter, LocalTool};
#[cfg(feature = "__otlp")]
use crate::pipeline::{PendingSpans, PipelineSettings};
use crate::{Error, Resource};
#[cfg(feature = "__otlp")]
use std::sync::Arc;

/// The settings made in code; none where not set.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::init) struct WatchingOptions {
    threads: Option<bool>,
    #[cfg(feature = "__otlp")]
    pending: Option<bool>,
}

/// The settings in force.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::init) struct Watching {
    pub(super) threads: bool,
    #[cfg(feature = "__otlp")]
    pub(super) pending: bool,
}

impl Builder {
    /// Whether spans say on which thread they began, and in which task: `thread.id` and `thread.name` as
    /// OpenTelemetry has them, and `prela.task.id`, tokio's number of the task. With them `prela doctor` finds
    /// contexts that were lost between threads, and viewers can draw a lane for each. One of these attributes that a
    /// span's builder sets stays.
    ///
    /// A root is marked by `prela.context.absent` if the context is empty on a thread to which contexts were
    /// carried before, which is how a forgotten hand-over looks. One that is to be a root is not marked:
    /// [`root`](crate::SpanBuilder::root), [`new_trace_context`](crate::new_trace_context), a request that came in.
    ///
    /// The resource gets a random `service.instance.id` and the `process.pid`, unless it has them already.
    ///
    /// Cost: none when it is off. When it is on each start looks into its context, as with a
    /// [`processor`](Self::processor).
    ///
    /// Environment: `PRELA_RECORD_THREADS`. Default: no.
    ///
    /// ```
    /// use prela::testing::Capture;
    ///
    /// let capture = Capture::with(|builder| builder.record_threads(true));
    /// capture.tracer().span_default("work").in_scope(|_| ());
    /// assert!(capture.spans()[0].attribute("thread.id").is_some());
    /// ```
    ///
    /// Sources: [thread attributes](https://opentelemetry.io/docs/specs/semconv/registry/attributes/thread/),
    /// [service attributes](https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/).
    pub fn record_threads(mut self, records: bool) -> Self {
        self.watching.threads = Some(records);
        self
    }

    /// Whether spans are shown before they end, if `prela serve` is at the OTLP endpoint. `prela run` and `prela demo`
    /// turn it on. No other receiver is sent a span that runs: an endpoint on this machine is asked whether it is
    /// `prela serve`, and others are not even asked.
    ///
    /// A span that runs for a tenth of a second or longer is sent as it is then, without an end and marked by
    /// `prela.pending`, and every two seconds again; its end replaces it. What leaves is what would leave when
    /// it ends: redacted, and with content only if that is asked for. Nothing waits for these copies, and
    /// [`Stats`](crate::pipeline::Stats) does not count them; [`pending_stats`](crate::Prela::pending_stats) says how
    /// many spans were shown. At most 4096 spans that run at once are shown, and as many that start within a tenth of a
    /// second.
    ///
    /// The resource gets a random `service.instance.id` and the `process.pid`, unless it has them already.
    ///
    /// Cost: none when it is off. When it is on each start looks into its context and takes a short lock, and
    /// there is one more thread.
    ///
    /// Environment: `PRELA_PENDING`. Default: no.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), prela::Error> {
    /// use prela::Exporter;
    ///
    /// let exporter = Exporter::otlp_grpc("http://localhost:4317");
    /// let _prela = prela::builder().exporter(exporter).pending_spans(true).init()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "__otlp")]
    pub fn pending_spans(mut self, shows: bool) -> Self {
        self.watching.pending = Some(shows);
        self
    }
}

/// The settings in force: those of the code, or else of the environment.
pub(super) fn watching(env: &Environment, given: WatchingOptions) -> Result<Watching, Error> {
    let flag = |given: Option<bool>, variable: Variable| match given {
        Some(given) => Ok(given),
        None => {
            let choices = [("1", true), ("true", true), ("0", false), ("false", false)];
            env.get(variable)?.map_or(Ok(false), |setting| setting.choice(&choices))
        }
    };
    Ok(Watching {
        threads: flag(given.threads, env::PRELA_RECORD_THREADS)?,
        #[cfg(feature = "__otlp")]
        pending: flag(given.pending, env::PRELA_PENDING)?,
    })
}

impl Watching {
    /// Starts the thread that shows spans before they end, if that is asked for and some receiver may be the local
    /// tool.
    #[cfg(feature = "__otlp")]
    pub(super) fn pending(
        self,
        exporters: &[AnyExporter],
        resource: &Arc<Resource>,
        settings: &PipelineSettings,
    ) -> Result<Option<PendingSpans>, Error> {
        let tools = exporters.iter().filter(|_| self.pending).filter_map(LocalTool::of);
        let tools: Vec<_> = tools.collect();
        match tools.is_empty() {
            true => Ok(None),
            false => PendingSpans::start(tools, resource.clone(), settings.clone()).map(Some),
        }
    }

    /// Gives the resource attributes that tell this process from others, if anything is watched.
    pub(super) fn identify(self, resource: &mut Resource) {
        let is_any = self.threads;
        #[cfg(feature = "__otlp")]
        let is_any = is_any || self.pending;
        if is_any {
            resource.identify();
        }
    }
}
