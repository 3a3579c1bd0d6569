//! What a span costs the thread that makes it.

use crate::measure::Variant;
use opentelemetry::trace::{
    Span as _, SpanBuilder, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter};
use prela::export::{Batch, ExportFuture, Exported};
use prela::{Exporter, Sampler, SpanType};

pub(crate) const PEER: &str = "opentelemetry_sdk, batch processor";

const CHILDREN: usize = 4;
const SPANS: usize = 1 + CHILDREN;

pub(crate) fn variants() -> Vec<Variant> {
    vec![
        with_sdk(),
        with_prela("prela", Sampler::always_on()),
        with_prela("prela, unsampled", Sampler::always_off()),
        work("prela, no instance", prela::tracer()),
    ]
}

fn with_prela(name: &'static str, sampler: Sampler) -> Variant {
    let builder = prela::builder().service_name("bench").exporter(Exporter::custom(Nowhere));
    let prela = builder.sampler(sampler).build().expect("the settings are valid");
    let tracer = prela.tracer();
    // For the rest of the process: dropping it would end its tracing.
    std::mem::forget(prela);
    work(name, tracer)
}

fn work(name: &'static str, tracer: prela::Tracer) -> Variant {
    let run = move || {
        tracer.span("root", SpanType::Custom).in_scope(|_| {
            for n in 0..CHILDREN {
                tracer.span("child", SpanType::Custom).in_scope(|span| {
                    span.set_attribute("text", "a short text")
                        .set_attribute("whole", n)
                        .set_attribute("part", 0.5)
                        .set_attribute("truth", true);
                });
            }
        });
    };
    Variant { name, run: Box::new(run), spans: SPANS }
}

fn with_sdk() -> Variant {
    let processor = BatchSpanProcessor::builder(NowhereSdk).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let tracer = provider.tracer("bench");
    std::mem::forget(provider);
    let run = move || {
        let root = Context::current().with_span(tracer.build(SpanBuilder::from_name("root")));
        let _root = root.attach();
        for n in 0..CHILDREN {
            let mut span = tracer.build(SpanBuilder::from_name("child"));
            span.set_attribute(KeyValue::new("text", "a short text"));
            span.set_attribute(KeyValue::new("whole", i64::try_from(n).unwrap_or_default()));
            span.set_attribute(KeyValue::new("part", 0.5));
            span.set_attribute(KeyValue::new("truth", true));
            let _child = Context::current_with_span(span).attach();
        }
    };
    Variant { name: PEER, run: Box::new(run), spans: SPANS }
}

struct Nowhere;

impl prela::SpanExporter for Nowhere {
    fn name(&self) -> String {
        "nowhere".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        Box::pin(async { Ok(Exported::all()) })
    }
}

#[derive(Debug)]
struct NowhereSdk;

impl SpanExporter for NowhereSdk {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
