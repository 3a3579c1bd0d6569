//! Cutting an encoded request in two, for a receiver that takes less at a time.

#[cfg(test)]
#[cfg(any(feature = "grpc", feature = "http"))]
mod tests;

use bytes::{BufMut as _, Bytes, BytesMut};

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
    for field in Fields(request) {
        let field = field?;
        if field.number == RESOURCE_SPANS {
            for field in Fields(field.content) {
                let field = field?;
                if field.number == SCOPE_SPANS {
                    for field in Fields(field.content) {
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
    let mut body = BytesMut::new();
    for field in Fields(request) {
        let field = field?;
        if field.number != RESOURCE_SPANS {
            body.put_slice(field.whole);
            continue;
        }
        let (mut resource_spans, mut has_scopes) = (BytesMut::new(), false);
        for field in Fields(field.content) {
            let field = field?;
            if field.number != SCOPE_SPANS {
                resource_spans.put_slice(field.whole);
                continue;
            }
            let (mut scope_spans, mut has_spans) = (BytesMut::new(), false);
            for field in Fields(field.content) {
                let field = field?;
                if field.number == SPANS {
                    number += 1;
                    if number <= from || number > to {
                        continue;
                    }
                    has_spans = true;
                }
                scope_spans.put_slice(field.whole);
            }
            if has_spans {
                has_scopes = true;
                put(&mut resource_spans, SCOPE_SPANS, &scope_spans);
            }
        }
        if has_scopes {
            put(&mut body, RESOURCE_SPANS, &resource_spans);
        }
    }
    Some(Half { body: body.freeze(), spans: to - from })
}

/// Writes a message as a field.
fn put(into: &mut BytesMut, number: u64, content: &[u8]) {
    put_varint(into, number << 3 | LENGTH_DELIMITED);
    put_varint(into, content.len() as u64);
    into.put_slice(content);
}

fn put_varint(into: &mut BytesMut, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return into.put_u8(low);
        }
        into.put_u8(low | 0x80);
    }
}

/// The fields of a message, in order; none instead of one that is malformed, which is the last.
struct Fields<'a>(&'a [u8]);

struct Field<'a> {
    number: u64,
    /// With its number and length.
    whole: &'a [u8],
    /// Without; empty for a field that has no length.
    content: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = read(self.0);
        self.0 = field.as_ref().map_or(&[][..], |field| &self.0[field.whole.len()..]);
        Some(field)
    }
}

fn read(message: &[u8]) -> Option<Field<'_>> {
    let (key, rest) = varint(message)?;
    let (content, rest) = match key & 7 {
        0 => (&[][..], varint(rest)?.1),
        1 => (&[][..], rest.get(8..)?),
        LENGTH_DELIMITED => {
            let (length, rest) = varint(rest)?;
            rest.split_at_checked(usize::try_from(length).ok()?)?
        }
        5 => (&[][..], rest.get(4..)?),
        _ => return None,
    };
    let whole = &message[..message.len() - rest.len()];
    Some(Field { number: key >> 3, whole, content })
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (i, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}

/// Of `ExportTraceServiceRequest`.
const RESOURCE_SPANS: u64 = 1;
/// Of `ResourceSpans`.
const SCOPE_SPANS: u64 = 2;
/// Of `ScopeSpans`.
const SPANS: u64 = 2;

const LENGTH_DELIMITED: u64 = 2;
