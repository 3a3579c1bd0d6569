//! A span as OTLP's message `Span`: how it is written, kept and read.
//!
//! A running span is its message, written from front to back. Once it has ended, the message is kept in a
//! block of many until it is sent. It is read back for whoever asks for a [`SpanData`].
//!
//! Requests and transports belong to `otlp`, field numbers to `protobuf`.
//!
//! Source: [OTLP `trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).

mod attribute;
mod batch;
mod block;
mod codes;
mod data;
mod ended_span;
mod keys;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
mod log_record;
mod parts;
mod read;
mod scalar;
mod span_message;
mod type_attributes;

pub use self::batch::Batch;
pub use self::data::{Event, Link, SpanData};

#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) use self::attribute::any;
pub(crate) use self::attribute::{attribute, attributes};
pub(crate) use self::block::{Blocks, Drained, EncodedSpan};
pub(crate) use self::codes::kind;
#[cfg(test)]
pub(crate) use self::codes::{flags, parent, status};
pub(crate) use self::ended_span::{EndedSpan, SpanSummary};
pub(super) use self::keys::KeyHash;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) use self::log_record::{LogRecord, Severity};
pub(super) use self::parts::{ChildHead, EventParts, Head};
pub(super) use self::scalar::{Scalar, Written};
pub(super) use self::span_message::SpanMessage;
pub(super) use self::type_attributes::{AllTypes, TypeAttributes};
