//! Immutable snapshots of the current context.

use super::current::current;
use super::scope::ContextScope;
use super::suppression::taken_along;
use super::unawaited;
use crate::value::Baggage;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceId};
use std::fmt;
use std::mem;
use std::sync::{Arc, OnceLock};

/// A snapshot of a context: trace, current span, baggage and whatever other OpenTelemetry libraries
/// put there.
///
/// Immutable and cheap to clone (two reference counts), `Send` and `Sync`: one snapshot may be used
/// by any number of threads and tasks at once.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::{SpanType, TraceContext};
///
/// tracer.span("parent", SpanType::Agent).in_scope(|parent| {
///     let cx = TraceContext::current();
///     let seen = std::thread::spawn(cx.wrap(|| prela::current_trace_id())).join().unwrap();
///     assert_eq!(seen, Some(parent.trace_id()));
/// });
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct TraceContext {
    cx: Context,
    received: Option<Arc<Received>>,
}

/// Baggage that came in, and a context with it, made only when other libraries are to see it: that costs more
/// than the rest of a carrier, and many contexts are only linked to or sent on.
struct Received {
    baggage: Baggage,
    cx: OnceLock<Context>,
}

impl TraceContext {
    /// The current context. Outside every span it is empty, but usable.
    pub fn current() -> Self {
        taken_along(current()).into()
    }

    /// A context of another process.
    pub(crate) fn received(cx: Context, baggage: Option<Baggage>) -> Self {
        let received = baggage.filter(|baggage| !baggage.is_empty());
        let received = received.map(|baggage| Received { baggage, cx: OnceLock::new() });
        Self { cx, received: received.map(Arc::new) }
    }

    /// Makes this context current on this thread until the guard is dropped. For synchronous code
    /// only; see [`TraceContext::bind`] for futures.
    pub fn attach(&self) -> ContextGuard {
        ContextGuard(ContextScope::enter(self.as_otel().clone()))
    }

    /// Runs `f` in this context. What was current before is current again afterwards.
    ///
    /// For code that does not await. A future that `f` returns would run outside of the context; use
    /// [`TraceContext::bind`] for it. Builds with debug assertions say so once.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _scope = ContextScope::enter(self.as_otel().clone());
        let result = f();
        unawaited::in_context::<R>();
        result
    }

    /// A job that runs in this context, on any thread. It may borrow.
    pub fn wrap<F, R>(self, job: F) -> impl FnOnce() -> R + use<F, R>
    where
        F: FnOnce() -> R,
    {
        move || self.run(job)
    }

    /// A function that runs in this context, any number of times, on several threads at once if `f`
    /// can. Functions of several arguments take a tuple.
    pub fn wrap_fn<F, A, R>(self, f: F) -> impl Fn(A) -> R + use<F, A, R>
    where
        F: Fn(A) -> R,
    {
        move |argument| self.run(|| f(argument))
    }

    /// A copy of this context in which no span is recorded; see [`suppress`](crate::suppress).
    #[must_use]
    pub fn suppressed(&self) -> Self {
        self.as_otel().with_telemetry_suppressed().into()
    }

    /// The trace id; none outside every span.
    pub fn trace_id(&self) -> Option<TraceId> {
        Some(self.span_context().trace_id()).filter(|id| *id != TraceId::INVALID)
    }

    /// The current span's id; none outside every span.
    pub fn span_id(&self) -> Option<SpanId> {
        Some(self.span_context().span_id()).filter(|id| *id != SpanId::INVALID)
    }

    /// Whether the trace is recorded; false outside every span.
    pub fn is_sampled(&self) -> bool {
        self.span_context().is_sampled()
    }

    /// The current span's ids, flags and trace state; invalid outside every span.
    pub fn span_context(&self) -> SpanContext {
        self.cx.span().span_context().clone()
    }

    /// The baggage.
    pub fn baggage(&self) -> Baggage {
        match &self.received {
            Some(received) => received.baggage.clone(),
            None => super::baggage_of(&self.cx),
        }
    }

    /// The context as OpenTelemetry's type.
    pub fn as_otel(&self) -> &Context {
        match &self.received {
            Some(received) => {
                received.cx.get_or_init(|| super::with_baggage(&self.cx, received.baggage.clone()))
            }
            None => &self.cx,
        }
    }

    /// The context as OpenTelemetry's type, perhaps without its baggage.
    pub(crate) fn without_baggage(&self) -> &Context {
        &self.cx
    }
}

impl From<Context> for TraceContext {
    fn from(cx: Context) -> Self {
        Self { cx, received: None }
    }
}

impl From<TraceContext> for Context {
    fn from(cx: TraceContext) -> Self {
        match cx.received {
            Some(_) => cx.as_otel().clone(),
            None => cx.cx,
        }
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Baggage values belong to the caller: only their number is shown.
        f.debug_struct("TraceContext")
            .field("span_context", &self.span_context())
            .field("baggage_entries", &self.baggage().len())
            .finish()
    }
}

/// Keeps a context current on this thread; dropping it restores the one before.
///
/// Not `Send`, and must not be held across an `.await`.
#[must_use = "the context is current only until this is dropped"]
#[derive(Debug)]
pub struct ContextGuard(ContextScope);

impl Drop for ContextGuard {
    fn drop(&mut self) {
        mem::replace(&mut self.0, ContextScope::none()).leave();
    }
}

/// A function that runs in the context of this call: `f` with a snapshot, for a thread pool.
///
/// The snapshot is taken now, so call it inside the span that is to be the parent. The result can be
/// called any number of times, by several threads at once. A function of several arguments takes a
/// tuple; a job without arguments is wrapped by [`TraceContext::wrap`].
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::SpanType;
///
/// let doubled = tracer.span("batch", SpanType::Agent).in_scope(|_| {
///     let double = prela::copy_context_to_thread(|n: i32| {
///         tracer.span(format!("double_{n}"), SpanType::Custom).in_scope(|_| n * 2)
///     });
///     std::thread::scope(|threads| {
///         let handles: Vec<_> = (1..4).map(|n| threads.spawn({ let double = &double; move || double(n) })).collect();
///         handles.into_iter().map(|handle| handle.join().unwrap()).sum::<i32>()
///     })
/// });
/// assert_eq!(doubled, 12);
/// # Ok::<(), prela::Error>(())
/// ```
pub fn copy_context_to_thread<F, A, R>(f: F) -> impl Fn(A) -> R + use<F, A, R>
where
    F: Fn(A) -> R,
{
    TraceContext::current().wrap_fn(f)
}

/// Runs `f` and records no span that begins below it, by whichever API and in whichever context.
///
/// For your own exporters' clients, health checks and polling. Suppression goes along to other threads
/// and tasks like the rest of the context; for futures there are
/// [`FutureExt::suppressed`](crate::FutureExt::suppressed) and [`TraceContext::suppressed`]. Spans that
/// have begun already are recorded to their end, and requests pass on their trace. Suppressed spans are
/// not counted in [`Stats`](crate::pipeline::Stats).
///
/// Export threads, exporters, samplers, redaction rules, id generators, clocks and handlers are always
/// suppressed, and processors for their own instance. A thread that one of them starts is suppressed if it
/// is given the context.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// let is_healthy = prela::suppress(|| {
///     tracer.span_default("health check").in_scope(|span| {
///         assert!(!span.is_recording());
///         true
///     })
/// });
/// assert!(is_healthy);
/// # Ok::<(), prela::Error>(())
/// ```
pub fn suppress<R>(f: impl FnOnce() -> R) -> R {
    TraceContext::current().suppressed().run(f)
}
