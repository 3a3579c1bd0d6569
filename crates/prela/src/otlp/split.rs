//! Splits an encoded request in two, for a receiver that takes less at a time.

#[cfg(test)]
#[cfg(feature = "__otlp")]
mod tests;

use crate::protobuf::fields::request::RESOURCE_SPANS;
use crate::protobuf::fields::resource_spans::SCOPE_SPANS;
use crate::protobuf::fields::scope_spans::SPANS;
use crate::protobuf::{RawFields, Writer};
use bytes::Bytes;

/// A part of a request, which is a request by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) body: Bytes,
    pub(crate) spans: u64,
}

/// Splits a request into two with half of the spans each, with their resources and scopes.
/// None if it has fewer than two spans, or is not a request.
///
/// Reads the frame of the message only: resources, scopes and spans stay encoded.
///
/// Source: [OTLP `trace_service.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/trace/v1/trace_service.proto).
pub(crate) fn split(request: &[u8]) -> Option<[Part; 2]> {
    let spans = count(request)?;
    if spans < 2 {
        return None;
    }
    let first = spans / 2;
    Some([part(request, 0, first)?, part(request, first, spans)?])
}

/// The number of spans in a request.
fn count(request: &[u8]) -> Option<u64> {
    let mut spans = 0;
    for field in RawFields::of(request) {
        let field = field?;
        if field.id == RESOURCE_SPANS {
            for field in RawFields::of(field.content) {
                let field = field?;
                if field.id == SCOPE_SPANS {
                    for field in RawFields::of(field.content) {
                        spans += u64::from(field?.id == SPANS);
                    }
                }
            }
        }
    }
    Some(spans)
}

/// The request with only its spans number `from` up to `to`, exclusive.
fn part(request: &[u8], from: u64, to: u64) -> Option<Part> {
    let mut number = 0;
    let mut body = Writer::default();
    for field in RawFields::of(request) {
        let field = field?;
        if field.id != RESOURCE_SPANS {
            body.all(field.whole);
            continue;
        }
        let (mut resource_spans, mut has_scopes) = (Writer::default(), false);
        for field in RawFields::of(field.content) {
            let field = field?;
            if field.id != SCOPE_SPANS {
                resource_spans.all(field.whole);
                continue;
            }
            let (mut scope_spans, mut has_spans) = (Writer::default(), false);
            for field in RawFields::of(field.content) {
                let field = field?;
                if field.id == SPANS {
                    number += 1;
                    if number <= from || number > to {
                        continue;
                    }
                    has_spans = true;
                }
                scope_spans.all(field.whole);
            }
            if has_spans {
                has_scopes = true;
                resource_spans.bytes(SCOPE_SPANS, scope_spans.written());
            }
        }
        if has_scopes {
            body.bytes(RESOURCE_SPANS, resource_spans.written());
        }
    }
    Some(Part { body: Bytes::copy_from_slice(body.written()), spans: to - from })
}
