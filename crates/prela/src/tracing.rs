//! `tracing_subscriber`: the ids of the current span in its lines.

use crate::log_ids;
use std::fmt;
use tracing_core::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A formatter of `tracing_subscriber::fmt` that begins each line with [`log_ids`], if there is a current
/// span. For formats of one line; a JSON object would not begin with a brace any more.
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
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WithIds<F> {
    format: F,
}

impl<F> WithIds<F> {
    /// What this format writes, after the ids.
    pub fn new(format: F) -> Self {
        Self { format }
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
        if !ids.is_empty() {
            write!(writer, "{ids} ")?;
        }
        self.format.format_event(cx, writer, event)
    }
}
