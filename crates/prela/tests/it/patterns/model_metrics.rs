//! Metrics of calls of models.

use futures_util::stream::{self, StreamExt as _};
use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prela::genai::{SemconvVersion, Usage};
use prela::opentelemetry::metrics::MeterProvider as _;
use prela::testing::Capture;
use prela::{FutureExt as _, Sampler, SpanType, Status};
use serde_json::json;
use std::time::Duration;

struct Measured {
    exporter: InMemoryMetricExporter,
    meters: SdkMeterProvider,
}

impl Measured {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        Self { exporter, meters: SdkMeterProvider::builder().with_reader(reader).build() }
    }

    fn capture(&self) -> Capture {
        Capture::with(|builder| builder.meter(self.meters.meter("prela")))
    }

    /// A line for each point: name, unit, attributes, count and sum.
    fn lines(&self) -> Vec<String> {
        self.meters.force_flush().unwrap();
        let mut lines = Vec::new();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
                let head = format!("{} {}", metric.name(), metric.unit());
                let mut line = |attributes: Vec<String>, count: u64, sum: String| {
                    lines.push(format!("{head} {} {count} {sum}", attributes.join(" ")));
                };
                match metric.data() {
                    AggregatedMetrics::U64(MetricData::Histogram(of)) => {
                        of.data_points().for_each(|it| {
                            line(sorted(it.attributes()), it.count(), it.sum().to_string())
                        })
                    }
                    AggregatedMetrics::U64(MetricData::Sum(of)) => {
                        of.data_points().for_each(|it| {
                            line(sorted(it.attributes()), 0, it.value().to_string());
                        })
                    }
                    AggregatedMetrics::F64(MetricData::Histogram(of)) => {
                        of.data_points().for_each(|it| {
                            line(sorted(it.attributes()), it.count(), it.sum().to_string())
                        })
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        lines.sort();
        lines
    }
}

fn sorted<'a>(pairs: impl Iterator<Item = &'a KeyValue>) -> Vec<String> {
    let mut pairs: Vec<_> = pairs.map(|it| format!("{}={}", it.key, it.value)).collect();
    pairs.sort();
    pairs
}

#[test]
fn a_call_has_a_duration_and_tokens() {
    let measured = Measured::new();
    let capture = measured.capture();
    let tracer = capture.tracer();
    let chat = |tokens: i64| {
        let span = tracer.span("chat", SpanType::Llm).attr("gen_ai.provider.name", "openai");
        let span = span.attr("gen_ai.request.model", "gpt-4o").attr("user.id", "u1");
        span.in_scope(|span| {
            span.set_attribute("gen_ai.usage.input_tokens", tokens);
            span.set_attribute("gen_ai.usage.output_tokens", 3);
            capture.clock().advance(Duration::from_millis(250));
        });
    };
    chat(10);
    chat(20);
    tracer.span("embed", SpanType::Embedding).attr("gen_ai.usage.input_tokens", 7).in_scope(|_| ());
    tracer.span("chat", SpanType::Llm).in_scope(|span| {
        span.set_attribute("error.type", "429").set_status(Status::error("too many"));
    });
    tracer.span("chat", SpanType::Llm).in_scope(|span| {
        // Neither is a number of tokens.
        span.set_attribute("gen_ai.usage.input_tokens", -1);
        span.set_attribute("gen_ai.usage.output_tokens", "many");
        span.set_status(Status::error("odd"));
    });
    // What a whole agent used is the sum of these.
    tracer.span("agent", SpanType::Agent).attr("gen_ai.usage.input_tokens", 30).in_scope(|_| ());
    assert_eq!(
        measured.lines().join("\n"),
        "gen_ai.client.operation.duration s error.type=429 gen_ai.operation.name=chat 1 0\n\
         gen_ai.client.operation.duration s error.type=_OTHER gen_ai.operation.name=chat 1 0\n\
         gen_ai.client.operation.duration s gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt-4o 2 0.5\n\
         gen_ai.client.operation.duration s gen_ai.operation.name=embeddings 1 0\n\
         gen_ai.client.token.usage {token} gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt-4o gen_ai.token.type=input 2 30\n\
         gen_ai.client.token.usage {token} gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt-4o gen_ai.token.type=output 2 6\n\
         gen_ai.client.token.usage {token} gen_ai.operation.name=embeddings gen_ai.token.type=input 1 7"
    );
}

