//! The span that a context holds, for users.

use super::handle::Span;
use super::lifecycle::{Occupant, Provider, occupant_in, record_of, running_root};
#[cfg(any(feature = "llm", feature = "tracing"))]
use crate::SpanType;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;

/// The span in a context's slot, whichever library made it.
pub(crate) fn span_of(cx: &Context) -> Option<Span> {
    if !cx.has_active_span() {
        return None;
    }
    let slot = cx.span();
    match record_of(&slot) {
        Some(record) => Some(Span::of(record)),
        None if slot.span_context().is_valid() => Some(Span::foreign(cx.clone())),
        None => None,
    }
}

/// The span that a context holds for one instance.
pub(crate) fn span_of_instance(cx: &Context, provider: &Provider) -> Option<Span> {
    match occupant_in(cx, provider) {
        Occupant::Local(record) => Some(Span::of(record)),
        Occupant::Other(_) => span_of(cx),
        Occupant::None => None,
    }
}

/// The local root of the current span of a context, if it still runs. Below a span of another library it is
/// a root of the same trace, rather one that began on this thread.
pub(crate) fn root_of(cx: &Context) -> Option<Span> {
    let span = span_of(cx)?;
    let root = match span.record() {
        Some(record) if record.root() == record.span_context.span_id() => return Some(span),
        Some(record) => running_root(record.span_context.trace_id(), Some(record)),
        None if span.span_context().is_remote() => None,
        None => running_root(span.trace_id(), None),
    };
    root.map(Span::of)
}

/// The request that came in, if this agent is the first one below it.
#[cfg(feature = "genai")]
pub(crate) fn led_by(agent: &Span) -> Option<Span> {
    let record = agent.record()?;
    let leads = record.with(|message| message.leads()).unwrap_or_default();
    let root = leads.then(|| running_root(record.span_context.trace_id(), Some(record))).flatten();
    root.map(Span::of)
}

/// The span of a context, if it is a call of a model. A lower layer then makes no span of its own for the call,
/// since two would count the tokens twice. It may still write to this one, and pass it on in headers.
///
/// Such a span comes from a client that traces its own calls, as `rig` and `genai` do through
/// [`prela::tracing`](crate::tracing), or from the user.
#[cfg(any(feature = "llm", feature = "tracing"))]
pub(crate) fn model_call_in(cx: &Context) -> Option<Span> {
    span_of(cx).filter(|span| matches!(span.span_type(), Some(SpanType::Llm | SpanType::Embedding)))
}
