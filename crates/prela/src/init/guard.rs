//! A running instance.

use super::exit;
use super::pipelines::Pipelines;
use super::running::Running;
use crate::context::{self, unawaited};
use crate::pipeline::{ShutdownReport, Stats};
use crate::propagation::Propagator;
use crate::sampling::SamplingStats;
use crate::span::Provider;
use crate::span::Source;
use crate::span::SpanIntake as _;
use crate::tracer::TracerProvider;
use crate::tracer::{self, global};
use crate::{Error, Resource, Tracer};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A running instance, from [`init`](crate::init) or [`Builder::build`](crate::Builder::build).
///
/// Dropping it sends what is queued, for at most [`shutdown_timeout`](crate::Builder::shutdown_timeout),
/// and ends tracing: spans that start later do nothing, and spans that were open are counted as dropped
/// when they end. So keep it in a variable of `main` with a name, such as `_prela`: `let _ = ..` keeps
/// nothing, and drops it at once. The compiler finds that with `#![warn(let_underscore_drop)]`, which is
/// not on by default; without it a line on the [diagnostics](crate::Builder::diagnostics) says so, once, when
/// spans begin after shutdown.
///
/// A program that ends without dropping it: [`guide::endings`](mod@crate::guide::endings).
///
/// Flushing and shutting down need no async runtime and work inside any. On an async task use the `_async`
/// ones: the others block its thread.
///
/// ```
/// # use std::time::Duration;
/// # let memory = prela::export::MemoryExporter::new();
/// let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// prela.tracer().span("work", prela::SpanType::Custom).in_scope(|_| ());
///
/// let report = prela.shutdown(Duration::from_secs(5));
/// assert_eq!((report.stats.exported, report.undelivered()), (1, 0));
/// # Ok::<(), prela::Error>(())
/// ```
#[must_use = "dropping it ends tracing: keep it until the program ends, by `let _prela = prela::init(..)?;`"]
pub struct Prela {
    provider: Arc<Provider>,
    source: Arc<Source>,
    pipelines: Pipelines,
    running: Arc<Running>,
    resource: Arc<Resource>,
    propagator: Propagator,
    shutdown_timeout: Duration,
    warnings: Vec<String>,
}

impl Prela {
    pub(super) fn new(
        provider: Provider,
        pipelines: Pipelines,
        resource: Arc<Resource>,
        propagator: Propagator,
        shutdown_timeout: Duration,
        warnings: Vec<String>,
    ) -> Self {
        let provider = Arc::new(provider);
        let source = tracer::source_of(provider.clone());
        context::keep_quiet();
        let running = Running::new(provider.clone(), pipelines.clone(), shutdown_timeout);
        exit::arm();
        Self {
            provider,
            source,
            pipelines,
            running,
            resource,
            propagator,
            shutdown_timeout,
            warnings,
        }
    }

    #[cfg(feature = "metrics")]
    pub(super) fn spans(&self) -> &Provider {
        &self.provider
    }

    #[cfg(feature = "testing")]
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// A tracer of this instance, whether it is global or not.
    pub fn tracer(&self) -> Tracer {
        Tracer::of(self.source.clone())
    }

    /// This instance as OpenTelemetry's tracer provider, for libraries that use its API.
    pub fn provider(&self) -> TracerProvider {
        TracerProvider::of(Some(self.provider.clone()))
    }

    /// What is sent with every batch: the service's name and other attributes of the process.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The formats in which contexts travel; see [`Builder::propagator`](crate::Builder::propagator).
    pub fn propagator(&self) -> Propagator {
        self.propagator
    }

    /// Values of the environment that could not be used, a line each: the variable, the value unless it
    /// can be a secret, what is wrong with it, and what is used instead. Empty if all is well.
    ///
    /// The [diagnostics](crate::Builder::diagnostics) channel got these lines when the instance was built.
    ///
    /// ```
    /// let prela = prela::builder()
    ///     .env([("OTEL_BSP_MAX_QUEUE_SIZE", "many"), ("OTEL_TRACES_EXPORTER", "none")])
    ///     .diagnostics(|_| ())
    ///     .build()?;
    /// let warning = "OTEL_BSP_MAX_QUEUE_SIZE: `many` is not a whole number above 0; used instead: 65536";
    /// assert_eq!(prela.warnings(), [warning]);
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What became of the spans so far.
    pub fn stats(&self) -> Stats {
        self.pipelines.traces.stats()
    }

    /// How many spans the local tool was shown before they ended. None without
    /// [`Builder::pending_spans`](crate::Builder::pending_spans), and where no OTLP endpoint can be the local tool's.
    #[cfg(feature = "__otlp")]
    pub fn pending_stats(&self) -> Option<crate::pipeline::PendingStats> {
        self.pipelines.pending.as_ref().map(|pending| pending.stats())
    }

    /// What became of the log records so far: the same numbers as those of spans. None without
    /// [`Builder::logs`](crate::Builder::logs).
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    pub fn log_stats(&self) -> Option<Stats> {
        self.pipelines.logs().map(|logs| logs.stats())
    }

