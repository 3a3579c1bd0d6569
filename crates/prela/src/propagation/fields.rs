//! How a field is read, in any format.

use super::Reason;
use super::refused::Refusals;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The ids and flags that a format holds.
pub(super) type Ids = (TraceId, SpanId, TraceFlags);

/// Reads all values of a field.
pub(super) type Values<'a> = &'a dyn Fn(&str, &mut dyn FnMut(&[u8]));

/// The only value of a field; none if it is not there, or if what is there cannot be used.
pub(super) fn only<T>(
    name: &'static str,
    values: Values<'_>,
    refused: &mut Refusals,
    parse: impl Fn(&[u8]) -> Result<T, Reason>,
) -> Option<T> {
    let mut value = None;
    values(name, &mut |field| {
        value = Some(if value.is_none() { parse(field) } else { Err(Reason::Repeated) });
    });
    value?.map_err(|reason| refused.add(name, reason)).ok()
}

/// Both of two fields that mean nothing without each other.
pub(super) fn both<A, B>(
    first: (&'static str, Option<A>),
    second: (&'static str, Option<B>),
    refused: &mut Refusals,
) -> Option<(A, B)> {
    match (first, second) {
        ((_, Some(first)), (_, Some(second))) => Some((first, second)),
        ((name, Some(_)), (_, None)) | ((_, None), (name, Some(_))) => {
            refused.add(name, Reason::Alone);
            None
        }
        ((_, None), (_, None)) => None,
    }
}

/// The context of a span of another process.
pub(super) fn remote(
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
    state: TraceState,
) -> SpanContext {
    SpanContext::new(trace_id, span_id, flags, true, state)
}
