//! What a client's span says, and what goes out.

use super::{call, get, send, status, text};
use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use expect_test::{Expect, expect};
use http_body_util::Full;
use prela::http::ClientLayer;
use prela::propagation::{Format, Propagator};
use prela::testing::Capture;
use prela::{SpanKind, SpanType, baggage};
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::{Layer as _, Service, ServiceExt as _};

fn layer(capture: &Capture) -> ClientLayer {
    ClientLayer::new().tracer(&capture.tracer())
}

/// A far end that keeps the headers it gets.
#[derive(Clone, Default)]
struct Far(Arc<Mutex<Vec<HeaderMap>>>);

impl Far {
    fn service<F: Fn() -> Response<Full<Bytes>> + Clone>(
        &self,
        answer: F,
    ) -> impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone + use<F>
    {
        let seen = self.0.clone();
        tower::service_fn(move |request: Request<()>| {
            seen.lock().unwrap().push(request.headers().clone());
            std::future::ready(Ok(answer()))
        })
    }

    fn header(&self, at: usize, name: &str) -> Option<String> {
        Some(self.0.lock().unwrap()[at].get(name)?.to_str().unwrap().to_owned())
    }
}

#[track_caller]
fn check(
    request: Request<()>,
    answer: impl Fn() -> Response<Full<Bytes>> + Clone,
    expected: &Expect,
) {
    let capture = Capture::new();
    send(layer(&capture).layer(Far::default().service(answer)), request).unwrap();
    expected.assert_eq(&capture.tree());
    assert!(capture.spans().iter().all(|span| span.kind == SpanKind::Client));
}

