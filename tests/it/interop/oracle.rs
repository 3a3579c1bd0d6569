//! `opentelemetry-otlp`, behind the same pipeline, as the oracle of Prela's own OTLP exporter.

use crate::receiver::{Arrived, Receiver, Transport};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_otlp::WithExportConfig as _;
use prela::export::SpanExporter;
use prela::span::SpanLimits;
use prela::testing::Capture;
use prela::{
    SpanContext, SpanId, SpanKind, SpanType, Status, TraceContext, TraceFlags, TraceId, TraceState,
};
use std::time::Duration;

fn opentelemetry_otlp(endpoint: String) -> impl SpanExporter {
    prela::otel::exporter("opentelemetry-otlp", move || {
        opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()
    })
}

/// What can be compared: the SDK keeps a resource's attributes in no order.
fn comparable(receiver: &Receiver) -> Vec<Arrived> {
    let mut spans = receiver.spans();
    for span in &mut spans {
        span.resource.sort_by(|a, b| a.key.cmp(&b.key));
    }
    spans.sort_by_key(|span| span.span.span_id.clone());
    spans
}

#[test]
fn both_send_the_same() {
    let own = Receiver::start(Transport::Grpc);
    let oracle = Receiver::start(Transport::Grpc);
    let limits = SpanLimits { attributes: 8, events: 2, links: 2, ..SpanLimits::default() };
    let capture = Capture::with(|builder| {
        builder
            .exporter(own.exporter())
            .exporter(opentelemetry_otlp(oracle.endpoint()))
            .resource([("deployment.environment.name", "staging")])
            .span_limits(limits)
    });
    let (tracer, clock) = (capture.tracer(), capture.clock());

    let state = TraceState::from_key_value([("vendor", "opaque")]).unwrap();
    let (trace_id, span_id) = (TraceId::from(0xfeed), SpanId::from(0xbeef));
    let remote = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, state);
    let remote = TraceContext::from(Context::new().with_remote_span_context(remote));

    for (n, span_type) in SpanType::ALL.into_iter().enumerate() {
        let span = tracer.span(format!("span {n}"), span_type).parent(&remote).link(&remote);
        span.in_scope(|span| {
            clock.advance(Duration::from_nanos(1_234_567));
            span.set_attribute("bool", true).set_attribute("int", -1).set_attribute("text", "ä");
            span.set_attribute("double", 0.1).set_attribute("list", ["a", "b"]);
            span.set_attribute("numbers", [1, 2]).set_attribute("one too many", n);
            for event in ["first", "second", "third"] {
                span.add_event(event, [("n", n)]);
            }
            let producer = tracer.span_default("producer").kind(SpanKind::Producer);
            let producer = producer.root().in_scope(|span| span.context());
            span.add_link(&producer).add_link(&producer);
            let _ = tracer.span_default("failing").in_scope_result(|_| Err::<(), _>("refused"));
            tracer.span_default("fine").kind(SpanKind::Consumer).in_scope(|span| {
                span.set_status(Status::Ok);
            });
        });
    }
    capture.prela().flush(Duration::from_secs(30)).unwrap();

    let (own, oracle) = (comparable(&own), comparable(&oracle));
    assert_eq!(own.len(), 4 * SpanType::ALL.len());
    for (own, oracle) in own.iter().zip(&oracle) {
        assert_eq!(own.to_string(), oracle.to_string());
        assert_eq!(own, oracle);
    }
    assert_eq!(own.len(), oracle.len());
}
