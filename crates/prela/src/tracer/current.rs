//! The current span and the current trace.

use crate::context::Correlation;
use crate::span::{Span, root_of, span_of, without_spans};
use crate::value::Baggage;
use crate::{TraceContext, Value, context};
use opentelemetry::Key;
use opentelemetry::trace::TraceId;

/// The current span, also one that another OpenTelemetry library made; none outside every span.
///
/// ```
/// if let Some(span) = prela::current_span() {
///     span.set_attribute("key", "value");
/// }
/// ```
pub fn current_span() -> Option<Span> {
    span_of(&context::current())
}

/// The current trace's id, for log lines; none outside every span.
pub fn current_trace_id() -> Option<TraceId> {
    TraceContext::current().trace_id()
}

/// A snapshot of the current context.
pub fn trace_context() -> TraceContext {
    TraceContext::current()
}

/// Sets attributes on the current span. False if there is none, or it is not recorded.
///
/// ```
/// use prela::attributes;
///
/// prela::enrich([("user.tier", "pro"), ("user.region", "eu")]);
/// prela::enrich(attributes![("found", 3), ("index", "docs")]); // values of several types
/// ```
pub fn enrich<K: Into<Key>, V: Into<Value>>(attributes: impl IntoIterator<Item = (K, V)>) -> bool {
    let Some(span) = current_span().filter(Span::is_recording) else { return false };
    span.set_attributes(attributes);
    true
}

/// Sets attributes on the local root: the topmost span of the current trace in this process, such as that of
/// the request which a server handles. It can be called from anywhere below it, on any thread and in any task
/// that has its context.
///
/// False if there is no current span, if the trace is not recorded, or if the root has ended: what runs on after
/// it cannot change it any more. Below a span of another OpenTelemetry library, the root is one of the same trace
/// that still runs in this process: of several, the last that began on this thread, if any did.
///
/// Lists of traces show the root's `input.value`, `output.value`, `session.id` and `user.id`, which
/// `prela::genai::RootSpan` writes for you.
///
/// Cost: that of [`enrich`], and of looking for the root among those that run now.
///
/// ```
/// # let memory = prela::export::MemoryExporter::new();
/// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// # let tracer = prela.tracer();
/// use prela::SpanType;
///
/// tracer.span("request", SpanType::Agent).in_scope(|_| {
///     tracer.span("load_user", SpanType::Tool).in_scope(|_| {
///         prela::enrich_root([("user.tier", "pro")]); // on `request`
///     });
/// });
/// # prela.flush(std::time::Duration::from_secs(5))?;
/// # assert!(memory.spans()[1].attributes.iter().any(|(key, _)| key.as_str() == "user.tier"));
/// # Ok::<(), prela::Error>(())
/// ```
pub fn enrich_root<K: Into<Key>, V: Into<Value>>(
    attributes: impl IntoIterator<Item = (K, V)>,
) -> bool {
    let root = root_of(&context::current()).filter(Span::is_recording);
    let Some(root) = root else { return false };
    root.set_attributes(attributes);
    true
}

/// Runs `f` with a clean slate: no current span, no baggage, and no request or
/// session. A span in it begins a new trace.
///
/// What was current before is current again afterwards.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::SpanType;
///
/// tracer.span("request", SpanType::Agent).in_scope(|request| {
///     prela::new_trace_context(|_cx| {
///         tracer.span("background_job", SpanType::Custom).in_scope(|job| {
///             assert_eq!(job.parent_span_id(), None);
///             assert_ne!(job.trace_id(), request.trace_id());
///         });
///     });
/// });
/// # Ok::<(), prela::Error>(())
/// ```
pub fn new_trace_context<R>(f: impl FnOnce(&TraceContext) -> R) -> R {
    let cx = context::with_baggage(&without_spans(&context::current()), Baggage::default());
    let cx = Correlation::cleared(&cx);
    #[cfg(feature = "genai")]
    let cx = context::CurrentAgent::cleared(&cx);
    let cx = TraceContext::from(cx);
    cx.run(|| f(&cx))
}