#[test]
fn agents_tools_and_workflows_have_a_duration() {
    let measured = Measured::new();
    let capture = measured.capture();
    let (tracer, clock) = (capture.tracer(), capture.clock());
    tracer.workflow("desk").in_scope(|_| {
        tracer.agent("planner").in_scope(|_| {
            let tool = tracer.tool("weather").tool_type("function");
            let failed = tool.in_scope_result(|_| {
                clock.advance(Duration::from_millis(500));
                Err::<(), _>("no weather")
            });
            assert!(failed.is_err());
        });
    });
    // Nobody says which.
    tracer.span("agent", SpanType::Agent).in_scope(|_| ());
    assert_eq!(
        measured.lines().join("\n"),
        "gen_ai.execute_tool.duration s error.type=&str gen_ai.tool.name=weather gen_ai.tool.type=function 1 0.5\n\
         gen_ai.invoke_agent.duration s gen_ai.agent.name=planner 1 0.5\n\
         gen_ai.invoke_workflow.duration s gen_ai.workflow.name=desk 1 0.5"
    );
}

#[test]
fn newer_names_are_those_of_the_newer_conventions() {
    let measured = Measured::new();
    let meter = measured.meters.meter("prela");
    let capture =
        Capture::with(|builder| builder.meter(meter).semconv_version(SemconvVersion::Latest));
    let usage = Usage::read(
        &json!({"input_tokens": 50, "output_tokens": 50, "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 20, "output_tokens_details": {"reasoning_tokens": 10}}),
    );
    let usage = usage.unwrap();
    capture.tracer().chat("openai", "m").in_scope(|chat| {
        chat.usage(usage);
    });
    capture.tracer().embedding("openai", "e").in_scope(|embedding| {
        embedding.input_tokens(7);
    });
    let lines = measured.lines();
    let names: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let values: Vec<_> = lines.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    let pairs = names.into_iter().zip(values).collect::<Vec<_>>();
    assert_eq!(
        pairs,
        [
            ("gen_ai.client.inference.duration", "0"),
            ("gen_ai.client.inference.operation.input_tokens", "100"),
            ("gen_ai.client.inference.operation.output_tokens", "50"),
            ("gen_ai.client.inference.usage.cache_read.input_tokens", "30"),
            ("gen_ai.client.inference.usage.cache_write.input_tokens", "20"),
            ("gen_ai.client.inference.usage.input_tokens", "100"),
            ("gen_ai.client.inference.usage.output_tokens", "50"),
            ("gen_ai.client.inference.usage.reasoning.output_tokens", "10"),
            // Embeddings are no inferences.
            ("gen_ai.client.operation.duration", "0"),
            ("gen_ai.client.token.usage", "7"),
        ]
    );
}

#[test]
fn a_stream_has_its_chunks() {
    let measured = Measured::new();
    let capture = measured.capture();
    let clock = capture.clock().clone();
    let chunks = stream::iter(0..5).map(move |n| {
        clock.advance(Duration::from_millis(if n == 0 { 500 } else { 250 }));
        n
    });
    let traced = chunks.in_span(capture.tracer().span("chat", SpanType::Llm));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(traced.count()), 5);
    assert_eq!(
        measured.lines().join("\n"),
        "gen_ai.client.operation.duration s gen_ai.operation.name=chat 1 1.5\n\
         gen_ai.client.operation.time_per_output_chunk s gen_ai.operation.name=chat 4 1\n\
         gen_ai.client.operation.time_to_first_chunk s gen_ai.operation.name=chat 1 0.5"
    );
}

#[test]
fn the_buckets_are_those_of_the_specification() {
    let measured = Measured::new();
    let capture = measured.capture();
    let call = capture.tracer().span("chat", SpanType::Llm).attr("gen_ai.usage.input_tokens", 5);
    call.in_scope(|_| ());
    measured.meters.force_flush().unwrap();
    for resource in measured.exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            let bounds: Vec<_> = match metric.data() {
                AggregatedMetrics::U64(MetricData::Histogram(of)) => {
                    of.data_points().next().unwrap().bounds().collect()
                }
                AggregatedMetrics::F64(MetricData::Histogram(of)) => {
                    of.data_points().next().unwrap().bounds().collect()
                }
                other => panic!("{other:?}"),
            };
            let (first, factor) = if metric.unit() == "s" { (0.01, 2.0) } else { (1.0, 4.0) };
            let expected: Vec<f64> = (0..14).map(|n| first * f64::powi(factor, n)).collect();
            assert_eq!(bounds, expected, "{}", metric.name());
        }
    }
}

#[test]
fn what_is_left_out_is_not_measured() {
    let measured = Measured::new();
    let meter = measured.meters.meter("prela");
    let capture = Capture::with(|it| it.meter(meter).sampler(Sampler::always_off()));
    capture.tracer().span("chat", SpanType::Llm).in_scope(|_| ());
    assert!(measured.lines().is_empty());
}
