//! A span that has ended, on its way to the exporters.

use super::data::SpanData;
use super::read::read;
use crate::SpanType;
use crate::clock::unix_nano;
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Status, TraceId};
use std::sync::Arc;

/// A span that has ended: its complete message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedSpan<'a> {
    /// OTLP's message `Span`.
    pub(crate) message: &'a [u8],
    pub(crate) scope: &'a Arc<InstrumentationScope>,
    pub(crate) summary: &'a SpanSummary,
}

/// What can be asked of a span without reading its message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpanSummary {
    /// Nanoseconds since 1970, like the end.
    pub(crate) start_time: u64,
    pub(crate) end_time: u64,
    pub(crate) span_type: SpanType,
    /// Whether it is the first span of its trace in this process.
    pub(crate) is_local_root: bool,
    pub(crate) is_sampled: bool,
    pub(crate) is_error: bool,
}

impl EndedSpan<'_> {
    /// The span as exporters and processors see it.
    ///
    /// Cost: reads the message and copies its content, about as much work as recording it.
    pub(crate) fn to_data(self) -> SpanData {
        let mut span = SpanData::blank(self.scope.clone());
        span.span_type = self.summary.span_type;
        read(self.message, &mut span);
        span
    }

    /// The trace id, read at its fixed place in the message.
    pub(crate) fn trace_id(&self) -> TraceId {
        let id = self.message.get(2..18).and_then(|id| id.try_into().ok());
        TraceId::from_bytes(id.unwrap_or_default())
    }
}

impl SpanSummary {
    pub(crate) fn of(span: &SpanData) -> Self {
        Self {
            start_time: unix_nano(span.start_time),
            end_time: unix_nano(span.end_time),
            span_type: span.span_type,
            is_local_root: span.is_local_root(),
            is_sampled: span.span_context.is_sampled(),
            is_error: matches!(span.status, Status::Error { .. }),
        }
    }
}
