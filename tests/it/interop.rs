//! Prela beside OpenTelemetry's own API, its SDK, its OTLP exporter and `tracing-opentelemetry`.

mod oracle;
mod tracing;

use expect_test::expect;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    FutureExt as _, Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use prela::testing::Capture;
use prela::{Sampler, SpanId, SpanKind, SpanType, Status};
use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

#[test]
fn a_span_of_the_opentelemetry_api_nests_under_a_prela_span_and_the_reverse() {
    let capture = Capture::new();
    let (tracer, otel) = (capture.tracer(), capture.prela().provider().tracer("http-client"));
    tracer.span("agent", SpanType::Agent).in_scope(|_| {
        otel.in_span("GET /", |cx| {
            cx.span().set_attribute(KeyValue::new("http.response.status_code", 200));
            // It is Prela's span: with a name to ask for, and values that only OTLP has.
            assert_eq!(prela::current_span().unwrap().name(), "GET /");
            prela::enrich([("body", vec![1_u8, 2])]);
            tracer.span("parse", SpanType::Tool).in_scope(|_| {
                otel.in_span("inner", |_| ());
            });
        });
        let span = otel.span_builder("POST /").with_kind(SpanKind::Client);
        let mut span = span.with_attributes([KeyValue::new("url.path", "/")]).start(&otel);
        span.add_event("sent", vec![KeyValue::new("bytes", 3)]);
        span.set_status(Status::error("refused"));
    });
    expect![[r#"
        agent  agent
          GET /  custom {http.response.status_code: 200, body: 0x0102}
            parse  tool
              inner  custom
          POST /  custom {url.path: /} error: refused
            • sent {bytes: 3}
    "#]]
    .assert_eq(&capture.tree());
    let spans = capture.spans();
    let scopes: Vec<_> = spans.iter().map(|it| (it.name.as_ref(), it.scope.name())).collect();
    let expected = [
        ("inner", "http-client"),
        ("parse", "prela"),
        ("GET /", "http-client"),
        ("POST /", "http-client"),
        ("agent", "prela"),
    ];
    assert_eq!(scopes, expected);
    assert_eq!(spans[2].attribute("body"), Some(&vec![1_u8, 2].into()));
    assert_eq!(spans[3].kind, SpanKind::Client);
    assert_eq!(spans[3].events[0].name, "sent");
}

/// The only test that sets the process's provider.
#[test]
fn libraries_that_use_the_global_provider_nest_as_well() {
    let capture = Capture::new();
    global::set_tracer_provider(capture.prela().provider());
    let library = || global::tracer("library").in_span("library", |_| ());
    capture.tracer().span("agent", SpanType::Agent).in_scope(|_| library());
    let boxed = global::tracer("library");
    boxed.in_span("outer", |_| capture.tracer().span_default("inner").in_scope(|_| ()));
    expect![[r#"
        agent  agent
          library  custom
        outer  custom
          inner  custom
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn spans_of_both_nest_across_awaits() {
    let capture = Capture::new();
    let (tracer, otel) = (capture.tracer(), capture.prela().provider().tracer("library"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(tracer.span("agent", SpanType::Agent).run(async |_| {
        let span = otel.start("library");
        let cx = Context::current_with_span(span);
        let call = async {
            tokio::task::yield_now().await;
            tracer
                .span("below", SpanType::Tool)
                .run(async |_| tokio::task::yield_now().await)
                .await;
        };
        call.with_context(cx).await;
        // OpenTelemetry's own `spawn` with a context takes Prela's span along.
        let task = {
            let tracer = tracer.clone();
            async move { tracer.span_default("task").in_scope(|_| ()) }
        };
        tokio::spawn(task.with_current_context()).await.unwrap();
    }));
    expect![[r#"
        agent  agent
          library  custom
            below  tool
          task  custom
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn a_trace_that_is_left_out_is_left_out_for_libraries_too() {
    let capture = Capture::with(|builder| builder.sampler(Sampler::always_off()));
    let otel = capture.prela().provider().tracer("library");
    capture.tracer().span_default("agent").in_scope(|agent| {
        let span = otel.start("library");
        assert_eq!(span.span_context().trace_id(), agent.trace_id());
        assert_ne!(span.span_context().span_id(), agent.span_id());
        assert!(!span.span_context().is_sampled() && !span.is_recording());
    });
    assert_eq!(capture.tree(), "");
    assert_eq!(capture.prela().stats().unsampled, 2);
}

#[test]
fn propagators_of_the_sdk_see_a_prela_span() {
    let capture = Capture::new();
    capture.tracer().span_default("client").in_scope(|_| {
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject(&mut headers);
        let traceparent = "00-00000000000000000000000000000001-0000000000000001-01";
        assert_eq!(headers["traceparent"], traceparent);
    });
    let headers = HashMap::from([(
        "traceparent".to_owned(),
        "00-0000000000000000000000000000feed-000000000000beef-01".to_owned(),
    )]);
    let remote = TraceContextPropagator::new().extract(&headers);
    capture.tracer().span_default("server").parent(&remote.into()).in_scope(|server| {
        assert_eq!(server.trace_id().to_string(), "0000000000000000000000000000feed");
    });
    let server = &capture.spans()[1];
    assert_eq!(server.parent_span_id, Some(SpanId::from(0xbeef)));
    assert!(server.parent_is_remote);
}

/// A program that has a provider of `opentelemetry_sdk` already.
#[test]
fn spans_of_another_provider_are_parents_and_children() {
    let kept = InMemorySpanExporter::default();
    let foreign = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
    let other = foreign.tracer("other");
    let capture = Capture::new();
    let tracer = capture.tracer();
    other.in_span("request", |cx| {
        let request = cx.span().span_context().clone();
        // Writes go to whichever span is current.
        assert!(prela::enrich([("user.id", "u1")]));
        assert_eq!(prela::current_trace_id(), Some(request.trace_id()));
        tracer.span("agent", SpanType::Agent).in_scope(|agent| {
            assert_eq!(agent.parent_span_id(), Some(request.span_id()));
            assert_eq!(agent.trace_id(), request.trace_id());
            other.in_span("query", |_| ());
        });
    });
    let agent = &capture.spans()[0];
    assert!(!agent.parent_is_remote, "it is in this process");
    let spans = kept.get_finished_spans().unwrap();
    let (query, request) = (&spans[0], &spans[1]);
    assert_eq!((query.name.as_ref(), request.name.as_ref()), ("query", "request"));
    assert_eq!(query.parent_span_id, agent.span_context.span_id());
    assert_eq!(query.span_context.trace_id(), agent.span_context.trace_id());
    assert_eq!(request.attributes, [KeyValue::new("user.id", "u1")]);
}

#[test]
fn an_exporter_of_the_sdk_gets_prelas_spans() {
    let kept = InMemorySpanExporter::default();
    let build = {
        let kept = kept.clone();
        move || Ok::<_, Infallible>(kept)
    };
    let capture = Capture::with(|it| it.exporter(prela::otel::exporter("in memory", build)));
    capture.tracer().span("agent", SpanType::Agent).in_scope(|_| {
        let search = capture.tracer().span("search", SpanType::Tool).attr("query", "rust");
        search.in_scope(|span| {
            span.add_event("hit", [("score", 0.5)]);
        });
    });
    capture.prela().flush(Duration::from_secs(30)).unwrap();

    let spans = kept.get_finished_spans().unwrap();
    let (search, agent) = (&spans[0], &spans[1]);
    assert_eq!((search.name.as_ref(), agent.name.as_ref()), ("search", "agent"));
    assert_eq!(search.parent_span_id, agent.span_context.span_id());
    assert_eq!(agent.parent_span_id, SpanId::INVALID);
    assert!(search.attributes.contains(&KeyValue::new("query", "rust")));
    assert!(search.attributes.contains(&KeyValue::new("prela.span.type", "tool")));
    assert_eq!(search.events[0].attributes, [KeyValue::new("score", 0.5)]);
    assert_eq!(search.instrumentation_scope.name(), "prela");
}

#[test]
fn an_exporter_that_cannot_be_built_is_a_counted_loss() {
    let build = || Err::<InMemorySpanExporter, _>("no such collector");
    let capture = Capture::with(|builder| {
        builder.exporter(prela::otel::exporter("broken", build)).diagnostics(|_| ())
    });
    capture.tracer().span_default("span").in_scope(|_| ());
    let error = capture.prela().flush(Duration::from_secs(30)).unwrap_err().to_string();
    assert!(error.contains("broken") && error.contains("no such collector"), "{error}");
    assert_eq!(capture.prela().stats().dropped_by.export_failed, 1);
}

/// OpenTelemetry holds a lock of the span while it ends.
#[test]
fn a_processor_may_ask_for_the_span_that_ends() {
    struct Asks;

    impl prela::span::SpanProcessor for Asks {
        fn on_end(&self, _: &prela::span::SpanData) {
            let _ = prela::current_span();
        }
    }

    let capture = Capture::with(|builder| builder.processor(Asks));
    let otel = capture.prela().provider().tracer("library");
    otel.in_span("request", |cx| cx.span().end());
    assert_eq!(capture.spans().len(), 1);
}
