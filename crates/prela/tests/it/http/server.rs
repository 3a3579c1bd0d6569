//! What a server's span says.

use super::{call, get, send, service, status, text};
use crate::http::block_on;
use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use expect_test::{Expect, expect};
use http_body_util::{Full, StreamBody};
use prela::http::ServerLayer;
use prela::testing::Capture;
use prela::{SpanKind, SpanType};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tower::{Layer as _, ServiceExt as _};

/// The tree of one request to this handler.
#[track_caller]
fn check(
    request: Request<()>,
    answer: impl AsyncFn(Request<()>) -> Response<Full<Bytes>> + Clone,
    expected: &Expect,
) {
    let capture = Capture::new();
    send(layer(&capture).layer(service(answer)), request).unwrap();
    expected.assert_eq(&capture.tree());
    assert!(capture.spans().iter().all(|span| span.kind == SpanKind::Server));
}

fn layer(capture: &Capture) -> ServerLayer {
    ServerLayer::new().tracer(&capture.tracer())
}

#[test]
fn a_request_has_the_attributes_of_the_conventions_and_no_secret() {
    let request = Request::get("/items?token=secret")
        .header("host", "api.example.com:8080")
        .header("user-agent", "curl/8")
        .header("authorization", "secret")
        .header("forwarded", "for=1.2.3.4;proto=https")
        .extension(SocketAddr::from(([10, 0, 0, 7], 4711)))
        .body(());
    check(
        request.unwrap(),
        async |_| text("hi"),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /items, server.address: api.example.com, server.port: 8080, network.protocol.version: 1.1, client.address: 10.0.0.7, user_agent.original: curl/8, http.response.status_code: 200}
    "#]],
    );
}

#[test]
fn a_request_of_http_2_has_its_host_and_version() {
    let request =
        Request::post("https://[::1]:8443/items").version(::http::Version::HTTP_2).body(());
    check(
        request.unwrap(),
        async |_| status(201),
        &expect![[r#"
        POST  custom {http.request.method: POST, url.scheme: https, url.path: /items, server.address: ::1, server.port: 8443, network.protocol.version: 2, http.response.status_code: 201}
    "#]],
    );
}

#[test]
fn a_method_that_is_made_up_is_no_name() {
    let request = Request::builder().method("PURGE").uri("/").body(()).unwrap();
    check(
        request,
        async |_| text(""),
        &expect![[r#"
        HTTP  custom {http.request.method: _OTHER, http.request.method_original: PURGE, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]],
    );
}

#[test]
fn only_the_servers_own_failures_are_errors() {
    check(
        get("/missing"),
        async |_| status(404),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /missing, network.protocol.version: 1.1, http.response.status_code: 404}
    "#]],
    );
    check(
        get("/broken"),
        async |_| status(503),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /broken, network.protocol.version: 1.1, http.response.status_code: 503, error.type: 503} error
    "#]],
    );
}

#[test]
fn what_a_handler_says_of_its_failure_stays() {
    let capture = Capture::new();
    let handler = service(async |_| {
        prela::current_span().unwrap().record_error("no disk left");
        status(500)
    });
    send(layer(&capture).layer(handler), get("/")).unwrap();
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, error.type: str, http.response.status_code: 500} error: no disk left
          • exception {exception.type: str, exception.message: no disk left}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn a_request_is_named_by_its_route() {
    let capture = Capture::new();
    let layer = layer(&capture).route(|request| {
        request.uri.path().starts_with("/items/").then(|| "/items/{id}".to_owned())
    });
    for path in ["/items/7", "/other"] {
        send(layer.layer(service(async |_| text(""))), get(path)).unwrap();
    }
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /other, network.protocol.version: 1.1, http.response.status_code: 200}
        GET /items/{id}  custom {http.request.method: GET, url.scheme: http, url.path: /items/7, network.protocol.version: 1.1, http.route: /items/{id}, http.response.status_code: 200}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn the_context_is_current_in_the_call_the_future_and_its_destructor() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    struct Dropped(prela::Tracer);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.span("destructor", SpanType::Custom).in_scope(|_| ());
        }
    }
    let handler = tower::service_fn(|_: Request<()>| {
        tracer.span("call", SpanType::Custom).in_scope(|_| ());
        let dropped = Dropped(tracer.clone());
        let tracer = tracer.clone();
        async move {
            let _dropped = dropped;
            tokio::task::yield_now().await;
            tracer.span("future", SpanType::Custom).in_scope(|_| ());
            Ok::<_, io::Error>(text(""))
        }
    });
    send(layer(&capture).layer(handler), get("/")).unwrap();
    assert_eq!(prela::current_span().map(|span| span.trace_id()), None);
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
          call  custom
          destructor  custom
          future  custom
    "#]].assert_eq(&capture.tree());
}

