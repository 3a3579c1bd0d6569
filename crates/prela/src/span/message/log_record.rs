//! Log records, as OTLP's messages.
//!
//! They are treated as spans are: a record is encoded once, waits in a bounded queue of its own, and is
//! counted.

#[cfg(all(test, feature = "otlp-http"))]
mod tests;

use super::{SpanSummary, any, attributes};
use crate::Value;
use crate::protobuf::Writer;
use crate::protobuf::fields::log_record as fields;
use opentelemetry::trace::SpanContext;
use opentelemetry::{InstrumentationScope, Key};
use std::sync::Arc;

/// What happened at one moment, and in which span.
#[derive(Debug)]
pub(crate) struct LogRecord {
    /// The module or library that logged it.
    pub(crate) scope: Arc<InstrumentationScope>,
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    pub(crate) severity: Severity,
    pub(crate) event_name: Option<&'static str>,
    pub(crate) body: Value,
    pub(crate) attributes: Vec<(Key, Value)>,
    pub(crate) dropped_attributes_count: u32,
    /// Invalid outside every span.
    pub(crate) span_context: SpanContext,
}

/// The severity: number and text.
///
/// Source: [Logs Data Model, Severity](https://opentelemetry.io/docs/specs/otel/logs/data-model/#severity-fields).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Trace = 1,
    Debug = 5,
    Info = 9,
    Warn = 13,
    Error = 17,
}

impl Severity {
    fn text(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl LogRecord {
    /// OTLP's message `LogRecord`.
    ///
    /// Source: [OTLP `logs.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto).
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let time = self.time.to_le_bytes();
        w.raw([fields::TIME.tag()]);
        w.raw(time);
        w.raw([fields::OBSERVED_TIME.tag()]);
        w.raw(time);
        w.raw([fields::SEVERITY_NUMBER.tag(), self.severity as u8]);
        w.text(fields::SEVERITY_TEXT, self.severity.text().as_bytes());
        if !matches!(self.body, Value::Empty) {
            any(&mut w, fields::BODY, &self.body);
        }
        attributes(&mut w, fields::ATTRIBUTES, &self.attributes);
        w.count(fields::DROPPED_ATTRIBUTES, self.dropped_attributes_count);
        if self.span_context.is_valid() {
            let [a, b, c, d] = u32::from(self.span_context.trace_flags().to_u8()).to_le_bytes();
            w.raw([fields::FLAGS.tag(), a, b, c, d]);
            w.bytes(fields::TRACE_ID, &self.span_context.trace_id().to_bytes());
            w.bytes(fields::SPAN_ID, &self.span_context.span_id().to_bytes());
        }
        w.text(fields::EVENT_NAME, self.event_name.unwrap_or_default().as_bytes());
        w.written().to_vec()
    }

    /// What a queue asks of the record: an error finds room where others do not.
    pub(crate) fn summary(&self) -> SpanSummary {
        SpanSummary {
            start_time: self.time,
            end_time: self.time,
            is_sampled: true,
            is_error: self.severity >= Severity::Error,
            ..SpanSummary::default()
        }
    }
}
