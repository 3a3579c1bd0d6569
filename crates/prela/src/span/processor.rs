//! Hooks on the start and the end of spans.

use super::handle::Span;
use super::lifecycle::{SharedRecord, SpanHooks};
use super::message::SpanData;
use crate::{TraceContext, context};
use opentelemetry::Context;

/// Sees every recorded span of one instance when it starts and when it ends.
///
/// It runs on the thread that starts or ends the span, so it must be cheap and must not block. A panic in it is
/// caught, and harms neither the user's code nor the span. Spans of the same instance that it begins are not
/// recorded: they would call it again.
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
    /// Called when a span has started under `parent`. The span can still be written to.
    fn on_start(&self, span: &Span, parent: &TraceContext) {
        let _ = (span, parent);
    }

    /// Called when a span has ended, and can no longer be written to.
    ///
    /// Cost: with a processor each ended span is read back from its message, about as much work as recording
    /// it.
    fn on_end(&self, span: &SpanData) {
        let _ = span;
    }
}

/// The processors of one instance.
pub(crate) struct SpanProcessors(Vec<Box<dyn SpanProcessor>>);

impl SpanProcessors {
    /// The hooks of these processors; none without processors.
    pub(crate) fn hooks(processors: Vec<Box<dyn SpanProcessor>>) -> Option<Box<dyn SpanHooks>> {
        if processors.is_empty() { None } else { Some(Box::new(Self(processors))) }
    }

    /// Runs one hook of each processor; a panic in it ends there.
    fn each(&self, hook: impl Fn(&dyn SpanProcessor)) {
        for processor in &self.0 {
            let _ = context::guarded(|| hook(&**processor));
        }
    }
}

impl SpanHooks for SpanProcessors {
    fn on_start(&self, span: &SharedRecord, parent: &Context) {
        let (span, parent) = (Span::of(span.clone()), TraceContext::from(parent.clone()));
        self.each(|processor| processor.on_start(&span, &parent));
    }

    fn on_end(&self, span: &SpanData) {
        self.each(|processor| processor.on_end(span));
    }
}
