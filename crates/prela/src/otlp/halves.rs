//! Cutting an encoded request in two, for a receiver that takes less at a time.

#[cfg(test)]
#[cfg(any(feature = "grpc", feature = "http"))]
mod tests;

use crate::span::wire::{self, Writer};
use bytes::Bytes;

/// A part of a request, which is a request by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) body: Bytes,
    pub(crate) spans: u64,
}

/// The request in two parts, with the resource and scopes of each span; none if it has less than two
/// spans, or is not one.
///
/// Reads the frame of the message alone: resource, scopes and spans stay as they are, encoded.
///
/// Source: [OTLP `trace_service.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/trace/v1/trace_service.proto).
pub(crate) fn halves(request: &[u8]) -> Option<[Half; 2]> {
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
    for field in Fields::of(request) {
        let field = field?;
        if field.number == RESOURCE_SPANS {
            for field in Fields::of(field.content) {
                let field = field?;
                if field.number == SCOPE_SPANS {
                    for field in Fields::of(field.content) {
                        spans += u64::from(field?.number == SPANS);
                    }
                }
            }
        }
    }
    Some(spans)
}

/// The request with its spans number `from` up to `to`, without that.
fn part(request: &[u8], from: u64, to: u64) -> Option<Half> {
    let mut number = 0;
    let mut body = Writer::default();
    for field in Fields::of(request) {
        let field = field?;
        if field.number != RESOURCE_SPANS {
            body.all(field.whole);
            continue;
        }
        let (mut resource_spans, mut has_scopes) = (Writer::default(), false);
        for field in Fields::of(field.content) {
            let field = field?;
            if field.number != SCOPE_SPANS {
                resource_spans.all(field.whole);
                continue;
            }
            let (mut scope_spans, mut has_spans) = (Writer::default(), false);
            for field in Fields::of(field.content) {
                let field = field?;
                if field.number == SPANS {
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
                resource_spans.bytes(tag(SCOPE_SPANS), scope_spans.written());
            }
        }
        if has_scopes {
            body.bytes(tag(RESOURCE_SPANS), resource_spans.written());
        }
    }
    Some(Half { body: Bytes::copy_from_slice(body.written()), spans: to - from })
}

/// What begins a message as a field with this number.
fn tag(number: u8) -> u8 {
    number << 3 | LENGTH_DELIMITED
}

/// The fields of a message, in order; none instead of one that is malformed, which is the last.
struct Fields<'a> {
    message: &'a [u8],
    fields: wire::Fields<'a>,
}

struct Field<'a> {
    /// 0 if it is larger than any that is looked for.
    number: u8,
    /// With its number and length.
    whole: &'a [u8],
    /// Without; empty for a field that has no length.
    content: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { message, fields: wire::Fields::of(message) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.fields.left();
        if left == 0 {
            return None;
        }
        let Some((number, field)) = self.fields.next() else {
            self.fields = wire::Fields::of(&[]);
            return Some(None);
        };
        let end = self.message.len();
        let whole = &self.message[end - left..end - self.fields.left()];
        let number = u8::try_from(number).unwrap_or_default();
        Some(Some(Field { number, whole, content: field.bytes() }))
    }
}

/// Of `ExportTraceServiceRequest`.
const RESOURCE_SPANS: u8 = 1;
/// Of `ResourceSpans`.
const SCOPE_SPANS: u8 = 2;
/// Of `ScopeSpans`.
const SPANS: u8 = 2;

const LENGTH_DELIMITED: u8 = 2;
