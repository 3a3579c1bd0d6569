//! What arrives at a collector, over real gRPC and real HTTP.

use crate::receiver::{Arrived, Receiver, Transport};
use expect_test::{Expect, expect};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use prela::span::SpanLimits;
use prela::testing::Capture;
use prela::{
    Builder, SpanContext, SpanId, SpanKind, SpanType, Status, TraceContext, TraceFlags, TraceId,
    TraceState, Value,
};
use std::time::Duration;

const A_WHILE: Duration = Duration::from_secs(30);

/// Checks that the same arrives over each transport, in the order in which spans ended.
#[track_caller]
fn check(configure: fn(Builder) -> Builder, run: fn(&Capture), expected: Expect) {
    let [grpc, http] = Transport::BOTH.map(|transport| {
        let receiver = Receiver::start(transport);
        let capture = Capture::with(|builder| configure(builder).exporter(receiver.exporter()));
        run(&capture);
        capture.prela().flush(A_WHILE).unwrap();
        let arrived: Vec<_> = receiver.spans().iter().map(Arrived::to_string).collect();
        arrived.concat()
    });
    expected.assert_eq(&grpc);
    assert_eq!(grpc, http);
}

fn remote_parent() -> TraceContext {
    let state = TraceState::from_key_value([("vendor", "opaque")]).unwrap();
    let (trace_id, span_id) = (TraceId::from(0xfeed), SpanId::from(0xbeef));
    let parent = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, state);
    Context::new().with_remote_span_context(parent).into()
}