    /// What became of the metrics so far; each counts once per collection. None without
    /// [`Builder::metrics`](crate::Builder::metrics).
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    pub fn metric_stats(&self) -> Option<Stats> {
        self.pipelines.metrics().map(|metrics| metrics.stats())
    }

    /// A meter whose measurements are sent along with Prela's own metrics; `name` is that of your library or
    /// program. None without [`Builder::metrics`](crate::Builder::metrics).
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    pub fn meter(&self, name: &'static str) -> Option<opentelemetry::metrics::Meter> {
        self.pipelines.metrics.as_ref().map(|(_, meters)| meters.meter(name))
    }

    /// What samplers decided about the traces of this instance: that of
    /// [`Builder::sampler`](crate::Builder::sampler), whose rules are listed, and those of
    /// [`SpanBuilder::sample_with`](crate::SpanBuilder::sample_with).
    pub fn sampling_stats(&self) -> SamplingStats {
        let rules = self.provider.sampler.stats().unwrap_or_default().rules;
        SamplingStats { rules, ..self.provider.decisions.stats() }
    }

    /// Makes [`tracer`](crate::tracer()) follow this instance until it is shut down or dropped, and
    /// [`inject`](crate::inject) and [`extract`](crate::extract) use its formats.
    ///
    /// # Errors
    ///
    /// [`AlreadyInitialized`](crate::ErrorKind::AlreadyInitialized) while another one is global, with the
    /// service name of that one.
    pub fn make_global(&self) -> Result<(), Error> {
        global::install(self.source.clone(), self.resource.service_name())?;
        let pipeline = self.pipelines.traces.clone();
        unawaited::listen(move |line| pipeline.remark(line));
        self.propagator.make_global();
        Ok(())
    }

    /// Keeps this instance for as long as the process runs, global if it is not yet: for programs
    /// that have no place to keep it, such as a library with an entry point for another language.
    ///
    /// Nothing drops it, so what is queued at the end of the process is sent by whatever ends it: by
    /// [`exit`](crate::exit), on most systems by the return of `main`, or by a
    /// [`shutdown`](Self::shutdown). [`guide::endings`](mod@crate::guide::endings) has a table.
    ///
    /// # Errors
    ///
    /// Those of [`make_global`](Self::make_global); this instance is dropped then, and so shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), prela::Error> {
    /// fn start() -> Result<(), prela::Error> {
    ///     # let builder = || prela::builder().exporter(prela::export::MemoryExporter::new());
    ///     # /*
    ///     prela::init("plug-in")?.into_global()?;
    ///     # */
    ///     # builder().build()?.into_global()?;
    ///     Ok(())
    /// }
    ///
    /// start()?;
    /// prela::tracer().span_default("work").in_scope(|span| assert!(span.is_recording()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_global(self) -> Result<&'static Self, Error> {
        if !global::is_installed_source(&self.source) {
            self.make_global()?;
        }
        Ok(Box::leak(Box::new(self)))
    }

    /// Waits until every span that ended before this call, and every log record, was exported or given up.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::ErrorKind::Io) if spans were lost on the way, with their number and the reason,
    /// [`Timeout`](crate::ErrorKind::Timeout) if it takes longer than `within`, and
    /// [`ShutDown`](crate::ErrorKind::ShutDown) after shutdown.
    pub fn flush(&self, within: Duration) -> Result<(), Error> {
        self.pipelines.flush(within)
    }

    /// [`flush`](Self::flush) as a future, for any runtime. It does not borrow the instance.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush).
    pub fn flush_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        self.pipelines.flush_async(within)
    }

    /// Ends tracing and sends what is queued, for at most `within`.
    ///
    /// A receiver that answers, with any status, is tried again until the time is over, after the pauses that
    /// it asks for. If a pause would be longer than the time left, or three attempts in a row get no connection
    /// or no answer, this ends early: the report's [`last_error`](crate::pipeline::ExporterStats::last_error)
    /// and the diagnostic line say why. With a spool, what could not be sent is written there; a quarter of the
    /// time, at most half a second, is reserved for that.
    ///
    /// Spans that start later do nothing. Spans that were open are counted as dropped when they end. A
    /// second call changes nothing and reports how things stand then.
    pub fn shutdown(&self, within: Duration) -> ShutdownReport {
        self.running.shut_down(within)
    }

    /// [`shutdown`](Self::shutdown) as a future, for any runtime. It does not borrow the instance, and
    /// does nothing before it is polled.
    pub fn shutdown_async(
        &self,
        within: Duration,
    ) -> impl Future<Output = ShutdownReport> + Send + use<> {
        self.running.clone().shut_down_elsewhere(within)
    }
}

impl Drop for Prela {
    fn drop(&mut self) {
        self.shutdown(self.shutdown_timeout);
    }
}

impl fmt::Debug for Prela {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prela")
            .field("provider", &self.provider)
            .field("resource", &self.resource)
            .field("propagator", &self.propagator)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}