#[test]
fn an_error_of_the_service_passes_through() {
    let capture = Capture::new();
    let handler = tower::service_fn(async |_: Request<()>| {
        Err::<Response<Full<Bytes>>, _>(io::Error::other("no route to the database"))
    });
    let error = send(layer(&capture).layer(handler), get("/")).unwrap_err();
    assert!(error.contains("no route to the database"), "{error}");
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, error.type: std::io::error::Error} error: no route to the database
          • exception {exception.type: std::io::error::Error, exception.message: no route to the database}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn the_causes_of_a_boxed_error_are_told() {
    #[derive(Debug)]
    struct Outer(io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("call the database")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let capture = Capture::new();
    let handler = tower::service_fn(async |_: Request<()>| {
        Err::<Response<Full<Bytes>>, tower::BoxError>(Box::new(Outer(io::Error::other("refused"))))
    });
    send(layer(&capture).layer(handler), get("/")).unwrap_err();
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, error.type: _OTHER} error: call the database: refused
          • exception {exception.type: _OTHER, exception.message: call the database: refused}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn a_panic_is_recorded_and_goes_on() {
    let capture = Capture::new();
    let handler = service(async |_| -> Response<Full<Bytes>> { panic!("division by zero") });
    let service = layer(&capture).layer(handler);
    let panic = catch_unwind(AssertUnwindSafe(|| send(service, get("/")))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"division by zero"));
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, error.type: panic} error: division by zero
          • exception {exception.type: panic, exception.message: division by zero, exception.escaped: true}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn a_caller_that_goes_away_cancels() {
    let capture = Capture::new();
    let handler = service(async |_| -> Response<Full<Bytes>> { std::future::pending().await });
    let service = layer(&capture).layer(handler);
    block_on(async {
        let mut request = Box::pin(service.oneshot(get("/slow")));
        assert!(futures_util::poll!(&mut request).is_pending());
    });
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /slow, network.protocol.version: 1.1, error.type: cancelled} error: dropped before it was done
          • cancelled
    "#]].assert_eq(&capture.tree());
}

#[test]
fn stacked_layers_make_one_span_and_the_inner_one_may_know_the_route() {
    let capture = Capture::new();
    let inner = layer(&capture).route(|_| Some("/items/{id}".to_owned()));
    let handler = inner.layer(inner.layer(service(async |_| text("hi"))));
    let response = send(layer(&capture).layer(handler), get("/items/1")).unwrap();
    assert_eq!(response.body(), "hi");
    expect![[r#"
        GET /items/{id}  custom {http.request.method: GET, url.scheme: http, url.path: /items/1, network.protocol.version: 1.1, http.route: /items/{id}, http.response.status_code: 200}
    "#]].assert_eq(&capture.tree());
}

/// A proxy passes a request on with all its extensions, in-process, after the first answer.
#[test]
fn a_request_that_is_served_again_has_a_span_again() {
    let capture = Capture::new();
    let service = layer(&capture).layer(service(async |request: Request<()>| {
        let mut response = text("");
        *response.extensions_mut() = request.extensions().clone();
        response
    }));
    let first = send(service.clone(), get("/")).unwrap();
    let mut again = get("/again");
    *again.extensions_mut() = first.extensions().clone();
    send(service, again).unwrap();
    assert_eq!(capture.spans().len(), 2);
}

#[test]
fn closures_that_panic_harm_nothing() {
    let capture = Capture::new();
    let layer = layer(&capture)
        .route(|_| panic!("route"))
        .client_address(|_| panic!("address"))
        .trust_by(|_| panic!("trust"));
    let request = Request::get("/").header("traceparent", super::TRACEPARENT).body(()).unwrap();
    send(layer.layer(service(async |_| text(""))), request).unwrap();
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]].assert_eq(&capture.tree());
    assert!(!capture.spans()[0].parent_is_remote);
}