#[test]
fn ids_parents_kinds_status_events_links_and_times_arrive() {
    check(
        |builder| builder,
        |capture| {
            let (tracer, clock) = (capture.tracer(), capture.clock());
            let message = tracer.span_default("enqueue").kind(SpanKind::Producer);
            let message = message.in_scope(|span| span.context());

            let planner = tracer.span("planner", SpanType::Agent).parent(&remote_parent());
            let planner = planner.kind(SpanKind::Server).link(&message).link(&remote_parent());
            planner.in_scope(|planner| {
                clock.advance(Duration::from_nanos(1));
                planner.add_event("cache_miss", [("shard", 3)]);
                let search = tracer.span("search", SpanType::Tool);
                let _ = search.in_scope_result(|_| {
                    clock.advance(Duration::from_micros(1));
                    Err::<(), _>("no index")
                });
                tracer.span("ask", SpanType::Llm).in_scope(|ask| {
                    ask.set_status(Status::Ok);
                });
            });
        },
        expect![[r#"
            enqueue SPAN_KIND_PRODUCER
              trace 00000000000000000000000000000001 span 0000000000000001
              flags 0x101 state ""
              time 1767225600000000000 to 1767225600000000000
              status STATUS_CODE_UNSET ""
              scope prela
              prela.span.type = "custom"
            search SPAN_KIND_INTERNAL
              trace 0000000000000000000000000000feed span 0000000000000003
              parent 0000000000000002
              flags 0x101 state "vendor=opaque"
              time 1767225600000000001 to 1767225600000001001
              status STATUS_CODE_ERROR "no index"
              scope prela
              prela.span.type = "tool"
              gen_ai.operation.name = "execute_tool"
              openinference.span.kind = "TOOL"
              error.type = "&str"
              event exception at 1767225600000001001
                exception.type = "&str"
                exception.message = "no index"
            ask SPAN_KIND_CLIENT
              trace 0000000000000000000000000000feed span 0000000000000004
              parent 0000000000000002
              flags 0x101 state "vendor=opaque"
              time 1767225600000001001 to 1767225600000001001
              status STATUS_CODE_OK ""
              scope prela
              prela.span.type = "llm"
              gen_ai.operation.name = "chat"
              openinference.span.kind = "LLM"
            planner SPAN_KIND_SERVER
              trace 0000000000000000000000000000feed span 0000000000000002
              parent 000000000000beef
              flags 0x301 state "vendor=opaque"
              time 1767225600000000000 to 1767225600000001001
              status STATUS_CODE_UNSET ""
              scope prela
              prela.span.type = "agent"
              gen_ai.operation.name = "invoke_agent"
              openinference.span.kind = "AGENT"
              event cache_miss at 1767225600000000001
                shard = 3
              link 00000000000000000000000000000001 0000000000000001 flags 0x101 ""
              link 0000000000000000000000000000feed 000000000000beef flags 0x301 "vendor=opaque"
        "#]],
    );
}

#[test]
fn attributes_of_every_type_arrive() {
    check(
        |builder| builder,
        |capture| {
            capture.tracer().span_default("values").in_scope(|span| {
                span.set_attribute("bool", true);
                span.set_attribute("int", i64::MIN);
                span.set_attribute("too large", u64::MAX);
                span.set_attribute("double", 1.0);
                span.set_attribute("not a number", f64::NAN);
                span.set_attribute("text", "Grüße, \u{1F980}\0");
                span.set_attribute("empty text", "");
                span.set_attribute("bytes", vec![0_u8, 127, 255]);
                span.set_attribute("no bytes", Vec::<u8>::new());
                span.set_attribute("array", [1, 2, 3]);
                let mixed = vec![1.into(), "two".into(), vec![0.5].into(), vec![3_u8].into()];
                span.set_attribute("mixed", Value::Array(mixed));
                let inner = Value::map([("depth", 2)]);
                let outer = [("inner", inner), ("text", "x".into()), ("raw", vec![1_u8].into())];
                span.set_attribute("map", Value::map(outer));
                span.set_attribute("text", "the last write wins");
            });
        },
        expect![[r#"
            values SPAN_KIND_INTERNAL
              trace 00000000000000000000000000000001 span 0000000000000001
              flags 0x101 state ""
              time 1767225600000000000 to 1767225600000000000
              status STATUS_CODE_UNSET ""
              scope prela
              prela.span.type = "custom"
              bool = true
              int = -9223372036854775808
              too large = "18446744073709551615"
              double = 1.0
              not a number = NaN
              text = "the last write wins"
              empty text = ""
              bytes = bytes [00, 7f, ff]
              no bytes = bytes []
              array = [1, 2, 3]
              mixed = [1, "two", [0.5], bytes [03]]
              map = {inner: {depth: 2}, text: "x", raw: bytes [01]}
        "#]],
    );
}

#[test]
fn what_the_limits_refuse_is_counted_on_the_wire() {
    let limits = |builder: Builder| {
        builder.span_limits(SpanLimits {
            attributes: 3, // one of them is the type
            attribute_value_length: Some(6),
            events: 1,
            links: 1,
            attributes_per_event: 1,
            attributes_per_link: 0,
        })
    };
    check(
        limits,
        |capture| {
            let links = [remote_parent(), remote_parent(), remote_parent()];
            let span = capture.tracer().span_default("limited").attr("a", "0123456789");
            let span = links.iter().fold(span, |span, link| span.link(link));
            span.in_scope(|span| {
                span.set_attributes([("b", 1), ("c", 2), ("d", 3), ("b", 4)]);
                span.add_event("first", [("x", 1), ("y", 2)]);
                span.add_event("second", [("x", 1)]);
            });
        },
        expect![[r#"
            limited SPAN_KIND_INTERNAL
              trace 00000000000000000000000000000001 span 0000000000000001
              flags 0x101 state ""
              time 1767225600000000000 to 1767225600000000000
              status STATUS_CODE_UNSET ""
              scope prela
              prela.span.type = "custom"
              a = "012345"
              b = 4
              dropped 2 attributes
              event first at 1767225600000000000
                x = 1
                dropped 1 attributes
              dropped 1 events
              link 0000000000000000000000000000feed 000000000000beef flags 0x301 "vendor=opaque"
              dropped 2 links
        "#]],
    );
}

#[test]
fn the_resource_comes_with_every_batch() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let capture = Capture::with(|builder| {
            let builder = builder.exporter(receiver.exporter()).service_name("travel-desk");
            builder.resource([("deployment.environment.name", "staging")]).max_batch_size(1)
        });
        for name in ["first", "second"] {
            capture.tracer().span_default(name).in_scope(|_| ());
        }
        for span in receiver.wait_for_spans(2) {
            assert_eq!(span.resource("service.name").unwrap(), "travel-desk");
            assert_eq!(span.resource("deployment.environment.name").unwrap(), "staging");
            assert_eq!(span.resource("telemetry.sdk.name").unwrap(), "prela");
            assert_eq!(span.resource("telemetry.sdk.language").unwrap(), "rust");
            assert!(!span.scope.version.is_empty());
        }
        assert_eq!(receiver.requests().len(), 2);
    }
}

/// The fixed ids of the other tests are not random, and do not say that they are.
#[test]
fn random_ids_are_flagged_as_random() {
    let receiver = Receiver::start(Transport::Grpc);
    let capture = Capture::with(|builder| {
        builder.exporter(receiver.exporter()).id_generator(prela::id::RandomIds::default())
    });
    capture.tracer().span_default("root").in_scope(|_| {
        capture.tracer().span_default("child").in_scope(|_| ());
    });
    let flags: Vec<_> = receiver.wait_for_spans(2).iter().map(|span| span.span.flags).collect();
    assert_eq!(flags, [0x103, 0x103]);
}

#[test]
fn headers_go_with_every_request() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let exporter = receiver.exporter().header("x-api-key", "secret").header("x-team", "a b");
        let capture = Capture::with(|builder| builder.exporter(exporter));
        capture.tracer().span_default("span").in_scope(|_| ());

        let request = &receiver.wait_for_requests(1)[0];
        assert_eq!(request.header("x-api-key"), Some("secret"));
        assert_eq!(request.header("x-team"), Some("a b"));
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("prela/"), "{agent}");
    }
}

#[test]
fn bodies_can_be_compressed() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let capture = Capture::with(|builder| builder.exporter(receiver.exporter().gzip(true)));
        let text = "all the same ".repeat(1_000);
        capture.tracer().span_default("span").attr("text", &text).in_scope(|_| ());

        let request = &receiver.wait_for_requests(1)[0];
        let encoding = match transport {
            Transport::Grpc => "grpc-encoding",
            Transport::Http => "content-encoding",
        };
        assert_eq!(request.header(encoding), Some("gzip"));
        assert_eq!(request.spans()[0].attribute("text"), Some(text));
    }
}

