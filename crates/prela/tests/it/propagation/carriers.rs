//! Every carrier, and what becomes of its other fields.

use super::wire::sent;
use prela::propagation::{Extractor, Injector, Reason, extract_report};
use prela::testing::Capture;
use prela::{SpanKind, SpanType, TraceContext, baggage};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Checks that a service which calls another is its parent, with this carrier between them.
#[track_caller]
fn check<C: Injector, E: Extractor>(mut carrier: C, deliver: impl FnOnce(C) -> E) {
    let (caller, callee) = (Capture::new(), Capture::new());
    let call = baggage::scope([("user_id", "user 123"), ("plan", "ü=1")], || {
        caller.tracer().span("call", SpanType::Tool).kind(SpanKind::Client).in_scope(|call| {
            prela::inject(&mut carrier);
            call.clone()
        })
    });
    let carrier = deliver(carrier);
    // Whatever is current where the request comes in plays no part.
    callee.tracer().span("accept_loop", SpanType::Custom).in_scope(|_| {
        baggage::scope([("of_the_loop", "1")], || {
            let cx = prela::extract(&carrier);
            callee.tracer().span("handle", SpanType::Agent).parent(&cx).in_scope(|handle| {
                assert_eq!(handle.trace_id(), call.trace_id());
                assert_eq!(handle.parent_span_id(), Some(call.span_id()));
                assert_eq!(baggage::get("user_id").as_deref(), Some("user 123"));
                assert_eq!(baggage::get("plan").as_deref(), Some("ü=1"));
                assert_eq!(baggage::get("of_the_loop"), None);
                callee.tracer().span("inner", SpanType::Tool).in_scope(|inner| {
                    assert_eq!(inner.trace_id(), call.trace_id());
                    assert_eq!(inner.parent_span_id(), Some(handle.span_id()));
                });
            });
        });
    });
}

#[test]
fn fields_travel_as_http_headers() {
    check(http::HeaderMap::new(), |it| it);
}

#[test]
fn fields_travel_as_grpc_metadata() {
    check(tonic::metadata::MetadataMap::new(), |it| it);
}

#[test]
fn fields_travel_in_maps_whatever_the_case_of_their_names() {
    check(HashMap::<String, String>::new(), |it| it);
    check(BTreeMap::<String, String>::new(), |it| it);
    check(HashMap::<Arc<str>, Vec<u8>>::new(), |it| it);
    let shouted = |it: HashMap<String, String>| -> BTreeMap<String, String> {
        it.into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect()
    };
    check(HashMap::new(), shouted);
}

#[test]
fn fields_travel_as_headers_of_messages() {
    check(Vec::<(String, String)>::new(), |it| it);
    check(Vec::<(String, Vec<u8>)>::new(), |it| it);
    check(Vec::<(&str, String)>::new(), |it| it.into_boxed_slice().into_vec());
}

#[test]
fn fields_travel_in_the_body_of_a_message() {
    check(HashMap::<String, String>::new(), |it| {
        let body = serde_json::to_string(&it).unwrap();
        serde_json::from_str::<BTreeMap<String, String>>(&body).unwrap()
    });
}

#[test]
fn fields_travel_in_json_objects() {
    use serde_json::{Map, Value, json};

    check(Map::new(), |meta| {
        let request = json!({ "method": "tools/call", "params": { "_meta": meta } }).to_string();
        let mut request: Value = serde_json::from_str(&request).unwrap();
        serde_json::from_value::<Map<String, Value>>(request["params"]["_meta"].take()).unwrap()
    });

    let meta = |meta: Value| extract_report(meta.as_object().unwrap());
    // Several values are several fields.
    let extracted = meta(json!({ "TraceParent": [TRACEPARENT], "baggage": ["a=1", "b=2"] }));
    assert_eq!(extracted.refused, []);
    assert!(extracted.context.is_sampled());
    assert_eq!(extracted.context.baggage().len(), 2);
    let reasons = |fields| meta(fields).refused.iter().map(|it| it.reason).collect::<Vec<_>>();
    assert_eq!(reasons(json!({ "traceparent": [TRACEPARENT, TRACEPARENT] })), [Reason::Repeated]);
    // What is no text is refused, and nothing is as not there.
    assert_eq!(
        reasons(json!({ "traceparent": 1, "baggage": { "a": 1 } })),
        [Reason::Length, Reason::Grammar]
    );
    assert_eq!(reasons(json!({ "traceparent": null, "baggage": [], "progressToken": 1 })), []);
}

#[test]
fn fields_travel_through_closures() {
    let mut fields = Vec::new();
    {
        let cx = prela::extract(&[("traceparent", TRACEPARENT), ("tracestate", "a=1")]);
        cx.inject(&mut |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned())));
    }
    let find = |name: &str| fields.iter().find(|it| it.0 == name).map(|it| it.1.clone());
    let cx = prela::extract(&find);
    assert_eq!(sent(&cx).traceparent.as_deref(), Some(TRACEPARENT));
    assert_eq!(sent(&cx).tracestate.as_deref(), Some("a=1"));
}

