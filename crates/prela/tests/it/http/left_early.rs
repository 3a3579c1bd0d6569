//! What a client's span says when its response is dropped before the end.

use super::{block_on, call, get};
use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use expect_test::{Expect, expect};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use http_body_util::{BodyExt as _, Empty, StreamBody};
use prela::Status;
use prela::http::ClientLayer;
use prela::span::SpanData;
use prela::testing::Capture;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tower::{Layer as _, ServiceExt as _};

type Frame = http_body::Frame<Bytes>;
type Frames = Pin<Box<dyn Stream<Item = Result<Frame, io::Error>> + Send>>;

fn data(text: &'static str) -> Result<Frame, io::Error> {
    Ok(Frame::data(Bytes::from(text)))
}

fn trailers(code: &'static str) -> Result<Frame, io::Error> {
    let mut fields = HeaderMap::new();
    fields.insert("grpc-status", code.parse().unwrap());
    Ok(Frame::trailers(fields))
}

/// Frames that come at once, and then none for ever.
fn frames<const N: usize>(frames: [Result<Frame, io::Error>; N]) -> Frames {
    stream::iter(frames).chain(stream::pending()).boxed()
}

fn answer(status: u16, headers: &[(&str, &str)], frames: Frames) -> Response<StreamBody<Frames>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(StreamBody::new(frames)).unwrap()
}

/// The outcome of a client's span in a line.
fn verdict(span: &SpanData) -> String {
    let mut text = match &span.status {
        Status::Unset => "unset".to_owned(),
        Status::Ok => "ok".to_owned(),
        Status::Error { description } => format!("error `{description}`"),
    };
    for key in ["http.response.status_code", "rpc.response.status_code", "error.type"] {
        if let Some(value) = span.attribute(key) {
            write!(text, ", {key}: {value}").unwrap();
        }
    }
    for event in &span.events {
        write!(text, ", • {}", event.name).unwrap();
    }
    text
}

/// Asks, reads so many frames, one more that does not come if there is none, and drops the rest.
fn leave(request: Request<()>, response: Response<StreamBody<Frames>>, read: usize) -> String {
    let capture = Capture::new();
    let mut response = Some(response);
    let server = tower::service_fn(move |_: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(response.take().expect("one request")))
    });
    let client = ClientLayer::new().tracer(&capture.tracer()).layer(server);
    block_on(async {
        let mut body = client.oneshot(request).await.unwrap().into_body();
        for _ in 0..read {
            let _ = body.frame().now_or_never();
        }
        drop(body);
    });
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    verdict(&spans[0])
}

#[track_caller]
fn check(cases: &[(&str, String)], expected: &Expect) {
    let lines: String = cases.iter().map(|(what, is)| format!("{what}: {is}\n")).collect();
    expected.assert_eq(&lines);
}

