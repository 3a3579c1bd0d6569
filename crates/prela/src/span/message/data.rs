//! A finished span, as exporters and processors see it.

use crate::{SpanType, Value};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
use opentelemetry::{InstrumentationScope, Key};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A finished span.
///
/// Attribute keys are unique: the last write won. What the limits refused is in the `dropped_*`
/// counts.
///
/// Source: [OTLP `trace.proto`, `Span`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpanData {
    /// Trace id, span id, flags and trace state.
    pub span_context: SpanContext,
    /// The parent's span id; none for a root.
    pub parent_span_id: Option<SpanId>,
    /// Whether the parent is in another process.
    pub parent_is_remote: bool,
    /// The name.
    pub name: Cow<'static, str>,
    /// Prela's type of the span.
    pub span_type: SpanType,
    /// OpenTelemetry's kind of the span.
    pub kind: SpanKind,
    /// When it started.
    pub start_time: SystemTime,
    /// When it ended, never before `start_time`.
    pub end_time: SystemTime,
    /// Attributes with unique keys, in the order in which they were first set.
    pub attributes: Vec<(Key, Value)>,
    /// Attributes refused because [`SpanLimits::attributes`](crate::span::SpanLimits) was reached.
    pub dropped_attributes_count: u32,
    /// Events in the order in which they were added.
    pub events: Vec<Event>,
    /// Events refused because of the limit.
    pub dropped_events_count: u32,
    /// Links in the order in which they were added.
    pub links: Vec<Link>,
    /// Links refused because of the limit.
    pub dropped_links_count: u32,
    /// The status.
    pub status: Status,
    /// The library that made the span.
    pub scope: Arc<InstrumentationScope>,
}

impl SpanData {
    /// A span with nothing in it.
    pub(super) fn blank(scope: Arc<InstrumentationScope>) -> Self {
        Self {
            span_context: SpanContext::NONE,
            parent_span_id: None,
            parent_is_remote: false,
            name: Cow::Borrowed(""),
            span_type: SpanType::Custom,
            kind: SpanKind::Internal,
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::Unset,
            scope,
        }
    }

    /// The value of one attribute.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known.as_str() == key).map(|(_, value)| value)
    }

    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.end_time.duration_since(self.start_time).unwrap_or_default()
    }

    /// Whether it is the first span of its trace in this process: it has no parent, or a remote one.
    pub fn is_local_root(&self) -> bool {
        self.parent_span_id.is_none() || self.parent_is_remote
    }
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The name.
    pub name: Cow<'static, str>,
    /// When it happened.
    pub time: SystemTime,
    /// Attributes with unique keys.
    pub attributes: Vec<(Key, Value)>,
    /// Attributes refused because of the limit.
    pub dropped_attributes_count: u32,
}

/// A relation to another span that is not its parent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// The other span.
    pub span_context: SpanContext,
    /// Attributes with unique keys.
    pub attributes: Vec<(Key, Value)>,
    /// Attributes refused because of the limit.
    pub dropped_attributes_count: u32,
}
