//! The patterns, as users put them together: requests, sessions, retries, rate limits, samplers, resources.

mod correlation;
mod distribution;
mod logs;
mod metrics;
mod model_metrics;
mod options;
mod propagation;
mod rate_limits;
mod resources;
mod retries;
mod samplers;
mod statistics;

use prela::testing::Capture;
use prela::{Sampler, SpanType};

fn sampled_by(sampler: impl Into<Sampler>) -> Capture {
    Capture::with(|builder| builder.sampler(sampler))
}

fn sampled_by_random_ids(sampler: impl Into<Sampler>) -> Capture {
    Capture::with(|builder| builder.sampler(sampler).id_generator(prela::id::RandomIds::default()))
}

#[test]
fn what_threads_share_can_be_shared() {
    fn is_shared<T: Clone + Send + Sync + std::fmt::Debug>() {}
    is_shared::<Sampler>();
    is_shared::<prela::sampling::SamplingStats>();
    is_shared::<prela::RequestId>();
    is_shared::<prela::Session>();
    is_shared::<prela::RateLimiter>();
    is_shared::<prela::retry::RetryPolicy<String>>();
    is_shared::<prela::LogIds>();
}

/// A trace of three spans.
fn request(capture: &Capture) {
    let tracer = capture.tracer();
    tracer.span("request", SpanType::Agent).in_scope(|_| {
        tracer.span("step", SpanType::Tool).in_scope(|_| {
            tracer.span("call", SpanType::Llm).in_scope(|_| ());
        });
    });
}

/// The number of spans of each trace.
fn spans_of_each_trace(capture: &Capture) -> Vec<usize> {
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    for span in capture.spans() {
        *counts.entry(span.span_context.trace_id().to_bytes()).or_default() += 1;
    }
    counts.into_values().collect()
}

/// An attribute that is a text.
fn text(span: &prela::span::SpanData, key: &str) -> Option<String> {
    match span.attribute(key)? {
        prela::Value::String(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}
