//! The settings made in code.

mod watching;
mod wording;

use self::watching::WatchingOptions;
use self::wording::{WordingOptions, wording_of};
use super::pipeline::{self, PipelineOptions, unless_zero};
use super::pipelines::Pipelines;
use super::{Exporter, Prela, langfuse, settings, signals};
use crate::clock::{AnyClock, Clock, Guarded};
use crate::context::Suppressed;
use crate::env::Environment;
use crate::id::{AnyIds, IdGenerator};
#[cfg(all(feature = "metrics", feature = "__otlp"))]
use crate::otel::Meters;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
use crate::pipeline::LogPipeline;
#[cfg(feature = "__otlp")]
use crate::pipeline::PendingSpans;
use crate::pipeline::{Diagnostics, DropHandler, Pipeline, PipelineSettings};
use crate::pipeline::{Dropped, Overflow, TailRule};
use crate::propagation::Propagator;
use crate::redact::Redactor;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
use crate::span::LogIntake;
use crate::span::{Provider, SpanLimits, SpanProcessor, SpanProcessors, Watch};
#[cfg(feature = "spool")]
use crate::spool::Spool;
use crate::{Error, ErrorKind, Sampler, Value};
use opentelemetry::Key;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Sets up an instance. From [`builder`](super::builder()).
///
/// What the code sets wins. What it does not set comes from the environment as it is at
/// [`build`](Self::build); an empty variable counts as not set. Where a line says "the next line", the variable
/// there is read if this one is not set.
///
/// A value of a variable that cannot be used is ignored, since variables are set for many programs at once:
/// [`Prela::warnings`] and one line on the [diagnostics](Self::diagnostics) channel say which, why, and what is
/// used instead. With [`strict`](Self::strict) it is an error. In a list only the bad entries are ignored, also
/// in `OTEL_RESOURCE_ATTRIBUTES`, which the specification would discard as a whole.
///
#[doc = include_str!("../env/variables.md")]
///
/// ```
/// use prela::{Exporter, Sampler};
///
/// let prela = prela::builder()
///     .service_name("travel-desk")
///     .exporter(Exporter::otlp_grpc("http://localhost:4317"))
///     .sampler(Sampler::parent_based(Sampler::ratio(0.1)))
///     .build()?;
/// let tracer = prela.tracer();
/// # Ok::<(), prela::Error>(())
/// ```
#[must_use = "a builder starts nothing by itself"]
pub struct Builder {
    service_name: Option<String>,
    resource: Vec<(Key, Value)>,
    exporters: Vec<Exporter>,
    sampler: Option<Sampler>,
    propagator: Option<Propagator>,
    span_limits: Option<SpanLimits>,
    processors: Vec<Box<dyn SpanProcessor>>,
    clock: AnyClock,
    ids: AnyIds,
    baggage_to_attributes: Vec<Key>,
    env: Option<Environment>,
    strict: Option<bool>,
    diagnostics: Diagnostics,
    shutdown_timeout: Option<Duration>,
    pipeline: PipelineOptions,
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    logs: Option<super::Otlp>,
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    metrics: Option<super::Otlp>,
    #[cfg(feature = "metrics")]
    meters: Vec<opentelemetry::metrics::Meter>,
    pub(super) wording: WordingOptions,
    pub(super) watching: WatchingOptions,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            service_name: None,
            resource: Vec::new(),
            exporters: Vec::new(),
            sampler: None,
            propagator: None,
            span_limits: None,
            processors: Vec::new(),
            clock: AnyClock::System,
            ids: AnyIds::Random,
            baggage_to_attributes: Vec::new(),
            env: None,
            strict: None,
            diagnostics: Diagnostics::default(),
            shutdown_timeout: None,
            pipeline: PipelineOptions::default(),
            #[cfg(all(feature = "tracing", feature = "__otlp"))]
            logs: None,
            #[cfg(all(feature = "metrics", feature = "__otlp"))]
            metrics: None,
            #[cfg(feature = "metrics")]
            meters: Vec::new(),
            wording: WordingOptions::default(),
            watching: WatchingOptions::default(),
        }
    }

    /// The name of this service: `service.name`. An empty one counts as none.
    ///
    /// Environment: `PRELA_SERVICE_NAME`, then `OTEL_SERVICE_NAME`. Default: `unknown_service:` and the
    /// program's file name.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// Adds attributes to the [`Resource`](crate::Resource); of two with the same key the later one counts.
    ///
    /// Environment: `OTEL_RESOURCE_ATTRIBUTES`, whose attributes are added unless the code sets their key.
    pub fn resource<K: Into<Key>, V: Into<Value>>(
        mut self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = attributes.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.resource.extend(pairs);
        self
    }

    /// Adds an exporter. Each gets every span, and has a queue of its own.
    ///
    /// With none, the environment decides: `PRELA_EXPORTER`, then `OTEL_TRACES_EXPORTER`. Default: OTLP if
    /// the environment names an endpoint, else the console. Takes an [`Exporter`], an [`Otlp`](super::Otlp), or
    /// any [`SpanExporter`](crate::export::SpanExporter).
    pub fn exporter(mut self, exporter: impl Into<Exporter>) -> Self {
        self.exporters.push(exporter.into());
        self
    }

    /// Sends events of the crate `tracing` as log records to a collector: those that
    /// [`prela::tracing::layer`](crate::tracing::layer) hears, with the ids of the span that they happen in.
    ///
    /// Environment: `OTEL_LOGS_EXPORTER=otlp`, or an `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, asks for them as well.
    /// Default: no log records, since not every collector of traces takes them.
    ///
    /// They have a queue and an export thread of their own, with the sizes, overflow policy, redactor and spool
    /// of spans. [`flush`](crate::Prela::flush) and shutdown wait for them;
    /// [`Prela::log_stats`](crate::Prela::log_stats) counts them. Whether a trace is sampled does not matter.
    /// From the environment it reads `OTEL_EXPORTER_OTLP_LOGS_*`, then the variables for all signals, and for the
    /// sizes `OTEL_BLRP_*`. Over
    /// HTTP the path is `/v1/logs`, instead of `/v1/traces` if the endpoint ends in that.
    ///
    /// ```no_run
    /// use prela::Exporter;
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// let collector = Exporter::otlp_http("http://localhost:4318");
    /// let _prela = prela::builder()
    ///     .service_name("travel-desk")
    ///     .exporter(collector.clone())
    ///     .logs(collector)
    ///     .init()?;
    /// let subscriber = tracing_subscriber::registry().with(prela::tracing::layer());
    /// # drop(subscriber);
    /// # Ok::<(), prela::Error>(())
    /// ```
    ///
    /// Source: [Logs Data Model](https://opentelemetry.io/docs/specs/otel/logs/data-model/).
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    pub fn logs(mut self, collector: super::Otlp) -> Self {
        self.logs = Some(collector);
        self
    }

    /// Sends metrics to a collector, once a minute and at the end: those of model calls, and the counts of
    /// [`Prela::observe`](crate::Prela::observe).
    ///
    /// Environment: `OTEL_METRICS_EXPORTER=otlp`, or an `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, asks for them as well.
    /// Default: no metrics, since not every collector of traces takes them.
    ///
    /// | histogram | unit | of each span of type `Llm` or `Embedding` |
    /// |---|---|---|
    /// | `gen_ai.client.token.usage` | `{token}` | input and output tokens, `gen_ai.token.type` says which |
    /// | `gen_ai.client.operation.duration` | s | its duration, with `error.type` if it failed |
    /// | `gen_ai.client.operation.time_to_first_chunk` | s | of a stream |
    /// | `gen_ai.client.operation.time_per_output_chunk` | s | of a stream whose chunks were counted: their mean, once for each |
    ///
    /// and of spans that name an agent, a tool or a workflow, as typed spans do, `gen_ai.invoke_agent.duration`,
    /// `gen_ai.execute_tool.duration` and `gen_ai.invoke_workflow.duration`. With
    /// [`SemconvVersion::Latest`](crate::genai::SemconvVersion::Latest) a call of a language model has
    /// `gen_ai.client.inference.duration`, a counter for each kind of tokens, `gen_ai.client.inference.usage.input_tokens`
    /// and the like, and the histograms `gen_ai.client.inference.operation.input_tokens` and `output_tokens` in place of
    /// the first two.
    ///
    /// Each has the operation, the provider, the requested and the answering model, and the server of its span.
    /// Spans that the sampler leaves out are not measured. [`Prela::meter`](crate::Prela::meter) is for metrics
    /// of your own.
    ///
    /// They are collected by a thread of `opentelemetry_sdk`, every `OTEL_METRIC_EXPORT_INTERVAL` milliseconds
    /// (default 60000), as cumulative sums unless `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` says otherwise,
    /// and sent as log records are: see [`Builder::logs`].
    ///
    /// ```no_run
    /// use prela::Exporter;
    ///
    /// let collector = Exporter::otlp_grpc("http://localhost:4317");
    /// let _prela = prela::builder().exporter(collector.clone()).metrics(collector).init()?;
    /// # Ok::<(), prela::Error>(())
    /// ```
    ///
    /// Source: [GenAI metrics, 1.41](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-metrics.md).
    #[cfg(all(feature = "metrics", feature = "__otlp"))]
    pub fn metrics(mut self, collector: super::Otlp) -> Self {
        self.metrics = Some(collector);
        self
    }

    /// Records the metrics of model calls through a meter of yours, instead of or beside [`Builder::metrics`],
    /// which lists them. Cost: each span of a call is read back when it ends.
    ///
    /// ```
    /// let meter = prela::opentelemetry::global::meter("prela"); // of the provider that was set before
    /// let builder = prela::builder().meter(meter);
    /// # drop(builder);
    /// ```
    #[cfg(feature = "metrics")]
    pub fn meter(mut self, meter: opentelemetry::metrics::Meter) -> Self {
        self.meters.push(meter);
        self
    }

    /// Which traces are recorded. A number is the share of those that begin here.
    ///
    /// Environment: `PRELA_SAMPLE_RATE`, then `OTEL_TRACES_SAMPLER`. Default: as the caller has decided, and
    /// all traces that begin here.
    pub fn sampler(mut self, sampler: impl Into<Sampler>) -> Self {
        self.sampler = Some(sampler.into());
        self
    }

    /// The formats in which contexts travel to other processes and come from there. Default:
    /// `traceparent`, `tracestate` and `baggage`.
    ///
    /// [`inject`](crate::inject) and [`extract`](crate::extract) follow the global instance, also when
    /// it is shut down. [`Prela::propagator`] has that of any instance.
    ///
    /// Environment: `OTEL_PROPAGATORS`.
    ///
    /// ```
    /// use prela::propagation::{Format, Propagator};
    ///
    /// let prela = prela::builder().propagator(Propagator::default().with(Format::B3)).build()?;
    /// prela.make_global()?;
    /// let caller = prela::extract(&[("b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1")]);
    /// assert!(caller.is_sampled());
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// How much a span may hold; [`SpanLimits`] has the defaults, and the variables of each.
    pub fn span_limits(mut self, limits: SpanLimits) -> Self {
        self.span_limits = Some(limits);
        self
    }

    /// Adds a hook on the start and the end of each recorded span. They run in the order in which they
    /// were added. If one runs at the end, each span is read back, which costs about as much as recording it.
    pub fn processor(mut self, processor: impl SpanProcessor) -> Self {
        self.processors.push(Box::new(processor));
        self
    }

    /// Takes secrets out of spans before they are queued; see [`Redactor`]. Default: nothing is taken
    /// out.
    ///
    /// [Processors](Self::processor) see spans as they were recorded.
    ///
    /// Environment: `PRELA_REDACT`. If it has a word that Prela does not know, all detectors are on and the
    /// word counts as a key: better to take out too much than too little.
    pub fn redact(mut self, redactor: Redactor) -> Self {
        self.pipeline.redactor = Some(redactor);
        self
    }

    /// Limits the length of one text or bytes value of an attribute. A longer one is cut, after
    /// [redaction](Self::redact): a text at a character boundary, with `… [cut]` at its end. The attribute
    /// `prela.original_length.` plus the key has the length before, in bytes.
    ///
    /// For prompts and documents that are too long for a backend. Unit: bytes. Environment:
    /// `PRELA_PAYLOAD_LIMIT`. Default: no limit. [`SpanLimits`] cuts before that, as the specification asks: by
    /// characters, and without a mark.
    pub fn payload_limit(mut self, bytes: usize) -> Self {
        self.pipeline.payload_limit = Some(bytes);
        self
    }

    /// Keeps traces that end badly although the sampler left them out; see [`TailRule`].
    ///
    /// Environment: `PRELA_KEEP_TRACES`. Default: the sampler has the last word.
    pub fn keep_traces(mut self, rule: TailRule) -> Self {
        self.pipeline.tail = Some(rule);
        self
    }

    /// Where the time comes from. Default: [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = AnyClock::Other(Box::new(Suppressed(Guarded(clock))));
        self
    }

    /// Where ids come from. Default: [`RandomIds`](crate::id::RandomIds).
    pub fn id_generator(mut self, ids: impl IdGenerator) -> Self {
        self.ids = AnyIds::Other(Box::new(Suppressed(ids)));
        self
    }

    /// Keys of baggage entries that each span gets as attributes, from the context it starts in.
    ///
    /// The resource lists them as `prela.baggage.attributes`, so that viewers can tell them from other attributes.
    ///
    /// Environment: `PRELA_BAGGAGE_TO_ATTRIBUTES`. Default: none, since baggage comes from callers.
    pub fn baggage_to_attributes<K: Into<Key>>(
        mut self,
        keys: impl IntoIterator<Item = K>,
    ) -> Self {
        self.baggage_to_attributes.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Reads these variables instead of those of the process. Names that Prela does not know are ignored. They
    /// count as the environment: a value that cannot be used is ignored, with a warning.
    ///
    /// ```
    /// let prela = prela::builder().env([("OTEL_SERVICE_NAME", "shop"), ("OTEL_TRACES_EXPORTER", "none")]).build()?;
    /// assert_eq!(prela.resource().get("service.name"), Some(&"shop".into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn env<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.env = Some(Environment::of_pairs(pairs));
        self
    }

    /// Whether a value of the environment that cannot be used is an error at [`build`](Self::build), all of
    /// them in one text, instead of a [warning](Prela::warnings): for continuous integration, where
    /// nobody reads warnings.
    ///
    /// Environment: `PRELA_STRICT`; `1` or `true`. Default: no. A value set in *code* that cannot be used is
    /// always an error.
    ///
    /// ```
    /// let builder = || prela::builder().env([("OTEL_TRACES_SAMPLER", "xray"), ("OTEL_TRACES_EXPORTER", "none")]);
    /// let prela = builder().diagnostics(|_| ()).build()?;
    /// assert_eq!(prela.warnings().len(), 1);
    /// assert!(builder().strict(true).build().is_err());
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.strict = Some(is_strict);
        self
    }

    /// Where lines for an operator go: on values of the environment that could not be used, once, and on lost
    /// spans, at most one in 30 s for each exporter. Default: the standard error stream. A line has counts,
    /// exporters and errors in it, and nothing of what was traced.
    ///
    /// A collector that cannot be reached is reported within two seconds of the first failed connection, again
    /// after 30 s, and then after pauses that double up to an hour; one that answers but accepts nothing, after
    /// 10 s. One more line says that it works again.
    pub fn diagnostics(mut self, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.diagnostics = Diagnostics::new(Arc::new(write));
        self
    }

    /// How long dropping the instance may wait for the spans that are queued.
    ///
    /// It takes that long only if it must: see [`Prela::shutdown`].
    ///
    /// Environment: `PRELA_SHUTDOWN_TIMEOUT`. Default: 1.5 s.
    pub fn shutdown_timeout(mut self, within: Duration) -> Self {
        self.shutdown_timeout = Some(within);
        self
    }

    /// The most spans that wait for one exporter; further ones are treated as [`overflow`](Self::overflow)
    /// says. 0 is an error at [`build`](Self::build).
    ///
    /// A sixteenth is reserved for local root spans and for spans that ended in an error. A span waits for at
    /// most [`schedule_delay`](Self::schedule_delay) while its exporter keeps up.
    ///
    /// Environment: `OTEL_BSP_MAX_QUEUE_SIZE`. Default: 65,536.
    pub fn max_queue_size(mut self, spans: usize) -> Self {
        self.pipeline.max_queue_size = Some(spans);
        self
    }

    /// The most memory for the spans that wait for one exporter; further ones are treated as
    /// [`overflow`](Self::overflow) says. 0 is an error at [`build`](Self::build).
    ///
    /// Unit: bytes of the encoded spans, plus some sixty for each. A single span that is larger is always
    /// refused.
    ///
    /// Environment: `PRELA_MAX_QUEUE_BYTES`. Default: 64 MiB.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.pipeline.max_queue_bytes = Some(bytes);
        self
    }

    /// What happens when a queue is full.
    ///
    /// Environment: `PRELA_OVERFLOW`. Default: [`Overflow::DropNewest`].
    ///
    /// ```
    /// use prela::pipeline::Overflow;
    /// use std::time::Duration;
    ///
    /// let batch_job = prela::builder().overflow(Overflow::Block(Duration::from_secs(1)));
    /// # drop(batch_job);
    /// ```
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.pipeline.overflow = Some(overflow);
        self
    }

    /// Lets spans wait on disk while a collector is away, and across restarts; see [`Spool`]. For OTLP
    /// exporters only: others have no encoded batch to keep.
    ///
    /// Environment: `PRELA_SPOOL_DIR`, with `PRELA_SPOOL_MAX_BYTES` and `PRELA_SPOOL_MAX_AGE`. Default: no
    /// spool, since spans can hold prompts.
    ///
    /// When an exporter's attempts have failed a few times in a row, its batches go to the disk until
    /// the collector answers again. Then they are sent, oldest first, in turns with new ones. Each
    /// arrives at least once: what a run leaves behind, even one that was killed, the next one sends.
    /// With [`Overflow::Spool`] they also go there when the queue is nearly full.
    #[cfg(feature = "spool")]
    pub fn spool(mut self, spool: Spool) -> Self {
        self.pipeline.spool = Some(spool);
        self
    }

    /// Calls `handle` with the number of spans lost since its last call, by reason, for a metric or an
    /// alert of the program's own. [`Prela::stats`] has the totals.
    ///
    /// Called on the first exporter's thread, five times a second at most, and a last time on the thread
    /// that shuts down. It must not block: a flush in it fails, and a shutdown in it does not wait. A
    /// panic in it is caught.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// static LOST: AtomicU64 = AtomicU64::new(0);
    ///
    /// let builder = prela::builder().on_drop(|dropped| {
    ///     LOST.fetch_add(dropped.queue_full + dropped.export_failed, Ordering::Relaxed);
    /// });
    /// # drop(builder);
    /// ```
    pub fn on_drop(mut self, handle: impl Fn(&Dropped) + Send + Sync + 'static) -> Self {
        self.pipeline.on_drop = Some(DropHandler::new(handle));
        self
    }

    /// The most spans in one batch. More than the queue holds counts as what it holds; 0 is an error at
    /// [`build`](Self::build).
    ///
    /// Environment: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`. Default: 512.
    pub fn max_batch_size(mut self, spans: usize) -> Self {
        self.pipeline.max_batch_size = Some(spans);
        self
    }

    /// How long a span may wait for others to fill its batch. More than a year counts as a year.
    ///
    /// Environment: `OTEL_BSP_SCHEDULE_DELAY`. Default: 1 s.
    pub fn schedule_delay(mut self, delay: Duration) -> Self {
        self.pipeline.schedule_delay = Some(delay);
        self
    }

    /// How long all attempts to deliver one batch may take together before it is dropped. Zero: no limit. One
    /// attempt of an OTLP exporter may take half of it, and no more than
    /// [`Otlp::timeout`](super::Otlp::timeout). While shutting down, attempts go on for as long as the shutdown
    /// has time.
    ///
    /// Environment: `OTEL_BSP_EXPORT_TIMEOUT`. Default: 30 s.
    pub fn export_timeout(mut self, timeout: Duration) -> Self {
        self.pipeline.export_timeout = Some(unless_zero(timeout));
        self
    }

    /// Checks all settings and starts the instance, with a thread for each exporter.
    ///
    /// Connects to nothing. Spans of this instance come from [`Prela::tracer`]; [`Prela::make_global`]
    /// installs it, and [`init`](Self::init) does both.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config), with the setting and its value, if one set in code cannot be used, or, if
    /// [`strict`](Self::strict), one of the environment; values of headers are not shown. [`Io`](ErrorKind::Io)
    /// if the system cannot start a thread.
    pub fn build(self) -> Result<Prela, Error> {
        let mut env = self.env.unwrap_or_else(Environment::of_process);
        let is_strict = self.strict.map_or_else(|| env.settle(settings::is_strict), Ok)?;
        // Propagation cannot be disabled: the traces of others are passed on.
        let propagator = self.propagator.map_or_else(|| env.settle(settings::propagator), Ok)?;
        let is_disabled = env.settle(settings::is_disabled)?;
        if is_disabled {
            // A program that is not traced needs no warnings about tracing.
            env.clear();
        }
        let (name, attributes) = (self.service_name.as_deref(), &self.resource);
        let mut resource = env.settle(|env| settings::resource(env, name, attributes))?;
        let watching = env.settle(|env| watching::watching(env, self.watching))?;
        watching.identify(&mut resource);
        let sampler = self.sampler.map_or_else(|| env.settle(settings::sampler), Ok)?;
        sampler.check()?;
        let limits = self.span_limits.map_or_else(|| env.settle(settings::span_limits), Ok)?;
        let baggage = match self.baggage_to_attributes {
            none if none.is_empty() => env.settle(settings::baggage_to_attributes)?,
            given => given,
        };
        resource.list_baggage(&baggage);
        let wording = env.settle(|env| wording_of(env, &self.wording))?;
        let sizes = checked(env.settle(|env| pipeline::settings(env, &self.pipeline))?)?;
        let shutdown_timeout = self.shutdown_timeout;
        let shutdown_timeout =
            shutdown_timeout.map_or_else(|| env.settle(pipeline::shutdown_timeout), Ok)?;
        let exporters = match (is_disabled, self.exporters) {
            (true, _) => Vec::new(),
            (false, none) if none.is_empty() => env.settle(Exporter::by_environment)?,
            (false, given) => given,
        };
        let exporters =
            exporters.into_iter().filter_map(|exporter| exporter.build(&mut env).transpose());
        let exporters = exporters.collect::<Result<Vec<_>, _>>()?;
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        let logs = {
            let given = self.logs.filter(|_| !is_disabled);
            signals::logs(&mut env, given, &self.pipeline, &sizes)?
        };
        #[cfg(not(all(feature = "tracing", feature = "__otlp")))]
        env.settle(signals::asks_for_logs)?;
        #[cfg(all(feature = "metrics", feature = "__otlp"))]
        let metrics = {
            let given = self.metrics.filter(|_| !is_disabled);
            signals::metrics(&mut env, given, &self.pipeline, &sizes)?
        };
        #[cfg(not(all(feature = "metrics", feature = "__otlp")))]
        env.settle(signals::asks_for_metrics)?;
        let warnings = env.warnings(is_strict)?;
        for warning in &warnings {
            self.diagnostics.line(&format!("prela: {warning}"));
        }

        let records_all = sizes.tail.is_some();
        let resource = Arc::new(resource);
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        let logs = logs.map(|(exporter, settings)| {
            LogPipeline::start(exporter, resource.clone(), &settings, self.diagnostics.clone())
        });
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        let logs = logs.transpose()?;
        #[cfg(all(feature = "metrics", feature = "__otlp"))]
        let metrics = metrics.map(|(exporter, settings, readings)| {
            let (settings, diagnostics) =
                (settings.for_signal("metric", "metrics"), self.diagnostics.clone());
            let exporters = vec![exporter];
            let pipeline = Pipeline::start(exporters, resource.clone(), settings, diagnostics)?;
            Ok((pipeline.clone(), Meters::start(pipeline, readings)))
        });
        #[cfg(all(feature = "metrics", feature = "__otlp"))]
        let metrics: Option<(Pipeline, Meters)> = metrics.transpose()?;
        #[cfg(feature = "__otlp")]
        let pending = watching.pending(&exporters, &resource, &sizes)?;
        let pipeline = Pipeline::start(exporters, resource.clone(), sizes, self.diagnostics);
        #[cfg(feature = "__otlp")]
        let pipeline = pipeline.inspect_err(|_| pending.iter().for_each(PendingSpans::stop));
        let pipeline = pipeline?;
        let intake = langfuse::watched(Box::new(pipeline.clone()), wording.conventions);
        #[cfg(feature = "metrics")]
        let intake = {
            let meters = self.meters.into_iter();
            #[cfg(all(feature = "metrics", feature = "__otlp"))]
            let own = metrics.iter().map(|(_, meters)| meters.meter("prela"));
            #[cfg(all(feature = "metrics", feature = "__otlp"))]
            let meters = meters.chain(own);
            #[cfg(feature = "genai")]
            let is_latest = wording.version == crate::genai::SemconvVersion::Latest;
            #[cfg(not(feature = "genai"))]
            let is_latest = false;
            crate::metrics::metered(intake, meters, is_latest)
        };
        let hooks = SpanProcessors::hooks(self.processors);
        let watch = Watch {
            threads: watching.threads,
            #[cfg(feature = "__otlp")]
            running: pending.as_ref().map(PendingSpans::running),
        };
        let provider = Provider::new(sampler, limits, self.clock, self.ids, hooks, intake, baggage)
            .recording_all(records_all)
            .watched(watch.unless_idle())
            .with_wording(wording);
        #[cfg(all(feature = "tracing", feature = "__otlp"))]
        let provider =
            provider.logging(logs.clone().map(|logs| Box::new(logs) as Box<dyn LogIntake>));
        if is_disabled {
            provider.stop();
        }
        let pipelines = Pipelines {
            traces: pipeline,
            #[cfg(feature = "__otlp")]
            pending,
            #[cfg(all(feature = "tracing", feature = "__otlp"))]
            logs,
            #[cfg(all(feature = "metrics", feature = "__otlp"))]
            metrics,
        };
        let prela =
            Prela::new(provider, pipelines, resource, propagator, shutdown_timeout, warnings);
        #[cfg(all(feature = "metrics", feature = "__otlp"))]
        if let Some(meter) = prela.meter("prela") {
            prela.observe(&meter);
        }
        Ok(prela)
    }

    /// [Builds](Self::build) the instance and makes it [global](Prela::make_global), in one call: what
    /// [`init`](crate::init()) does, with settings in code.
    ///
    /// Keep the returned guard until the program ends, as that of [`init`](crate::init()).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), prela::Error> {
    /// let _prela = prela::builder().service_name("travel-desk").sampler(0.1).init()?;
    /// prela::tracer().span("plan", prela::SpanType::Agent).in_scope(|_| ());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`AlreadyInitialized`](ErrorKind::AlreadyInitialized) while another instance is global; otherwise as
    /// [`build`](Self::build).
    pub fn init(self) -> Result<Prela, Error> {
        super::init_with(self)
    }
}

fn checked(sizes: PipelineSettings) -> Result<PipelineSettings, Error> {
    for (name, size) in [
        ("max_queue_size", sizes.max_queue_size),
        ("max_queue_bytes", sizes.max_queue_bytes),
        ("max_batch_size", sizes.max_batch_size),
    ] {
        if size == 0 {
            return Err(Error::new(ErrorKind::Config, format!("set {name}: `0` is not above 0")));
        }
    }
    Ok(sizes)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service_name", &self.service_name)
            .field("exporters", &self.exporters)
            .field("sampler", &self.sampler)
            .field("propagator", &self.propagator)
            .field("span_limits", &self.span_limits)
            .finish_non_exhaustive()
    }
}
