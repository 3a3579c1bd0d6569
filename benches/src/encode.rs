//! What it costs to make a batch the body of an OTLP request.

use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanBuilder, Tracer as _, TracerProvider as _};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{InMemorySpanExporterBuilder, SdkTracerProvider};
use prela::SpanType;
use prela::export::{Batch, ExportFuture, Exported, otlp_protobuf};
use prost::Message as _;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const PROTOBUF: Group = Group::costs(
    "encode",
    "batches of 512 spans with 8 attributes and an event each, to the body of a request",
    "span",
    || vec![proto(), prela()],
)
.notes(&["Prela writes a span as OTLP while it runs, which is part of `sampled`; this puts such messages together."]);

const SPANS: usize = 512;

fn prela() -> Variant {
    let batch = batch();
    let bytes = otlp_protobuf(&batch).len();
    let run = move || {
        black_box(otlp_protobuf(&batch));
    };
    assert!((380..450).contains(&(bytes / SPANS)), "{} bytes a span", bytes / SPANS);
    Variant::new("prela, direct", SPANS, run)
        .goal(Measure::Instructions, Goal::at_most(1_600.0))
        // What refers to the buffer, once a batch.
        .goal(Measure::Allocations, Goal::at_most(0.01))
}

/// Spans that went through the pipeline, as an exporter gets them.
fn batch() -> Batch {
    let kept = Keep::default();
    let builder = prela::builder().service_name("bench").exporter(kept.clone());
    let builder = builder.env([] as [(&str, &str); 0]).max_batch_size(SPANS);
    let prela = builder.build().expect("the settings are valid");
    let tracer = prela.tracer();
    for n in 0..SPANS {
        tracer.span("chat gpt-5", SpanType::Custom).in_scope(|span| {
            for (key, value) in texts() {
                span.set_attribute(key, value);
            }
            span.set_attribute("gen_ai.usage.input_tokens", n);
            span.set_attribute("gen_ai.request.temperature", 0.5);
            span.set_attribute("gen_ai.request.stream", true);
            span.add_event("gen_ai.choice", [("finish_reason", "stop")]);
        });
    }
    prela.flush(Duration::from_secs(10)).expect("it keeps every span");
    let batch = kept.0.lock().expect("nothing panics under the lock").take();
    batch.expect("512 spans make a batch")
}

/// Four texts; with the type of the span and the three numbers they are eight attributes.
fn texts() -> [(&'static str, &'static str); 4] {
    [
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-5-mini-2026-08-01"),
        ("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY"),
        ("server.address", "api.openai.example"),
    ]
}

#[derive(Clone, Default)]
struct Keep(Arc<Mutex<Option<Batch>>>);

impl prela::export::SpanExporter for Keep {
    fn name(&self) -> String {
        "keep".to_owned()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        if batch.len() == SPANS {
            *self.0.lock().expect("nothing panics under the lock") = Some(batch.clone());
        }
        Box::pin(async { Ok(Exported::all()) })
    }
}

fn proto() -> Variant {
    let exporter = InMemorySpanExporterBuilder::new().build();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let tracer = provider.tracer("bench");
    for n in 0..SPANS {
        let mut span = tracer.build(SpanBuilder::from_name("chat gpt-5"));
        span.set_attribute(KeyValue::new("prela.span.type", "custom"));
        for (key, value) in texts() {
            span.set_attribute(KeyValue::new(key, value));
        }
        span.set_attribute(KeyValue::new("gen_ai.usage.input_tokens", n as i64));
        span.set_attribute(KeyValue::new("gen_ai.request.temperature", 0.5));
        span.set_attribute(KeyValue::new("gen_ai.request.stream", true));
        span.add_event("gen_ai.choice", vec![KeyValue::new("finish_reason", "stop")]);
        span.end();
    }
    let spans = exporter.get_finished_spans().expect("nothing panics under the lock");
    let resource = ResourceAttributesWithSchema::from(&Resource::builder().build());
    let run = move || {
        // As the stock exporter does at every attempt.
        let resource_spans = group_spans_by_resource_and_scope(spans.clone(), &resource);
        black_box(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
    };
    Variant::new("opentelemetry-proto and prost", SPANS, run)
}
