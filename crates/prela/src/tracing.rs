//! Support for the crate `tracing`: [`layer`] records its spans and events, and [`WithIds`] puts the ids of the
//! current span into the lines of `tracing_subscriber::fmt`.

mod bridge;
mod fields;
mod genai;
mod json;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
mod logs;
mod noise;

pub use self::bridge::{Bridge, layer};

use crate::log_ids;
use std::any::type_name;
use std::fmt;
use tracing_core::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A formatter of `tracing_subscriber::fmt` that puts [`log_ids`] into each line, if there is a current span.
///
/// Text begins with them. An object of JSON has them as its first fields: `trace_id`, `span_id` and
/// `trace_flags`, as text; a field of that name which the object has already stays as it is.
///
/// ```
/// use prela::tracing::WithIds;
/// use tracing_subscriber::fmt::format;
///
/// let subscriber = tracing_subscriber::fmt().event_format(WithIds::new(format().compact())).finish();
/// tracing::subscriber::with_default(subscriber, || {
///     prela::tracer().span("work", prela::SpanType::Tool).in_scope(|_| {
///         tracing::info!("working"); // trace_id=… span_id=… trace_flags=… … INFO working
///     });
/// });
///
/// // {"trace_id":"…","span_id":"…","trace_flags":"…","timestamp":"…","level":"INFO", …}
/// let json = tracing_subscriber::fmt().json().event_format(WithIds::new(format().json()));
/// # drop(json.finish());
/// ```
///
/// Source: [Trace Context in non-OTLP Log Formats](https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/).
#[derive(Clone, Copy, Debug)]
pub struct WithIds<F> {
    format: F,
    is_json: bool,
}

impl<F> WithIds<F> {
    /// Adds the ids to what `format` writes. It counts as JSON if the name of its type says so, as that of
    /// `format().json()` does; for others there is [`WithIds::json`].
    pub fn new(format: F) -> Self {
        let types = type_name::<F>().split(['<', '>', ',', ' ']);
        let mut names = types.filter_map(|path| path.rsplit("::").next());
        let is_json = names.any(|name| name.to_ascii_lowercase().contains("json"));
        Self { format, is_json }
    }

    /// Adds the ids to a format that writes a JSON object for each event.
    pub fn json(format: F) -> Self {
        Self { format, is_json: true }
    }
}

impl<F: Default> Default for WithIds<F> {
    fn default() -> Self {
        Self::new(F::default())
    }
}

impl<S, N, F> FormatEvent<S, N> for WithIds<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let ids = log_ids();
        if ids.is_empty() {
            return self.format.format_event(cx, writer, event);
        }
        if !self.is_json {
            write!(writer, "{ids} ")?;
            return self.format.format_event(cx, writer, event);
        }
        let mut line = String::new();
        self.format.format_event(cx, Writer::new(&mut line), event)?;
        match json::with_fields(&line, ids.fields()) {
            Some(line) => writer.write_str(&line),
            None => write!(writer, "{ids} {line}"),
        }
    }
}
