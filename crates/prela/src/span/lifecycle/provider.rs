//! What the spans of one instance share.

use super::limits::SpanLimits;
use super::record::SharedRecord;
use super::shutdown::Shutdown;
use super::watch::Watch;
use crate::clock::AnyClock;
use crate::context;
use crate::id::AnyIds;
use crate::sampling::{Decisions, Sampler};
use crate::semconv::Conventions;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
use crate::span::message::LogRecord;
use crate::span::message::{AllTypes, EndedSpan, SpanData};
use crate::span::wording::Wording;
use opentelemetry::{Context, InstrumentationScope, Key};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// The instance and the instrumentation scope that a span belongs to. Shared by all spans of a tracer.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) provider: Arc<Provider>,
    pub(crate) scope: Arc<InstrumentationScope>,
}

/// One instance as its spans see it: how they start, and where they go when they end.
pub(crate) struct Provider {
    /// Tells the instances of a process apart.
    pub(crate) id: u64,
    pub(crate) sampler: Sampler,
    /// Counts of what samplers decided about traces of this instance.
    pub(crate) decisions: Arc<Decisions>,
    pub(crate) limits: SpanLimits,
    pub(crate) clock: AnyClock,
    pub(super) ids: AnyIds,
    /// The user's processors; none if there are none.
    pub(super) hooks: Option<Box<dyn SpanHooks>>,
    pub(crate) intake: Box<dyn SpanIntake>,
    /// Keys of baggage entries that every span gets as attributes.
    pub(super) baggage_to_attributes: Vec<Key>,
    /// Whether every start looks into its context: for processors, for baggage, or for a watch.
    pub(super) shows_context: bool,
    /// Whether spans that are not sampled are recorded too, for the pipeline to decide.
    pub(super) records_all: bool,
    /// What is noted of each span when it starts, if anything.
    pub(super) watch: Option<Watch>,
    /// Whether the start of a span below another one runs no user code and has nothing to look for: clock, ids
    /// and limits are the usual ones.
    pub(super) is_usual: bool,
    /// Where log records go, if anywhere.
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    pub(crate) logs: Option<Box<dyn LogIntake>>,
    /// The attributes of each span type.
    pub(super) types: AllTypes,
    pub(crate) wording: Wording,
    running: AtomicBool,
    /// Empty until the instance is shut down, and if it never ran.
    shutdown: OnceLock<Shutdown>,
}

/// The processors of an instance, seen from below.
pub(crate) trait SpanHooks: Send + Sync + 'static {
    /// A recorded span has started in this context.
    fn on_start(&self, span: &SharedRecord, parent: &Context);
    /// A recorded span has ended.
    fn on_end(&self, span: &SpanData);
}

/// Where ended spans go: the pipeline, seen from below.
pub(crate) trait SpanIntake: Send + Sync + 'static {
    /// Takes a span that was recorded.
    fn on_end(&self, span: &EndedSpan<'_>);
    /// Counts a span that was not sampled.
    fn on_unsampled(&self);
    /// Reports that spans begin after shutdown, and whether any did before.
    fn on_late(&self, was_used: bool);
    /// Reports a mistake to the program's author.
    fn remark(&self, line: &str);
}

#[cfg(all(feature = "tracing", feature = "__otlp"))]
/// Where log records go: the pipeline, seen from below.
pub(crate) trait LogIntake: Send + Sync + 'static {
    fn take(&self, record: LogRecord);
}

static INSTANCES: AtomicU64 = AtomicU64::new(0);

impl Provider {
    pub(crate) fn new(
        sampler: Sampler,
        limits: SpanLimits,
        clock: AnyClock,
        ids: AnyIds,
        hooks: Option<Box<dyn SpanHooks>>,
        intake: Box<dyn SpanIntake>,
        baggage_to_attributes: Vec<Key>,
    ) -> Self {
        let id = INSTANCES.fetch_add(1, Ordering::Relaxed);
        let running = AtomicBool::new(true);
        let decisions = Arc::default();
        let shows_context = !baggage_to_attributes.is_empty() || hooks.is_some();
        let new = Self {
            id,
            sampler,
            decisions,
            limits,
            clock,
            ids,
            hooks,
            intake,
            baggage_to_attributes,
            shows_context,
            records_all: false,
            watch: None,
            is_usual: false,
            #[cfg(all(feature = "tracing", feature = "__otlp"))]
            logs: None,
            types: AllTypes::new(Conventions::GENAI),
            wording: Wording::default(),
            running,
            shutdown: OnceLock::new(),
        };
        new.knowing_whether_usual()
    }