#[test]
fn a_call_of_grpc_that_is_answered_by_headers_alone() {
    let capture = Capture::new();
    for code in ["0", "5", "13", "99"] {
        let answer = async |_| -> Response<Full<Bytes>> {
            Response::builder().header("grpc-status", code).body(Full::default()).unwrap()
        };
        let request = call(&format!("/prela.example.v1.Codes/{code}"));
        send(layer(&capture).layer(service(answer)), request).unwrap();
    }
    expect![[r#"
        prela.example.v1.Codes/0  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Codes/0, network.protocol.version: 1.1, rpc.response.status_code: OK}
        prela.example.v1.Codes/5  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Codes/5, network.protocol.version: 1.1, rpc.response.status_code: NOT_FOUND}
        prela.example.v1.Codes/13  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Codes/13, network.protocol.version: 1.1, rpc.response.status_code: INTERNAL, error.type: INTERNAL} error
        prela.example.v1.Codes/99  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Codes/99, network.protocol.version: 1.1, rpc.response.status_code: UNKNOWN, error.type: UNKNOWN} error
    "#]].assert_eq(&capture.tree());
    assert!(capture.spans().iter().all(|span| span.kind == SpanKind::Server));
    check(
        call("/prela.example.v1.Scorer/Score"),
        async |_| status(404),
        &expect![[r#"
        prela.example.v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Scorer/Score, network.protocol.version: 1.1, rpc.response.status_code: UNIMPLEMENTED, error.type: UNIMPLEMENTED} error
    "#]],
    );
}

#[test]
fn a_call_of_grpc_that_ends_with_trailers() {
    let capture = Capture::new();
    let handler = service(async |_| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "14".parse().unwrap());
        let frames =
            [http_body::Frame::data(Bytes::from("message")), http_body::Frame::trailers(trailers)];
        Response::new(StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, io::Error>))))
    });
    let request = call("/prela.example.v1.Scorer/Score");
    send(layer(&capture).layer(handler), request).unwrap();
    expect![[r#"
        prela.example.v1.Scorer/Score  custom {rpc.system.name: grpc, rpc.method: prela.example.v1.Scorer/Score, network.protocol.version: 1.1, rpc.response.status_code: UNAVAILABLE, error.type: UNAVAILABLE} error
    "#]].assert_eq(&capture.tree());
}

#[test]
fn grpc_web_is_http() {
    let request = Request::post("/prela.example.v1.Scorer/Score")
        .header("content-type", "application/grpc-web+proto")
        .body(());
    check(
        request.unwrap(),
        async |_| text(""),
        &expect![[r#"
        POST  custom {http.request.method: POST, url.scheme: http, url.path: /prela.example.v1.Scorer/Score, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]],
    );
}

#[test]
fn each_request_has_an_id() {
    let capture = Capture::new();
    let inner = capture.tracer();
    let answer = async move |_| {
        inner.span("step", SpanType::Tool).in_scope(|_| ());
        text("hi")
    };
    let layer = layer(&capture).request_ids();
    let given = Request::get("/").header("x-request-id", "req-42").body(()).unwrap();
    let response = send(layer.layer(service(answer.clone())), given).unwrap();
    assert_eq!(response.headers()["x-request-id"], "req-42");
    for request in [get("/"), Request::get("/").header("x-request-id", "no id").body(()).unwrap()] {
        let response = send(layer.layer(service(answer.clone())), request).unwrap();
        let made = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(made.len(), 36, "{made}");
        let of_request = capture.spans().into_iter().rev().take(2);
        let ids: Vec<_> = of_request.map(|span| span.attribute("request.id").cloned()).collect();
        assert_eq!(ids, [Some(made.as_str().into()), Some(made.as_str().into())]);
    }
    assert_eq!(prela::RequestId::current(), None);
}

#[test]
fn the_handlers_own_request_id_stays() {
    let answer =
        async |_| Response::builder().header("x-request-id", "mine").body(Full::default()).unwrap();
    let layer = ServerLayer::new().request_ids();
    let response =
        send(layer.layer(service::<_, Response<Full<Bytes>>>(answer)), get("/")).unwrap();
    assert_eq!(response.headers().get_all("x-request-id").iter().count(), 1);
    assert_eq!(response.headers()["x-request-id"], "mine");
}

#[test]
fn an_untrusted_caller_has_no_say_in_the_id() {
    let layer = ServerLayer::new().request_ids_in_baggage().trust(prela::http::Trust::Ignore);
    let request = Request::get("/").header("x-request-id", "theirs").body(()).unwrap();
    let seen = async |_| {
        let id = prela::baggage::get("request.id").expect("it goes on in baggage");
        Response::builder().header("seen", id).body(Full::<Bytes>::default()).unwrap()
    };
    let response = send(layer.layer(service(seen)), request).unwrap();
    assert_ne!(response.headers()["seen"], "theirs");
    assert_eq!(response.headers()["seen"], response.headers()["x-request-id"]);
}
