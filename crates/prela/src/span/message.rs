//! A span as OTLP's message `Span`: how it is written and read.
//!
//! Requests and transports are `otlp`'s, the numbers of fields `protobuf`'s. Everything is written once, from front to back.
//!
//! Source: [OTLP `trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).

mod attribute;
mod keys;
mod parts;
mod read;
mod scalar;
mod span_message;
mod type_attributes;

pub(crate) use self::attribute::{attribute, attributes};
pub(super) use self::parts::Head;
pub(super) use self::parts::span;
pub(super) use self::read::read;
pub(super) use self::scalar::Scalar;
pub(super) use self::span_message::SpanMessage;
pub(super) use self::type_attributes::AllTypes;

use super::SpanData;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags};

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`: the next bit is known.
const HAS_IS_REMOTE: u32 = 0x100;
/// `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
const IS_REMOTE: u32 = 0x200;

/// Flags of a span or link: the trace flags, and whether `remote`.
pub(crate) fn flags(context: &SpanContext, remote: bool) -> u32 {
    u32::from(context.trace_flags().to_u8()) | HAS_IS_REMOTE | if remote { IS_REMOTE } else { 0 }
}

/// Sets the flag in a whole message, which ends in its flags.
pub(super) fn set_sampled(message: &mut [u8]) {
    if let Some([flags, ..]) = message.last_chunk_mut::<4>() {
        *flags |= TraceFlags::SAMPLED.to_u8();
    }
}

/// The parent, unless its id is the one that means none.
pub(crate) fn parent(span: &SpanData) -> Option<SpanId> {
    span.parent_span_id.filter(|id| *id != SpanId::INVALID)
}

/// The number of `SpanKind`.
pub(crate) fn kind(kind: &SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// The number of `StatusCode`, and the message.
pub(crate) fn status(status: &Status) -> (u8, &str) {
    match status {
        Status::Unset => (0, ""),
        Status::Ok => (1, ""),
        Status::Error { description } => (2, description),
    }
}
