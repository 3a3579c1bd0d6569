//! How far a server believes its callers.

use super::{TRACEPARENT, send, service, text};
use ::http::Request;
use prela::http::{ServerLayer, Trust};
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{Sampler, baggage};
use std::sync::{Arc, Mutex};
use tower::Layer as _;

/// The span of a request from elsewhere, and the baggage that its handler saw.
fn serve(
    capture: &Capture,
    layer: ServerLayer,
    request: Request<()>,
) -> (Option<Arc<SpanData>>, String) {
    let seen = Arc::new(Mutex::new(String::new()));
    let handler = service({
        let seen = seen.clone();
        async move |_| {
            *seen.lock().unwrap() = baggage::get("user_id").unwrap_or_default();
            text("")
        }
    });
    send(layer.tracer(&capture.tracer()).layer(handler), request).unwrap();
    let seen = seen.lock().unwrap().clone();
    (capture.spans().first().cloned(), seen)
}

fn request(traceparent: &str) -> Request<()> {
    let request = Request::get("/").header("baggage", "user_id=u1").header("tracestate", "a=b");
    request.header("traceparent", traceparent).body(()).unwrap()
}

const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

#[test]
fn a_parent_is_continued_with_its_baggage() {
    let (span, seen) = serve(&Capture::new(), ServerLayer::new(), request(TRACEPARENT));
    let span = span.unwrap();
    assert_eq!(span.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span.parent_span_id.unwrap().to_string(), "00f067aa0ba902b7");
    assert!(span.parent_is_remote);
    assert_eq!(span.span_context.trace_state().header(), "a=b");
    assert_eq!(seen, "u1");
    assert!(span.links.is_empty());
}

#[test]
fn a_link_leads_to_the_caller_and_nothing_else_is_taken() {
    let (span, seen) =
        serve(&Capture::new(), ServerLayer::new().trust(Trust::Link), request(TRACEPARENT));
    let span = span.unwrap();
    assert_eq!(span.span_context.trace_id().to_string(), "00000000000000000000000000000001");
    assert_eq!(span.parent_span_id, None);
    assert_eq!(span.span_context.trace_state().header(), "");
    assert_eq!(span.links.len(), 1);
    assert_eq!(span.links[0].span_context.span_id().to_string(), "00f067aa0ba902b7");
    assert_eq!(seen, "");
}

#[test]
fn ignored_is_ignored() {
    let (span, seen) =
        serve(&Capture::new(), ServerLayer::new().trust(Trust::Ignore), request(TRACEPARENT));
    let span = span.unwrap();
    assert_eq!(span.parent_span_id, None);
    assert!(span.links.is_empty());
    assert_eq!(seen, "");
}

#[test]
fn a_flag_is_followed_only_of_a_parent() {
    let sampled = |trust: Trust, sampler: Sampler, traceparent: &str| {
        let capture = Capture::with(|builder| builder.sampler(sampler));
        serve(&capture, ServerLayer::new().trust(trust), request(traceparent)).0.is_some()
    };
    let on = || Sampler::parent_based(Sampler::always_on());
    let off = || Sampler::parent_based(Sampler::always_off());
    assert!(!sampled(Trust::Parent, on(), UNSAMPLED));
    assert!(sampled(Trust::Parent, off(), TRACEPARENT));
    for trust in [Trust::Link, Trust::Ignore] {
        assert!(sampled(trust, on(), UNSAMPLED), "nobody can hide by a flag");
        assert!(!sampled(trust, off(), TRACEPARENT), "nobody can have himself recorded");
    }
}

#[test]
fn each_request_can_be_judged() {
    let layer = ServerLayer::new().trust_by(|request| match request.headers.get("x-internal") {
        Some(_) => Trust::Parent,
        None => Trust::Ignore,
    });
    let (span, _) = serve(&Capture::new(), layer.clone(), request(TRACEPARENT));
    assert_eq!(span.unwrap().parent_span_id, None);
    let mut internal = request(TRACEPARENT);
    internal.headers_mut().insert("x-internal", "1".parse().unwrap());
    let (span, _) = serve(&Capture::new(), layer, internal);
    assert!(span.unwrap().parent_is_remote);
}

#[test]
fn what_stands_in_front_has_the_last_word() {
    let layer = ServerLayer::new().trust(Trust::Parent).trust_by(|_| Trust::Parent);
    let mut outsider = request(TRACEPARENT);
    outsider.extensions_mut().insert(Trust::Link);
    let (span, seen) = serve(&Capture::new(), layer, outsider);
    let span = span.unwrap();
    assert_eq!((span.parent_span_id, span.links.len(), &*seen), (None, 1, ""));
}

/// Whatever runs on the thread that polls is no parent of a request.
#[test]
fn a_bad_header_begins_a_trace_of_its_own() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let accept_loop = tracer.span("accept_loop", prela::SpanType::Custom);
    accept_loop.in_scope(|_| {
        for header in ["00-00-00-00", "", "zz"] {
            let request = Request::get("/").header("traceparent", header).body(()).unwrap();
            serve(&capture, ServerLayer::new(), request);
        }
    });
    let spans = capture.spans();
    let requests = spans.iter().filter(|span| span.name == "GET");
    assert_eq!(requests.filter(|span| span.parent_span_id.is_none()).count(), 3);
}
