//! The outermost layers of an export request, which are the same for traces, logs and metrics.
//!
//! What is inside stays encoded as it came, so that nothing of it is lost, not even fields of later versions
//! of OTLP.

use bytes::Bytes;
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};

/// `ExportTraceServiceRequest`, `ExportLogsServiceRequest` or `ExportMetricsServiceRequest`; and
/// `TracesData`, which has the same shape.
#[derive(Clone, PartialEq, Message)]
pub struct Envelope {
    /// `resource_spans` and their like.
    #[prost(message, repeated, tag = "1")]
    pub resources: Vec<Resource>,
}

/// `ResourceSpans` and their like.
#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    /// A message `Resource`.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub resource: Option<Bytes>,
    /// `scope_spans` and their like.
    #[prost(message, repeated, tag = "2")]
    pub scopes: Vec<Scope>,
    /// The version of the conventions that the resource follows.
    #[prost(string, tag = "3")]
    pub schema_url: String,
}

/// `ScopeSpans` and their like.
#[derive(Clone, PartialEq, Message)]
pub struct Scope {
    /// A message `InstrumentationScope`.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub scope: Option<Bytes>,
    /// Messages `Span`, `LogRecord` or `Metric`.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub records: Vec<Bytes>,
    /// The version of the conventions that the records follow.
    #[prost(string, tag = "3")]
    pub schema_url: String,
}

impl Envelope {
    /// Counts resources, scopes and records in the bytes of a request without decoding them: two bytes can
    /// stand for one of them, which in memory is a hundred times as much. None if the bytes are no such
    /// request.
    pub fn parts(request: &[u8]) -> Option<usize> {
        let mut parts = 0;
        each(request, 1, &mut |resource| {
            parts += 1;
            each(resource, 2, &mut |scope| {
                parts += 1;
                each(scope, 2, &mut |_| {
                    parts += 1;
                    Some(())
                })
            })
        })?;
        Some(parts)
    }

    /// The number of spans, log records or metrics in it.
    pub fn len(&self) -> usize {
        let scopes = self.resources.iter().flat_map(|resource| &resource.scopes);
        scopes.map(|scope| scope.records.len()).sum()
    }

    /// Whether there is no record in it. Exporters may send such requests.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Calls `found` with every message in a field of a message.
fn each(mut message: &[u8], field: u32, found: &mut impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
    while !message.is_empty() {
        let (number, wire) = decode_key(&mut message).ok()?;
        let length = match wire {
            WireType::Varint => {
                decode_varint(&mut message).ok()?;
                continue;
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut message).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (inner, rest) = message.split_at_checked(length)?;
        message = rest;
        if number == field && wire == WireType::LengthDelimited {
            found(inner)?;
        }
    }
    Some(())
}