/// One span for several messages is a child of none of them.
#[test]
fn a_batch_is_linked_to_its_messages() {
    let (producer, consumer) = (Capture::new(), Capture::new());
    let messages: Vec<Vec<(String, Vec<u8>)>> = (0..3)
        .map(|_| {
            producer.tracer().span("publish", SpanType::Custom).in_scope(|_| {
                let mut headers = Vec::new();
                prela::inject(&mut headers);
                headers
            })
        })
        .collect();
    let process = consumer.tracer().span("process", SpanType::Custom);
    process.root().links(messages.iter().map(prela::extract)).in_scope(|_| ());
    let spans = consumer.spans();
    let linked: Vec<_> = spans[0].links.iter().map(|link| link.span_context.span_id()).collect();
    let published: Vec<_> = producer.spans().iter().map(|it| it.span_context.span_id()).collect();
    assert_eq!(linked, published);
    assert_eq!(spans[0].parent_span_id, None);
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[track_caller]
fn check_stale<C: Injector + Extractor>(mut carrier: C) {
    let cx = prela::extract(&[
        ("traceparent", TRACEPARENT),
        ("tracestate", "a=1"),
        ("baggage", "plan=pro"),
    ]);
    cx.inject(&mut carrier);
    cx.inject(&mut carrier);
    assert_eq!(extract_report(&carrier).refused, [], "a field is there twice");
    assert_eq!(sent(&prela::extract(&carrier)), sent(&cx));

    let other = "00-11111111111111111111111111111111-2222222222222222-00";
    prela::extract(&[("traceparent", other)]).inject(&mut carrier);
    assert_eq!(sent(&prela::extract(&carrier)).traceparent.as_deref(), Some(other));
    assert_eq!(sent(&prela::extract(&carrier)).tracestate, None);
    assert_eq!(sent(&prela::extract(&carrier)).baggage, None);

    cx.inject(&mut carrier);
    TraceContext::default().inject(&mut carrier);
    let mut left = 0;
    for name in ["traceparent", "tracestate", "baggage"] {
        carrier.values(name, &mut |_| left += 1);
    }
    assert_eq!(left, 0, "stale fields");
    carrier.values("other", &mut |value| {
        assert_eq!(value, b"stays");
        left += 1;
    });
    assert_eq!(left, 1);
}

#[test]
fn stale_fields_are_replaced_or_removed() {
    let stale = [("TraceParent", "00-00"), ("BAGGAGE", "a=1"), ("other", "stays")];
    let pairs = || stale.map(|(name, value)| (name.to_owned(), value.to_owned()));
    check_stale(HashMap::from(pairs()));
    check_stale(BTreeMap::from(pairs()));
    check_stale(Vec::from(pairs()));
    let object = pairs().map(|(name, value)| (name, serde_json::Value::from(value)));
    check_stale(serde_json::Map::from_iter(object));
    let mut headers = http::HeaderMap::new();
    for (name, value) in stale {
        headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        if name != "other" {
            headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
    }
    check_stale(headers.clone());
    check_stale(tonic::metadata::MetadataMap::from_headers(headers));
}

#[test]
fn without_a_span_baggage_is_sent_alone() {
    let sent = baggage::scope([("plan", "pro")], || sent(&TraceContext::current()));
    assert_eq!((sent.traceparent, sent.tracestate), (None, None));
    assert_eq!(sent.baggage.as_deref(), Some("plan=pro"));
}

/// Names that differ in case only are one field.
#[test]
fn a_trace_given_twice_is_no_trace() {
    let twice = HashMap::from([("traceparent", TRACEPARENT), ("Traceparent", TRACEPARENT)]);
    let extracted = extract_report(&twice);
    assert_eq!(extracted.context.trace_id(), None);
    assert_eq!(extracted.refused.len(), 1);
    assert_eq!(extracted.refused[0].header, "traceparent");
    assert_eq!(extracted.refused[0].reason, Reason::Repeated);
}

/// A reason never says what the field said.
#[test]
fn reasons_name_the_field_and_no_value() {
    fn report(name: &str, value: &str) -> String {
        let refused = extract_report(&[(name, value)]).refused;
        refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    assert_eq!(report("traceparent", "secret"), "traceparent has the wrong length");
    assert_eq!(
        report("traceparent", &format!("ff-{id}-00f067aa0ba902b7-01")),
        "traceparent has a version that is not allowed"
    );
    assert_eq!(
        report("traceparent", &format!("00-{id}-0000000000000000-01")),
        "traceparent has an id of zeros"
    );
    assert_eq!(
        report("traceparent", &format!("00-{id}-00F067AA0BA902B7-01")),
        "traceparent is not lower-case hex with dashes between"
    );
    assert_eq!(report("tracestate", "a=1"), "tracestate came without the field it belongs to");
    assert_eq!(
        report("baggage", "secret,a=1,secret"),
        "baggage has a member that breaks the grammar"
    );
    assert_eq!(report("baggage", "a=\u{e9}"), "baggage has a byte that is not printable ASCII");
    assert_eq!(report("baggage", &format!("a={}", "v".repeat(8192))), "baggage is too long");
    let many: Vec<_> = (0..65).map(|i| format!("k{i}=1")).collect();
    assert_eq!(report("baggage", &many.join(",")), "baggage has too many members");
}

/// What another library did to the context does not disturb the list.
#[test]
fn the_random_flag_outlives_an_unsampled_span() {
    use prela::opentelemetry::trace::TraceContextExt as _;
    use prela::{SpanContext, TraceFlags, TraceState};

    let cx = prela::extract(&[
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02"),
        ("tracestate", "foo@@bar=1,b=2"),
    ]);
    // As `opentelemetry_sdk` leaves a span that it does not sample.
    let span = cx.span_context();
    let (trace_id, span_id) = (span.trace_id(), 7.into());
    let state: TraceState = span.trace_state().clone();
    let span = SpanContext::new(trace_id, span_id, TraceFlags::NOT_SAMPLED, false, state);
    let sent = sent(&cx.as_otel().with_remote_span_context(span).into());
    assert!(sent.traceparent.unwrap().ends_with("-0000000000000007-02"));
    assert_eq!(sent.tracestate.as_deref(), Some("foo@@bar=1,b=2"));
}