#[test]
fn an_answer_over_http() {
    let url = "http://worker/";
    let sse = || frames([data("data: one\n\n"), data("data: [DONE]\n\n")]);
    let length = [("content-length", "6")];
    let broken = || frames([data("one"), Err(io::ErrorKind::ConnectionReset.into()), data("")]);
    let head = || Request::head(url).body(()).unwrap();
    let connect = || Request::connect("worker:80").body(()).unwrap();
    check(
        &[
            ("not looked at", leave(get(url), answer(200, &[], sse()), 0)),
            ("one of two events", leave(get(url), answer(200, &[], sse()), 1)),
            ("to `[DONE]`", leave(get(url), answer(200, &[], sse()), 2)),
            ("while waiting for more", leave(get(url), answer(200, &[], sse()), 3)),
            ("while waiting for the first", leave(get(url), answer(200, &[], frames([])), 1)),
            (
                "a download cut by choice",
                leave(get(url), answer(200, &length, frames([data("abc")])), 1),
            ),
            (
                "to the last byte of a known length",
                leave(get(url), answer(200, &length, frames([data("abc"), data("def")])), 2),
            ),
            ("an error page, not looked at", leave(get(url), answer(404, &[], sse()), 0)),
            ("an error page, in part", leave(get(url), answer(503, &[], sse()), 1)),
            ("a redirect, in part", leave(get(url), answer(302, &[], sse()), 1)),
            ("before the transport failed", leave(get(url), answer(200, &[], broken()), 1)),
            ("after the transport failed", leave(get(url), answer(200, &[], broken()), 2)),
            ("of HEAD", leave(head(), answer(200, &length, sse()), 0)),
            ("of CONNECT", leave(connect(), answer(200, &[], sse()), 1)),
            ("no content", leave(get(url), answer(204, &[], sse()), 1)),
            ("an upgrade", leave(get(url), answer(101, &[], sse()), 1)),
        ],
        &expect![[r#"
            not looked at: unset, http.response.status_code: 200
            one of two events: unset, http.response.status_code: 200, • body.incomplete
            to `[DONE]`: unset, http.response.status_code: 200, • body.incomplete
            while waiting for more: unset, http.response.status_code: 200, • body.incomplete
            while waiting for the first: unset, http.response.status_code: 200, • body.incomplete
            a download cut by choice: unset, http.response.status_code: 200, • body.incomplete
            to the last byte of a known length: unset, http.response.status_code: 200
            an error page, not looked at: error ``, http.response.status_code: 404, error.type: 404
            an error page, in part: error ``, http.response.status_code: 503, error.type: 503, • body.incomplete
            a redirect, in part: unset, http.response.status_code: 302, • body.incomplete
            before the transport failed: unset, http.response.status_code: 200, • body.incomplete
            after the transport failed: error `connection reset`, http.response.status_code: 200, error.type: std::io::error::Error, • exception
            of HEAD: unset, http.response.status_code: 200
            of CONNECT: unset, http.response.status_code: 200
            no content: unset, http.response.status_code: 204
            an upgrade: unset, http.response.status_code: 101
        "#]],
    );
}

#[test]
fn an_answer_over_grpc() {
    let ask = || call("http://scorer:50051/a.B/C");
    let whole = |code| frames([data("one"), data("two"), trailers(code)]);
    let head = |code| [("grpc-status", code)];
    let broken = || frames([data("one"), Err(io::ErrorKind::ConnectionReset.into())]);
    check(
        &[
            ("not looked at", leave(ask(), answer(200, &[], whole("0")), 0)),
            ("a part", leave(ask(), answer(200, &[], whole("0")), 1)),
            ("while waiting for more", leave(ask(), answer(200, &[], frames([data("one")])), 2)),
            ("to the trailers", leave(ask(), answer(200, &[], whole("0")), 3)),
            ("to trailers that say why not", leave(ask(), answer(200, &[], whole("5")), 3)),
            ("status in the head", leave(ask(), answer(200, &head("0"), frames([])), 0)),
            ("status in the head, a part", leave(ask(), answer(200, &head("0"), whole("0")), 1)),
            ("an error in the head", leave(ask(), answer(200, &head("5"), frames([])), 0)),
            ("an error in the head, a part", leave(ask(), answer(200, &head("14"), whole("0")), 1)),
            ("a proxy's error", leave(ask(), answer(502, &[], frames([data("no")])), 1)),
            ("after the transport failed", leave(ask(), answer(200, &[], broken()), 2)),
        ],
        &expect![[r#"
            not looked at: unset, • body.incomplete
            a part: unset, • body.incomplete
            while waiting for more: unset, • body.incomplete
            to the trailers: unset, rpc.response.status_code: OK
            to trailers that say why not: error ``, rpc.response.status_code: NOT_FOUND, error.type: NOT_FOUND
            status in the head: unset, rpc.response.status_code: OK
            status in the head, a part: unset, rpc.response.status_code: OK, • body.incomplete
            an error in the head: error ``, rpc.response.status_code: NOT_FOUND, error.type: NOT_FOUND
            an error in the head, a part: error ``, rpc.response.status_code: UNAVAILABLE, error.type: UNAVAILABLE, • body.incomplete
            a proxy's error: error ``, rpc.response.status_code: UNAVAILABLE, error.type: UNAVAILABLE, • body.incomplete
            after the transport failed: error `connection reset`, error.type: std::io::error::Error, • exception
        "#]],
    );
}

/// A timeout of the user's own: around reading it ends what is read, before the head it ends the request.
#[test]
fn a_timeout_of_the_users() {
    let capture = Capture::new();
    let layer = ClientLayer::new().tracer(&capture.tracer());
    block_on(async {
        let streaming = layer.layer(tower::service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(answer(200, &[], frames([data("one")])))
        }));
        let response = streaming.oneshot(get("http://worker/")).await.unwrap();
        let reading = response.into_body().collect();
        tokio::time::timeout(Duration::ZERO, reading).await.unwrap_err();

        let silent = layer.layer(tower::service_fn(async |_: Request<()>| {
            std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>().await
        }));
        let asking = silent.oneshot(get("http://worker/"));
        tokio::time::timeout(Duration::ZERO, asking).await.unwrap_err();
    });
    let verdicts: Vec<_> = capture.spans().iter().map(|span| verdict(span)).collect();
    assert_eq!(
        verdicts,
        [
            "unset, http.response.status_code: 200, • body.incomplete",
            "error `dropped before it was done`, error.type: cancelled, • cancelled",
        ]
    );
}

#[tokio::test]
async fn an_event_stream_over_http_2() {
    let events = || {
        let first = stream::iter([Ok::<_, io::Error>(Bytes::from("data: [DONE]\n\n"))]);
        std::future::ready(axum::body::Body::from_stream(first.chain(stream::pending())))
    };
    let app = axum::Router::new().route("/events", axum::routing::get(events));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let capture = Capture::new();
    let channel = tonic::transport::Channel::from_shared(url.clone()).unwrap().connect_lazy();
    let client = ClientLayer::new().tracer(&capture.tracer()).layer(channel);
    let request = Request::get(format!("{url}/events")).body(tonic::body::Body::empty()).unwrap();
    let mut body = client.oneshot(request).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data: [DONE]\n\n");
    drop(body);
    let span = &capture.spans()[0];
    assert_eq!(span.attribute("network.protocol.version"), Some(&"2".into()));
    expect!["unset, http.response.status_code: 200, • body.incomplete"].assert_eq(&verdict(span));
}

/// What the span has been told by its user stays.
#[test]
fn a_status_of_the_users_own() {
    let capture = Capture::new();
    let layer = ClientLayer::new().tracer(&capture.tracer());
    let server = layer.layer(tower::service_fn(async |_: Request<()>| {
        prela::current_span().unwrap().set_status(Status::error("the model refused"));
        Ok::<_, Infallible>(answer(200, &[], frames([data("one")])))
    }));
    block_on(async {
        let mut body = server.oneshot(get("http://worker/")).await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
    });
    expect!["error `the model refused`, http.response.status_code: 200, • body.incomplete"]
        .assert_eq(&verdict(&capture.spans()[0]));
}
