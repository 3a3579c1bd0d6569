//! Calls of models that are traced already.

use super::{Span, span_of};
use crate::SpanType;
use opentelemetry::Context;

/// The current span, if it is a call of a model: whoever makes spans of such calls on a lower layer has none to
/// make there, since two would count the tokens twice. It may still write to this one, and pass it on in headers.
///
/// Such a span comes from a client that traces its own calls, as `rig` and `genai` do through
/// [`prela::tracing`](crate::tracing), or from the user.
pub(crate) fn model_call_in(cx: &Context) -> Option<Span> {
    span_of(cx).filter(|span| matches!(span.span_type(), Some(SpanType::Llm | SpanType::Embedding)))
}
