//! For tests: an instance that keeps its spans, and trees of spans as text that is the same in each run.

mod trace;

#[doc(hidden)]
pub use self::trace::{ExpectedSpan, assert_trees, span_type};
#[doc(inline)]
pub use crate::__assert_trace as assert_trace;

use crate::clock::Clock;
use crate::context::Polled;
use crate::export::MemoryExporter;
use crate::export::tree;
use crate::id::IdGenerator;
use crate::span::SpanData;
use crate::tracer::global;
use crate::{Builder, InContext, Prela, Tracer, builder};
use opentelemetry::trace::{SpanId, TraceId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// An instance that keeps what it records, with a fixed clock, ids 1, 2, 3 … and no variables of the
/// environment. For code that uses the global instance see [`Capture::run`], and
/// [`guide::testing`](mod@crate::guide::testing).
///
/// ```
/// use prela::testing::Capture;
/// use prela::SpanType;
///
/// let capture = Capture::new();
/// let tracer = capture.tracer();
/// tracer.span("planner", SpanType::Agent).in_scope(|_| {
///     tracer.span("search", SpanType::Tool).attr("query", "rust").in_scope(|_| ());
/// });
/// assert_eq!(capture.tree(), "planner  agent\n  search  tool {query: rust}\n");
/// ```
#[derive(Debug)]
pub struct Capture {
    prela: Prela,
    memory: MemoryExporter,
    clock: ManualClock,
}

impl Capture {
    /// Makes an instance with default settings.
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// Makes an instance with settings of the test's own.
    ///
    /// # Panics
    ///
    /// If the settings cannot be used.
    pub fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let memory = MemoryExporter::new();
        let clock = ManualClock::default();
        let builder = builder()
            .env([] as [(&str, &str); 0])
            .service_name("test")
            .exporter(memory.clone())
            .clock(clock.clone())
            .id_generator(CountedIds::default());
        let prela = configure(builder).build().expect("a test's settings are valid");
        Self { prela, memory, clock }
    }

    /// The instance.
    pub fn prela(&self) -> &Prela {
        &self.prela
    }

    /// A tracer of the instance.
    pub fn tracer(&self) -> Tracer {
        self.prela.tracer()
    }

    /// Runs `f` with this instance in place of the global one: the attribute macros,
    /// [`tracer`](crate::tracer()), layers and [`Session::operation`](crate::Session::operation) use it.
    ///
    /// So tests of code that uses the global instance can run side by side. The choice is part of the context:
    /// it follows to threads, tasks and pools like the current span, and holds within contexts that are passed
    /// in, such as a caller's. A current span of another instance is no parent.
    ///
    /// ```
    /// use prela::testing::Capture;
    ///
    /// #[prela::trace]
    /// fn add(a: i32, b: i32) -> i32 {
    ///     a + b
    /// }
    ///
    /// let capture = Capture::new();
    /// assert_eq!(capture.run(|| add(1, 2)), 3);
    /// assert_eq!(capture.spans()[0].name, "add");
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        global::choose(self.prela.source()).run(f)
    }

    /// Makes a future or stream use this instance in place of the global one; see [`Capture::run`].
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use prela::testing::Capture;
    /// use prela::SpanType;
    ///
    /// let capture = Capture::new();
    /// let answer = capture.bind(async {
    ///     prela::tracer().span("ask", SpanType::Llm).run(async |_| 42).await
    /// });
    /// assert_eq!(answer.await, 42);
    /// assert_eq!(capture.tree(), "ask  llm\n");
    /// # });
    /// ```
    pub fn bind<T: Polled<K>, K>(&self, future_or_stream: T) -> InContext<T> {
        global::choose(self.prela.source()).bind(future_or_stream)
    }

    /// The clock, which stands still until it is moved.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The spans that have ended so far, in the order of their ends.
    ///
    /// # Panics
    ///
    /// If they do not arrive within ten seconds.
    pub fn spans(&self) -> Vec<Arc<SpanData>> {
        self.prela.flush(Duration::from_secs(10)).expect("memory takes every span");
        self.memory.spans()
    }

    /// The spans as a tree, one a line: name, type, attributes, and the status if it is an error.
    /// Siblings are in order of start and then of name.
    ///
    /// # Panics
    ///
    /// If the spans do not arrive within ten seconds.
    pub fn tree(&self) -> String {
        tree::plain(&self.spans())
    }
}

impl Default for Capture {
    fn default() -> Self {
        Self::new()
    }
}

/// A clock that stands still until it is moved. Starts at 2026-01-01T00:00:00Z.
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    nanos: Arc<AtomicU64>,
    wall_step: Arc<AtomicU64>,
}

impl ManualClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Sets the time of day back, as an operator might; monotonic time goes on.
    pub fn step_back(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.wall_step.fetch_add(nanos, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600) + self.monotonic()
            - Duration::from_nanos(self.wall_step.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }
}

/// Generates ids 1, 2, 3 …, counted apart for traces and spans.
#[derive(Debug, Default)]
pub struct CountedIds {
    traces: AtomicU64,
    spans: AtomicU64,
}

impl IdGenerator for CountedIds {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(u128::from(self.traces.fetch_add(1, Ordering::Relaxed) + 1))
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
