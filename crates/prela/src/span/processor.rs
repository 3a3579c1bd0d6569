//! Hooks on the start and the end of spans.

use super::EndedSpan;
use crate::span::SpanData;
use crate::{Span, TraceContext};

/// Sees every recorded span of one instance when it starts and when it ends.
///
/// Runs on the thread that starts or ends the span, so it must be cheap and must not block. A hook
/// that panics is caught: neither user code nor the span is harmed. Spans of the same instance that it begins
/// are not recorded: they would call it again.
///
/// ```
/// use prela::span::SpanProcessor;
/// use prela::{Span, TraceContext};
///
/// /// Names the deployment slot on every span.
/// struct Slot(&'static str);
///
/// impl SpanProcessor for Slot {
///     fn on_start(&self, span: &Span, _parent: &TraceContext) {
///         span.set_attribute("deployment.slot", self.0);
///     }
/// }
/// # drop(prela::builder().processor(Slot("blue")));
/// ```
///
/// Source: [OpenTelemetry SDK, Span Processor](https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-processor).
pub trait SpanProcessor: Send + Sync + 'static {
    /// A span has started under `parent`; it can still be written to.
    fn on_start(&self, span: &Span, parent: &TraceContext) {
        let _ = (span, parent);
    }

    /// A span has ended; it can no longer be written to.
    ///
    /// With a processor, each span that ends is read back from its message for it: about as much work as
    /// recording it was.
    fn on_end(&self, span: &SpanData) {
        let _ = span;
    }
}

/// Where ended spans go: the pipeline, seen from below.
pub(crate) trait SpanIntake: Send + Sync + 'static {
    /// Takes a span that was recorded.
    fn on_end(&self, span: EndedSpan<'_>);
    /// Counts a span that the sampler left out.
    fn on_unsampled(&self);
    /// Tells that spans begin after shutdown, and whether any did before.
    fn on_late(&self, was_used: bool);
    /// Tells the program's author of a mistake.
    fn remark(&self, line: &str);
}
