//! The outermost layers of an export request, which are the same for traces, logs and metrics.
//!
//! What is inside stays as the bytes that came, so that nothing of it is lost, fields of later versions
//! of OTLP among them.

use bytes::Bytes;
use prost::Message;

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
    /// Spans, log records or metrics in it.
    pub fn len(&self) -> usize {
        let scopes = self.resources.iter().flat_map(|resource| &resource.scopes);
        scopes.map(|scope| scope.records.len()).sum()
    }

    /// Whether there is nothing in it, which exporters may send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
