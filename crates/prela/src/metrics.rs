//! Metrics of model calls, from the spans of these calls.

use crate::span::SpanIntake;
use crate::span::{EndedSpan, SpanData};
use crate::{SpanType, Status, Value, context, semconv};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

/// The instruments.
///
/// Source: [GenAI metrics, 1.41](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-metrics.md).
#[derive(Debug)]
struct ModelMetrics {
    token_usage: Histogram<u64>,
    duration: Histogram<f64>,
    time_to_first_chunk: Histogram<f64>,
    time_per_output_chunk: Histogram<f64>,
}

impl ModelMetrics {
    fn new(meter: &Meter) -> Self {
        let seconds = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s").with_description(description);
            histogram.with_boundaries(SECONDS.to_vec()).build()
        };
        let tokens = meter.u64_histogram(semconv::GEN_AI_TOKEN_USAGE_METRIC);
        let tokens = tokens.with_unit("{token}").with_description("Tokens of input and output");
        Self {
            token_usage: tokens.with_boundaries(TOKENS.to_vec()).build(),
            duration: seconds(semconv::GEN_AI_DURATION_METRIC, "Duration of operations"),
            time_to_first_chunk: seconds(
                semconv::GEN_AI_TIME_TO_FIRST_CHUNK_METRIC,
                "Time to the first chunk of a stream",
            ),
            time_per_output_chunk: seconds(
                semconv::GEN_AI_TIME_PER_OUTPUT_CHUNK_METRIC,
                "Time to each chunk of a stream from the one before it",
            ),
        }
    }

    fn record(&self, span: &SpanData) {
        let mut common = Vec::with_capacity(ATTRIBUTES.len() + 1);
        for key in ATTRIBUTES {
            if let Some(value) = span.attribute(key) {
                common.push(KeyValue::new(*key, value.clone()));
            }
        }
        for (key, kind) in
            [(semconv::GEN_AI_INPUT_TOKENS, "input"), (semconv::GEN_AI_OUTPUT_TOKENS, "output")]
        {
            let Some(Value::I64(tokens)) = span.attribute(key) else { continue };
            if let Ok(tokens) = u64::try_from(*tokens) {
                common.push(KeyValue::new(semconv::GEN_AI_TOKEN_TYPE, kind));
                self.token_usage.record(tokens, &common);
                common.pop();
            }
        }
        let duration = span.duration().as_secs_f64();
        let Some(Value::F64(first)) = span.attribute(semconv::GEN_AI_TIME_TO_FIRST_CHUNK) else {
            return self.duration.record(duration, &with_error(common, span));
        };
        self.time_to_first_chunk.record(*first, &common);
        if let Some(Value::I64(chunks)) = span.attribute(semconv::PRELA_STREAM_ITEMS)
            && let Ok(more) = u32::try_from(chunks.saturating_sub(1))
            && more > 0
        {
            // Only the number of chunks and their whole time are known.
            let each = (duration - first).max(0.0) / f64::from(more);
            for _ in 0..more.min(MOST_CHUNKS) {
                self.time_per_output_chunk.record(each, &common);
            }
        }
        self.duration.record(duration, &with_error(common, span));
    }
}

/// The attributes, with the type of the error if the span failed.
fn with_error(mut common: Vec<KeyValue>, span: &SpanData) -> Vec<KeyValue> {
    if matches!(span.status, Status::Error { .. }) {
        let kind = span.attribute(semconv::ERROR_TYPE).cloned().unwrap_or_else(|| OTHER.into());
        common.push(KeyValue::new(semconv::ERROR_TYPE, kind));
    }
    common
}

/// Measures model calls on their way to the pipeline.
struct Metered {
    intake: Box<dyn SpanIntake>,
    metrics: Vec<ModelMetrics>,
}

/// Wraps an intake of spans, so that these meters measure them first.
pub(crate) fn metered(
    intake: Box<dyn SpanIntake>,
    meters: impl Iterator<Item = Meter>,
) -> Box<dyn SpanIntake> {
    let metrics: Vec<_> = meters.map(|meter| ModelMetrics::new(&meter)).collect();
    if metrics.is_empty() { intake } else { Box::new(Metered { intake, metrics }) }
}

impl SpanIntake for Metered {
    fn on_end(&self, span: EndedSpan<'_>) {
        if matches!(span.summary.span_type, SpanType::Llm | SpanType::Embedding) {
            let data = span.to_data();
            for metrics in &self.metrics {
                // A meter may be the user's.
                let _ = context::hook(|| metrics.record(&data));
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

/// Attributes that metrics have: those with few values.
const ATTRIBUTES: &[&str] = &[
    semconv::GEN_AI_OPERATION_NAME,
    semconv::GEN_AI_PROVIDER_NAME,
    semconv::GEN_AI_REQUEST_MODEL,
    semconv::GEN_AI_RESPONSE_MODEL,
    semconv::SERVER_ADDRESS,
    semconv::SERVER_PORT,
];

/// `error.type` where nothing else is known.
const OTHER: &str = "_OTHER";

/// More measurements than this of one stream say nothing new.
const MOST_CHUNKS: u32 = 1_024;

const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