    fn knowing_whether_usual(self) -> Self {
        let is_usual = matches!(self.clock, AnyClock::System)
            && matches!(self.ids, AnyIds::Random)
            && self.admits_type()
            && !self.shows_context
            && !self.records_all;
        Self { is_usual, ..self }
    }

    /// Sets how spans are written.
    pub(crate) fn with_wording(self, wording: Wording) -> Self {
        let types = AllTypes::new(wording.conventions);
        Self { types, wording, ..self }.knowing_whether_usual()
    }

    /// Sets whether spans that are not sampled are recorded as well.
    pub(crate) fn recording_all(self, records_all: bool) -> Self {
        Self { records_all, ..self }.knowing_whether_usual()
    }

    /// Sets what is noted of each span when it starts.
    pub(crate) fn watched(self, watch: Option<Watch>) -> Self {
        let shows_context = self.shows_context || watch.is_some();
        Self { watch, shows_context, ..self }.knowing_whether_usual()
    }

    /// Sets where log records go.
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    pub(crate) fn logging(self, logs: Option<Box<dyn LogIntake>>) -> Self {
        Self { logs, ..self }
    }

    /// The time by a span's clock, in nanoseconds since 1970.
    #[cfg(all(feature = "tracing", feature = "__otlp"))]
    pub(crate) fn now_in(&self, span: Option<&crate::span::Span>) -> u64 {
        let of_span = span.and_then(crate::span::Span::record).map(|record| record.now());
        of_span.unwrap_or_else(|| crate::clock::unix_nano(self.clock.as_dyn().wall()))
    }

    /// Whether there may be as many attributes as any span type has.
    #[inline]
    pub(super) fn admits_type(&self) -> bool {
        self.limits.attributes >= self.types.most
    }

    /// Whether an instance was ever made in this process.
    pub(crate) fn is_any() -> bool {
        INSTANCES.load(Ordering::Relaxed) > 0
    }

    /// Whether a second instance was ever made in this process. Until then no context needs to say whose
    /// span it holds.
    #[inline]
    pub(crate) fn is_one_of_several() -> bool {
        INSTANCES.load(Ordering::Relaxed) > 1
    }

    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Makes all spans that start from now on no-ops.
    pub(crate) fn stop(&self) {
        self.running.store(false, Ordering::Release);
    }

    /// Notes that this thread has waited for the shutdown: a new span on it is a mistake at once.
    pub(crate) fn mark_shut_down(&self) {
        self.shutdown.get_or_init(Shutdown::now);
    }

    /// Reports a span that begins after shutdown: the first one of the process, if the program is at fault.
    #[cold]
    pub(in crate::span) fn report_late_span(&self) {
        if Shutdown::is_quiet() {
            return;
        }
        let Some(shutdown) = self.shutdown.get() else { return };
        let was_used = self.decisions.stats().total > 0;
        if shutdown.is_to_report(was_used) {
            self.intake.on_late(was_used);
        }
    }

    /// Keeps silent from now on about spans that begin after shutdown, because the process ends.
    pub(crate) fn expect_late_spans() {
        Shutdown::keep_quiet();
    }

    /// Runs a hook of the processors. Spans of the same instance that it begins are not recorded: they
    /// would run it again.
    pub(super) fn with_hooks(&self, run: impl FnOnce(&dyn SpanHooks)) {
        if let Some(hooks) = &self.hooks {
            context::processing(self.id, || run(&**hooks));
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("sampler", &self.sampler)
            .field("limits", &self.limits)
            .field("running", &self.is_running())
            .finish_non_exhaustive()
    }
}
