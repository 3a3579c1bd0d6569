//! The fields `x-trace-id` and `x-span-id` of Prela for Python.
//!
//! It writes both as UUIDs; its OTLP exporter sends the first 8 bytes of the span's.

use super::fields::{Ids, Values, both, only};
use super::refused::Refusals;
use super::traceparent::trim;
use super::{Reason, hex};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};

const TRACE_ID: &str = "x-trace-id";
const SPAN_ID: &str = "x-span-id";

pub(super) fn write(
    span: Option<&SpanContext>,
    field: &mut dyn FnMut(&'static str, Option<String>),
) {
    field(TRACE_ID, span.map(|span| hex::format(&span.trace_id().to_bytes())));
    field(SPAN_ID, span.map(|span| hex::format(&span.span_id().to_bytes())));
}

/// Reads both fields. They do not say whether the trace is sampled, but are sent for sampled spans only.
pub(super) fn read(values: Values<'_>, refused: &mut Refusals) -> Option<Ids> {
    let trace_id = only(TRACE_ID, values, refused, |value| match digits(trim(value))? {
        Digits::Long(id) if id != [0; 16] => Ok(TraceId::from_bytes(id)),
        Digits::Long(_) => Err(Reason::ZeroId),
        Digits::Short(_) => Err(Reason::Length),
    });
    let span_id = only(SPAN_ID, values, refused, |value| {
        let id = match digits(trim(value))? {
            Digits::Long([a, b, c, d, e, f, g, h, ..])
            | Digits::Short([a, b, c, d, e, f, g, h]) => {
                SpanId::from_bytes([a, b, c, d, e, f, g, h])
            }
        };
        if id == SpanId::INVALID { Err(Reason::ZeroId) } else { Ok(id) }
    });
    let (trace_id, span_id) = both((TRACE_ID, trace_id), (SPAN_ID, span_id), refused)?;
    Some((trace_id, span_id, TraceFlags::SAMPLED))
}

enum Digits {
    Long([u8; 16]),
    Short([u8; 8]),
}

/// Reads 32 digits, with or without the hyphens of a UUID, or 16. They may be in upper case.
fn digits(value: &[u8]) -> Result<Digits, Reason> {
    let is_uuid = value.len() == 36 && [8, 13, 18, 23].iter().all(|i| value[*i] == b'-');
    if !is_uuid && !matches!(value.len(), 16 | 32) {
        return Err(Reason::Length);
    }
    let digits: Vec<u8> = value
        .iter()
        .filter(|byte| !is_uuid || **byte != b'-')
        .map(u8::to_ascii_lowercase)
        .collect();
    let long = hex::parse(&digits).map(Digits::Long);
    long.or_else(|| hex::parse(&digits).map(Digits::Short)).ok_or(Reason::NotHex)
}
