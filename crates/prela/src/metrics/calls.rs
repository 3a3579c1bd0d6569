//! The metrics of model calls: their tokens and durations.

use super::{SECONDS, attributes, seconds, with_error};
use crate::span::SpanData;
use crate::{SpanType, Value, semconv};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

/// The instruments of model calls.
///
/// Source: [GenAI metrics, 1.41](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-metrics.md).
#[derive(Debug)]
pub(super) struct CallMetrics {
    token_usage: Histogram<u64>,
    /// The newer instruments, used instead of `token_usage` for calls of language models.
    inference_tokens: Option<InferenceTokens>,
    duration: Histogram<f64>,
    /// Durations of calls of language models: `duration` itself, unless the newer names are written.
    inference_duration: Histogram<f64>,
    time_to_first_chunk: Histogram<f64>,
    time_per_output_chunk: Histogram<f64>,
}

impl CallMetrics {
    pub(super) fn new(meter: &Meter, is_latest: bool) -> Self {
        let seconds = |name, description| seconds(meter, name, description, &SECONDS);
        let duration = seconds(semconv::GEN_AI_DURATION_METRIC, "Duration of operations");
        let inference_duration = match is_latest {
            true => seconds(semconv::GEN_AI_INFERENCE_DURATION_METRIC, "Duration of inferences"),
            false => duration.clone(),
        };
        let token_usage = semconv::GEN_AI_TOKEN_USAGE_METRIC;
        Self {
            token_usage: tokens(meter, token_usage.into(), "Tokens of input and output"),
            inference_tokens: is_latest.then(|| InferenceTokens::new(meter)),
            duration,
            inference_duration,
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

    pub(super) fn record(&self, span: &SpanData) {
        let mut common = attributes(span, ATTRIBUTES);
        let is_inference = span.span_type == SpanType::Llm;
        match self.inference_tokens.as_ref().filter(|_| is_inference) {
            Some(tokens) => tokens.record(span, &common),
            None => {
                for (key, kind) in [
                    (semconv::GEN_AI_INPUT_TOKENS, "input"),
                    (semconv::GEN_AI_OUTPUT_TOKENS, "output"),
                ] {
                    let Some(tokens) = count(span, key) else { continue };
                    common.push(KeyValue::new(semconv::GEN_AI_TOKEN_TYPE, kind));
                    self.token_usage.record(tokens, &common);
                    common.pop();
                }
            }
        }
        let elapsed = span.duration().as_secs_f64();
        let duration = if is_inference { &self.inference_duration } else { &self.duration };
        let Some(Value::F64(first)) = span.attribute(semconv::GEN_AI_TIME_TO_FIRST_CHUNK) else {
            return duration.record(elapsed, &with_error(common, span));
        };
        self.time_to_first_chunk.record(*first, &common);
        if let Some(Value::I64(chunks)) = span.attribute(semconv::PRELA_STREAM_ITEMS)
            && let Ok(more) = u32::try_from(chunks.saturating_sub(1))
            && more > 0
        {
            // Only the number of chunks and their time together are known, so each gets the mean.
            let each = (elapsed - first).max(0.0) / f64::from(more);
            for _ in 0..more.min(MOST_CHUNKS) {
                self.time_per_output_chunk.record(each, &common);
            }
        }
        duration.record(elapsed, &with_error(common, span));
    }
}

/// The instruments of tokens by the names after 1.41: a counter for each kind, and a histogram for input and for output.
#[derive(Debug)]
struct InferenceTokens {
    counters: Vec<(&'static str, Counter<u64>)>,
    histograms: [(&'static str, Histogram<u64>); 2],
}

impl InferenceTokens {
    fn new(meter: &Meter) -> Self {
        // An attribute and its counter have the same name after their prefixes.
        let counter = |key: &'static str| {
            let kind = key.trim_start_matches(semconv::GEN_AI_USAGE_PREFIX);
            let counter =
                meter.u64_counter(format!("{}{kind}", semconv::GEN_AI_INFERENCE_USAGE_PREFIX));
            (key, counter.with_unit("{token}").with_description("Tokens of this kind").build())
        };
        let histogram = |key: &'static str| {
            let kind = key.trim_start_matches(semconv::GEN_AI_USAGE_PREFIX);
            let name = format!("{}{kind}", semconv::GEN_AI_INFERENCE_OPERATION_PREFIX);
            (key, tokens(meter, name, "Tokens of one call"))
        };
        Self {
            counters: USAGE.iter().copied().map(counter).collect(),
            histograms: [semconv::GEN_AI_INPUT_TOKENS, semconv::GEN_AI_OUTPUT_TOKENS]
                .map(histogram),
        }
    }

    fn record(&self, span: &SpanData, attributes: &[KeyValue]) {
        for (key, counter) in &self.counters {
            if let Some(tokens) = count(span, key) {
                counter.add(tokens, attributes);
            }
        }
        for (key, histogram) in &self.histograms {
            if let Some(tokens) = count(span, key) {
                histogram.record(tokens, attributes);
            }
        }
    }
}

fn tokens(meter: &Meter, name: String, description: &'static str) -> Histogram<u64> {
    let histogram = meter.u64_histogram(name).with_unit("{token}").with_description(description);
    histogram.with_boundaries(TOKENS.to_vec()).build()
}

/// A span's number of tokens; none if it has no such attribute, or that is no count.
fn count(span: &SpanData, key: &str) -> Option<u64> {
    match span.attribute(key) {
        Some(Value::I64(tokens)) => u64::try_from(*tokens).ok(),
        _ => None,
    }
}

/// The attributes of measurements: only those with few values, since each value makes a time series.
const ATTRIBUTES: &[&str] = &[
    semconv::GEN_AI_OPERATION_NAME,
    semconv::GEN_AI_PROVIDER_NAME,
    semconv::GEN_AI_REQUEST_MODEL,
    semconv::GEN_AI_RESPONSE_MODEL,
    semconv::SERVER_ADDRESS,
    semconv::SERVER_PORT,
];

/// The kinds of tokens, by the attributes that count them.
const USAGE: [&str; 5] = [
    semconv::GEN_AI_INPUT_TOKENS,
    semconv::GEN_AI_OUTPUT_TOKENS,
    semconv::GEN_AI_CACHE_READ_TOKENS,
    semconv::GEN_AI_CACHE_WRITE_TOKENS,
    semconv::GEN_AI_REASONING_TOKENS,
];

/// The most measurements of one stream; more would say nothing new.
const MOST_CHUNKS: u32 = 1_024;

/// The bounds of the specification for tokens.
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
