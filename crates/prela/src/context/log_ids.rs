//! The current ids, for log lines.

use super::TraceContext;
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
use std::fmt;

/// The ids of the current span, as text for a log line; empty outside every span. From [`log_ids`].
///
/// `{}` is `trace_id=… span_id=… trace_flags=…`; `{:#}` puts a space before it unless it is empty, so
/// that it can follow a message directly. The names are those that OpenTelemetry specifies for logs
/// that are not OTLP.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// let line = |message: &str| format!("INFO {message}{:#}", prela::log_ids());
/// assert_eq!(line("started"), "INFO started");
/// tracer.span_default("work").in_scope(|span| {
///     assert!(line("working").starts_with(&format!("INFO working trace_id={} span_id=", span.trace_id())));
/// });
/// # Ok::<(), prela::Error>(())
/// ```
///
/// Source: [Trace Context in non-OTLP Log Formats](https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogIds(Option<(TraceId, SpanId, TraceFlags)>);

/// The ids of the current span, for a log line: in `log`'s macros, or in a formatter.
pub fn log_ids() -> LogIds {
    let span = TraceContext::current().span_context();
    LogIds(span.is_valid().then(|| (span.trace_id(), span.span_id(), span.trace_flags())))
}

impl LogIds {
    /// Each field with its name, for loggers that take pairs.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let fields = self.0.map(|(trace_id, span_id, flags)| {
            [
                ("trace_id", trace_id.to_string()),
                ("span_id", span_id.to_string()),
                ("trace_flags", format!("{flags:02x}")),
            ]
        });
        fields.into_iter().flatten()
    }

    /// Whether there is no current span.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for LogIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((trace_id, span_id, flags)) = self.0 else { return Ok(()) };
        let space = if f.alternate() { " " } else { "" };
        write!(f, "{space}trace_id={trace_id} span_id={span_id} trace_flags={flags:02x}")
    }
}
