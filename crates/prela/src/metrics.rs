//! Metrics of model calls, and of agents, tools and workflows, from their spans.

mod calls;
mod runs;

use self::calls::CallMetrics;
use self::runs::RunMetrics;
use crate::span::{EndedSpan, SpanData, SpanIntake};
use crate::{SpanType, Status, context, semconv};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

/// An intake that measures spans on their way to the pipeline.
struct Metered {
    intake: Box<dyn SpanIntake>,
    metrics: Vec<(CallMetrics, RunMetrics)>,
}

/// Wraps an intake of spans, so that these meters measure them first. If `is_latest`, the instruments have the newest
/// names of the conventions instead of those of 1.41.
pub(crate) fn metered(
    intake: Box<dyn SpanIntake>,
    meters: impl Iterator<Item = Meter>,
    is_latest: bool,
) -> Box<dyn SpanIntake> {
    let metrics: Vec<_> = meters
        .map(|meter| (CallMetrics::new(&meter, is_latest), RunMetrics::new(&meter)))
        .collect();
    if metrics.is_empty() { intake } else { Box::new(Metered { intake, metrics }) }
}

impl SpanIntake for Metered {
    fn on_end(&self, span: &EndedSpan<'_>) {
        use SpanType::{Agent, Embedding, Llm, Tool, Workflow};
        let span_type = span.summary.span_type;
        if matches!(span_type, Llm | Embedding | Agent | Tool | Workflow) {
            let data = span.to_data();
            for (calls, runs) in &self.metrics {
                // A meter may be the user's, whose code must not do harm.
                let _ = context::hook(|| match span_type {
                    Llm | Embedding => calls.record(&data),
                    _ => runs.record(&data),
                });
            }
        }
        self.intake.on_end(span);
    }

    fn on_unsampled(&self) {
        self.intake.on_unsampled();
    }

    fn on_late(&self, was_used: bool) {
        self.intake.on_late(was_used);
    }

    fn remark(&self, line: &str) {
        self.intake.remark(line);
    }
}

/// The attributes of a measurement: those of the span that have these keys.
fn attributes(span: &SpanData, keys: &[&'static str]) -> Vec<KeyValue> {
    let pair = |key: &&'static str| Some(KeyValue::new(*key, span.attribute(key)?.clone()));
    let mut pairs = Vec::with_capacity(keys.len() + 1);
    pairs.extend(keys.iter().filter_map(pair));
    pairs
}

/// Adds `error.type`, if the span failed.
fn with_error(mut common: Vec<KeyValue>, span: &SpanData) -> Vec<KeyValue> {
    if matches!(span.status, Status::Error { .. }) {
        let kind = span.attribute(semconv::ERROR_TYPE).cloned().unwrap_or_else(|| OTHER.into());
        common.push(KeyValue::new(semconv::ERROR_TYPE, kind));
    }
    common
}

fn seconds(
    meter: &Meter,
    name: &'static str,
    description: &'static str,
    bounds: &[f64],
) -> Histogram<f64> {
    let histogram = meter.f64_histogram(name).with_unit("s").with_description(description);
    histogram.with_boundaries(bounds.to_vec()).build()
}

/// The value of `error.type` where nothing else is known.
const OTHER: &str = "_OTHER";

/// The bounds of the specification for durations.
const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