#[test]
fn a_request_has_the_attributes_of_the_conventions_and_no_secret() {
    check(
        get("https://user:password@api.example.com/v1/items?key=secret#top"),
        || text("hi"),
        &expect![[r#"
            GET  custom {http.request.method: GET, server.address: api.example.com, server.port: 443, url.full: https://api.example.com/v1/items, network.protocol.version: 1.1, http.response.status_code: 200}
        "#]],
    );
    check(
        get("http://[::1]:8080/"),
        || status(204),
        &expect![[r#"
        GET  custom {http.request.method: GET, server.address: ::1, server.port: 8080, url.full: http://[::1]:8080/, network.protocol.version: 1.1, http.response.status_code: 204}
    "#]],
    );
}

#[test]
fn what_the_server_refuses_is_an_error_of_the_client() {
    check(
        get("http://worker/"),
        || status(404),
        &expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/, network.protocol.version: 1.1, http.response.status_code: 404, error.type: 404} error
    "#]],
    );
    check(
        get("http://worker/"),
        || status(302),
        &expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/, network.protocol.version: 1.1, http.response.status_code: 302}
    "#]],
    );
}

#[test]
fn a_call_of_grpc_has_its_method_and_status() {
    let answer = |code: &'static str| {
        move || Response::builder().header("grpc-status", code).body(Full::default()).unwrap()
    };
    check(
        call("http://scorer:50051/prela.example.v1.Scorer/Score"),
        answer("0"),
        &expect![[r#"
        prela.example.v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Scorer/Score, server.address: scorer, server.port: 50051, network.protocol.version: 1.1, rpc.response.status_code: OK}
    "#]],
    );
    check(
        call("/prela.example.v1.Scorer/Score"),
        answer("5"),
        &expect![[r#"
        prela.example.v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Scorer/Score, network.protocol.version: 1.1, rpc.response.status_code: NOT_FOUND, error.type: NOT_FOUND} error
    "#]],
    );
}

#[test]
fn the_request_carries_the_clients_span_and_the_baggage() {
    let capture = Capture::new();
    let far = Far::default();
    capture.tracer().span("agent", SpanType::Agent).in_scope(|_| {
        baggage::set("user_id", "u1");
        send(layer(&capture).layer(far.service(|| text(""))), get("http://worker/")).unwrap();
        send(layer(&capture).layer(far.service(|| text(""))), get("https://api.openai.com/"))
            .unwrap();
    });
    let spans = capture.spans();
    let client = &spans[0].span_context;
    let traceparent = format!("00-{}-{}-01", client.trace_id(), client.span_id());
    assert_eq!(far.header(0, "traceparent").unwrap(), traceparent);
    assert_eq!(far.header(0, "baggage").unwrap(), "user_id=u1");
    assert!(far.header(1, "traceparent").is_some());
    assert_eq!(far.header(1, "baggage"), None);
    assert_eq!(far.header(0, "tracestate"), None);
}

#[test]
fn what_is_withheld_is_also_removed() {
    let capture = Capture::new();
    let far = Far::default();
    let client =
        layer(&capture).without_trace_to(["*.ads.example"]).layer(far.service(|| text("")));
    for host in ["api.example.com", "x.ads.example", "worker"] {
        let request = Request::get(format!("http://{host}/"))
            .header("traceparent", super::TRACEPARENT)
            .header("tracestate", "a=b")
            .header("baggage", "user_id=passed-on");
        send(client.clone(), request.body(()).unwrap()).unwrap();
    }
    let names =
        |at| ["traceparent", "tracestate", "baggage"].map(|name| far.header(at, name).is_some());
    assert_eq!(names(0), [true, false, false]);
    assert_eq!(names(1), [false; 3]);
    assert_eq!(names(2), [true, false, false], "no baggage is current");
    assert_ne!(far.header(0, "traceparent").unwrap(), super::TRACEPARENT);
}

#[test]
fn the_destination_is_that_of_requests_without_a_host() {
    let capture = Capture::new();
    let far = Far::default();
    let layer = layer(&capture);
    baggage::scope([("user_id", "u1")], || {
        for destination in ["http://scorer:50051", "https://scorer.example.com"] {
            let layer = layer.clone().destination(destination.parse().unwrap());
            send(layer.layer(far.service(|| text(""))), call("/v1.Scorer/Score")).unwrap();
        }
        send(layer.layer(far.service(|| text(""))), call("/v1.Scorer/Score")).unwrap();
        let named = Request::get("/").header("host", "worker:80").body(()).unwrap();
        send(layer.layer(far.service(|| text(""))), named).unwrap();
    });
    let sent = [0, 1, 2, 3].map(|at| far.header(at, "baggage").is_some());
    assert_eq!(sent, [true, false, false, true]);
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker:80/, network.protocol.version: 1.1, http.response.status_code: 200}
        v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: v1.Scorer/Score, server.address: scorer, server.port: 50051, network.protocol.version: 1.1, rpc.response.status_code: UNKNOWN, error.type: UNKNOWN} error
        v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: v1.Scorer/Score, server.address: scorer.example.com, server.port: 443, network.protocol.version: 1.1, rpc.response.status_code: UNKNOWN, error.type: UNKNOWN} error
        v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: v1.Scorer/Score, network.protocol.version: 1.1, rpc.response.status_code: UNKNOWN, error.type: UNKNOWN} error
    "#]].assert_eq(&capture.tree());
}

#[test]
fn the_context_goes_out_in_the_chosen_format() {
    let capture = Capture::new();
    let far = Far::default();
    let propagator = Propagator::default().without(Format::TraceContext).with(Format::B3);
    let outbound = prela::http::Outbound::new().propagator(propagator);
    let client = layer(&capture).outbound(outbound).layer(far.service(|| text("")));
    send(client, get("http://worker/")).unwrap();
    assert!(far.header(0, "b3").is_some());
    assert_eq!(far.header(0, "traceparent"), None);
}

#[test]
fn an_error_passes_through() {
    let capture = Capture::new();
    let broken = tower::service_fn(async |_: Request<()>| {
        Err::<Response<Full<Bytes>>, _>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    let error = send(layer(&capture).layer(broken), get("http://worker/")).unwrap_err();
    assert!(error.contains("ConnectionReset"), "{error}");
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/, error.type: std::io::error::Error} error: connection reset
          • exception {exception.type: std::io::error::Error, exception.message: connection reset}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn stacked_layers_make_one_span() {
    let capture = Capture::new();
    let far = Far::default();
    let stack = layer(&capture).layer(layer(&capture).layer(far.service(|| text(""))));
    send(stack, get("http://worker/")).unwrap();
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    let sent = far.header(0, "traceparent").unwrap();
    assert!(sent.contains(&spans[0].span_context.span_id().to_string()));
}

/// The extensions of the first attempt say that it had a span; it has ended.
#[test]
fn each_attempt_has_a_span_of_its_own() {
    let capture = Capture::new();
    let far = Far::default();
    let mut client = layer(&capture).layer(tower::service_fn({
        let far = far.clone();
        move |request: Request<()>| {
            let extensions = request.extensions().clone();
            let response = far.service(|| status(503)).oneshot(request);
            async move {
                let mut response = response.await?;
                *response.extensions_mut() = extensions;
                Ok::<_, Infallible>(response)
            }
        }
    }));
    super::block_on(async {
        let first = client.ready().await.unwrap().call(get("http://worker/")).await.unwrap();
        let mut again = get("http://worker/");
        *again.extensions_mut() = first.extensions().clone();
        client.ready().await.unwrap().call(again).await.unwrap();
    });
    assert_eq!(capture.spans().len(), 2);
    assert_ne!(far.header(0, "traceparent"), far.header(1, "traceparent"));
}

/// Client and server in one process are two ends of a connection, not one request twice.
#[test]
fn a_server_behind_a_client_has_its_own_span() {
    let capture = Capture::new();
    let server = prela::http::ServerLayer::new().tracer(&capture.tracer());
    let server = server.layer(Far::default().service(|| text("")));
    send(layer(&capture).layer(server), get("http://worker/run")).unwrap();
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/run, network.protocol.version: 1.1, http.response.status_code: 200}
          GET  custom {http.request.method: GET, url.scheme: http, url.path: /run, server.address: worker, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]].assert_eq(&capture.tree());
}

/// A proxy sends a request on with the extensions that it came with.
#[test]
fn a_request_that_is_sent_on_has_a_span_at_each_stop() {
    let capture = Capture::new();
    let server = prela::http::ServerLayer::new().tracer(&capture.tracer());
    let upstream = server.layer(Far::default().service(|| text("")));
    let proxy = server.layer(layer(&capture).layer(upstream));
    send(layer(&capture).layer(proxy), get("/run")).unwrap();
    let depths: Vec<_> =
        capture.tree().lines().map(|line| line.len() - line.trim_start().len()).collect();
    assert_eq!(depths, [0, 2, 4, 6], "client, server, client, server");
}

#[test]
fn a_timeout_in_a_box_is_a_timeout() {
    let fails_with = |error: fn() -> tower::BoxError| {
        let capture = Capture::new();
        let service = tower::service_fn(move |_: Request<()>| {
            std::future::ready(Err::<Response<Full<Bytes>>, _>(error()))
        });
        send(layer(&capture).layer(service), get("http://worker/")).unwrap_err();
        capture.tree()
    };
    let capture = Capture::new();
    let never = tower::service_fn(async |_: Request<()>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
    });
    let timeout = tower::timeout::Timeout::new(never, Duration::ZERO);
    send(layer(&capture).layer(timeout), get("http://worker/")).unwrap_err();
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/, error.type: timeout} error: request timed out
          • exception {exception.type: timeout, exception.message: request timed out}
    "#]].assert_eq(&capture.tree());

    let late = fails_with(|| io::Error::from(io::ErrorKind::TimedOut).into());
    assert!(late.contains("error.type: timeout"), "{late}");
    // Words alone prove nothing.
    let refused = fails_with(|| "request timed out".into());
    assert!(refused.contains("error.type: _OTHER"), "{refused}");
}
