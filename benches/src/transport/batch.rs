//! The 512 spans that both exporters send.

use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanData};
use prela::SpanType;
use prela::export::SpanExporter;
use prela::export::{Batch, ExportFuture, Exported};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const SPANS: usize = 512;

const MODEL: &str = "claude-sonnet-4";
const ANSWER: &str = "The cheapest flight leaves at 9:40 and arrives before noon.";
const DOCUMENTS: [&str; 2] = ["doc-17", "doc-23"];

pub(crate) fn prela() -> Batch {
    let keep = Keep::default();
    let builder = prela::builder().service_name("bench").exporter(keep.clone());
    let prela = builder.max_batch_size(SPANS).build().expect("the settings are valid");
    for n in 0..SPANS {
        prela_span(&prela.tracer(), n);
    }
    prela.flush(Duration::from_secs(60)).expect("an exporter that keeps takes all");
    let batch = keep.0.lock().expect("nobody panics").take().expect("it was flushed");
    assert_eq!(batch.len(), SPANS);
    batch
}

/// The span that both make.
pub(crate) fn prela_span(tracer: &prela::Tracer, n: usize) {
    tracer.span("chat", SpanType::Custom).in_scope(|span| {
        span.set_attribute("model", MODEL)
            .set_attribute("answer", ANSWER)
            .set_attribute("number", n)
            .set_attribute("tokens", 1_234)
            .set_attribute("temperature", 0.7)
            .set_attribute("stream", true)
            .set_attribute("documents", DOCUMENTS.to_vec());
        span.add_event("first_token", [("after_ms", 120)]);
    });
}

#[derive(Clone, Default)]
struct Keep(Arc<Mutex<Option<Batch>>>);

impl SpanExporter for Keep {
    fn name(&self) -> String {
        "keep".to_owned()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        if batch.len() == SPANS {
            *self.0.lock().expect("nobody panics") = Some(batch.clone());
        }
        Box::pin(async { Ok(Exported::all()) })
    }
}

pub(crate) fn sdk() -> Vec<SpanData> {
    let keep = InMemorySpanExporter::default();
    let resource = Resource::builder().with_service_name("bench").build();
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_simple_exporter(keep.clone())
        .build();
    let tracer = provider.tracer("bench");
    for n in 0..SPANS {
        sdk_span(&tracer, n);
    }
    let spans = keep.get_finished_spans().expect("nobody panics");
    assert_eq!(spans.len(), SPANS);
    spans
}

/// A span of the SDK with all that [`prela_span`] has.
pub(crate) fn sdk_span(tracer: &SdkTracer, n: usize) {
    tracer.in_span("chat", |cx| {
        let span = cx.span();
        let documents = Array::String(DOCUMENTS.iter().map(|&it| it.into()).collect());
        // Prela adds the first one by itself.
        span.set_attribute(KeyValue::new("prela.span.type", "custom"));
        span.set_attribute(KeyValue::new("model", MODEL));
        span.set_attribute(KeyValue::new("answer", ANSWER));
        span.set_attribute(KeyValue::new("number", i64::try_from(n).unwrap_or_default()));
        span.set_attribute(KeyValue::new("tokens", 1_234));
        span.set_attribute(KeyValue::new("temperature", 0.7));
        span.set_attribute(KeyValue::new("stream", true));
        span.set_attribute(KeyValue::new("documents", Value::Array(documents)));
        span.add_event("first_token", vec![KeyValue::new("after_ms", 120)]);
    });
}