#[test]
fn tls_takes_a_given_certificate() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start_with_tls(transport);
        let capture = Capture::with(|builder| builder.exporter(receiver.exporter()));
        capture.tracer().span_default("secret").in_scope(|_| ());
        capture.prela().flush(A_WHILE).unwrap();
        assert_eq!(receiver.spans()[0].name(), "secret");
    }
}

#[test]
fn tls_with_a_certificate_that_nobody_vouches_for_sends_nothing() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start_with_tls(transport);
        let stranger = Receiver::start_with_tls(transport);
        for exporter in [
            transport.exporter(receiver.endpoint()),
            transport.exporter(receiver.endpoint()).certificate(stranger.certificate()),
        ] {
            let capture = Capture::with(|builder| builder.exporter(exporter).diagnostics(|_| ()));
            capture.tracer().span_default("secret").in_scope(|_| ());
            // It goes on trying: the collector may be given a better certificate.
            let error = (0..100).find_map(|_| {
                capture.prela().flush(Duration::from_millis(100)).unwrap_err();
                capture.prela().stats().exporters[1].last_error.clone()
            });
            let error = error.expect("an attempt was made");
            assert!(error.to_lowercase().contains("certificate"), "{error}");
            let report = capture.prela().shutdown(Duration::ZERO);
            assert_eq!(report.undelivered(), 1);
        }
        assert!(receiver.requests().is_empty());
    }
}

#[test]
fn one_connection_serves_many_batches() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let capture =
            Capture::with(|builder| builder.exporter(receiver.exporter()).max_batch_size(10));
        for _ in 0..1_000 {
            capture.tracer().span_default("span").in_scope(|_| ());
        }
        capture.prela().flush(A_WHILE).unwrap();
        assert_eq!(receiver.spans().len(), 1_000);
        assert_eq!(receiver.connections(), 1);
    }
}
