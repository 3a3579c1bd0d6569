//! What the code and the environment say about who watches the program while it runs.

use super::Builder;
use crate::env::{self, Environment, Variable};
#[cfg(feature = "__otlp")]
use crate::export::{AnyExporter, LocalTool};
#[cfg(feature = "__otlp")]
use crate::pipeline::{PendingSpans, PipelineSettings};
use crate::{Error, Resource};
#[cfg(feature = "__otlp")]
use std::sync::Arc;

/// What the code says; none where it says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::init) struct WatchingOptions {
    threads: Option<bool>,
    #[cfg(feature = "__otlp")]
    pending: Option<bool>,
}

/// What is watched.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::init) struct Watching {
    pub(super) threads: bool,
    #[cfg(feature = "__otlp")]
    pub(super) pending: bool,
}

impl Builder {
    /// Whether spans say on which thread they began, and in which task: `thread.id` and `thread.name` as
    /// OpenTelemetry has them, and `prela.task.id`, tokio's number of the task. With it `prela doctor` finds
    /// contexts that were lost between threads, and viewers can draw a lane for each.
    ///
    /// A root is marked by `prela.context.absent` if the context is empty on a thread to which contexts were
    /// carried before, which is how a forgotten hand-over looks. One that is to be a root is not marked:
    /// [`root`](crate::SpanBuilder::root), [`new_trace_context`](crate::new_trace_context), a request that came in.
    ///
    /// The resource gets a random `service.instance.id` and `process.pid`, unless it has some. What a builder
    /// sets of these keys stays.
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

    /// Whether spans are shown before they end, if `prela serve` is at the OTLP endpoint: `prela run` and
    /// `prela demo` ask for it. Any other receiver is sent nothing of the kind: an endpoint on this machine is
    /// asked who it is, others are not even asked.
    ///
    /// A span that runs for a tenth of a second or longer is sent as it is then, without an end and marked by
    /// `prela.pending`, and every two seconds again; its end replaces it. What leaves is what would leave when
    /// it ends: redacted, and with content only if that is asked for. Nothing waits for it and no count of
    /// [`Stats`](crate::pipeline::Stats) has it in it; [`pending_stats`](crate::Prela::pending_stats) says how many
    /// were shown. Of more than 4096 spans that run at once, or start within a tenth of a second, the others
    /// are left out.
    ///
    /// The resource gets a random `service.instance.id` and `process.pid`, unless it has some.
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
    /// The thread that shows spans before they end, if that is asked for and some receiver may be the local
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

    /// Has the resource tell this process from others, if anything is watched.
    pub(super) fn identify(self, resource: &mut Resource) {
        let is_any = self.threads;
        #[cfg(feature = "__otlp")]
        let is_any = is_any || self.pending;
        if is_any {
            resource.identify();
        }
    }
}
