//! A span lasts as long as the response's body.

use super::{block_on, get};
use ::http::{HeaderMap, Method, Request, Response};
use bytes::Bytes;
use expect_test::{Expect, expect};
use futures_util::{Stream, stream};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use prela::http::{ClientLayer, ServerLayer, TracedBody};
use prela::testing::Capture;
use prela::{SpanType, Tracer};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tower::{Layer as _, ServiceExt as _};

type Chunk = Result<Frame<Bytes>, io::Error>;

fn chunk(text: &'static str) -> Chunk {
    Ok(Frame::data(Bytes::from(text)))
}

/// Sends a request to a server that answers with this body.
async fn serve<B: http_body::Body>(
    tracer: &Tracer,
    request: Request<()>,
    response: Response<B>,
) -> Response<TracedBody<B>> {
    let mut response = Some(response);
    let handler = tower::service_fn(move |_: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(response.take().expect("one request")))
    });
    ServerLayer::new().tracer(tracer).layer(handler).oneshot(request).await.unwrap()
}

fn streamed(items: impl Stream<Item = Chunk>) -> Response<StreamBody<impl Stream<Item = Chunk>>> {
    Response::new(StreamBody::new(items))
}

#[test]
fn a_stream_runs_in_the_context_and_its_span_ends_with_it() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let clock = capture.clock().clone();
    block_on(async {
        let events = stream::iter(["one", "two"]).then_in_spans(tracer.clone());
        let response = serve(&tracer, get("/events"), streamed(events)).await;
        assert_eq!(capture.spans().len(), 0, "it has not ended with the head");
        clock.advance(Duration::from_secs(3));
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "onetwo");
    });
    let spans = capture.spans();
    let request = spans.iter().find(|span| span.name == "GET").unwrap();
    assert_eq!(request.duration(), Duration::from_secs(3));
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /events, network.protocol.version: 1.1, http.response.status_code: 200}
          one  custom
          two  custom
    "#]].assert_eq(&capture.tree());
}

/// Items that have a span each, as a streaming handler's have.
trait ThenInSpans: Stream<Item = &'static str> + Sized {
    fn then_in_spans(self, tracer: Tracer) -> impl Stream<Item = Chunk> {
        futures_util::StreamExt::then(self, move |text| {
            let tracer = tracer.clone();
            async move {
                tokio::task::yield_now().await;
                tracer.span(text, SpanType::Custom).in_scope(|_| ());
                chunk(text)
            }
        })
    }
}

impl<S: Stream<Item = &'static str>> ThenInSpans for S {}

#[test]
fn a_stream_that_is_dropped_early_is_cancelled() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(async {
        let events = stream::repeat_with(|| chunk("again"));
        let mut body = serve(&tracer, get("/events"), streamed(events)).await.into_body();
        assert!(body.frame().await.unwrap().is_ok());
    });
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /events, network.protocol.version: 1.1, http.response.status_code: 200, error.type: cancelled} error: dropped before it was done
          • cancelled
    "#]].assert_eq(&capture.tree());
}

#[test]
fn a_stream_that_fails_is_an_error_and_the_error_goes_on() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(async {
        let events = stream::iter([chunk("one"), Err(io::Error::other("the model went away"))]);
        let response = serve(&tracer, get("/events"), streamed(events)).await;
        let error = response.into_body().collect().await.unwrap_err();
        assert_eq!(error.to_string(), "the model went away");
    });
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /events, network.protocol.version: 1.1, http.response.status_code: 200, error.type: std::io::error::Error} error: the model went away
          • exception {exception.type: std::io::error::Error, exception.message: the model went away}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn a_stream_that_panics_is_an_error_and_the_panic_goes_on() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let read = std::panic::AssertUnwindSafe(|| {
        block_on(async {
            let events = stream::repeat_with(|| -> Chunk { panic!("out of tokens") });
            let response = serve(&tracer, get("/events"), streamed(events)).await;
            response.into_body().collect().await.is_ok()
        })
    });
    let panic = std::panic::catch_unwind(read).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"out of tokens"));
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /events, network.protocol.version: 1.1, http.response.status_code: 200, error.type: panic} error: out of tokens
          • exception {exception.type: panic, exception.message: out of tokens, exception.escaped: true}
    "#]].assert_eq(&capture.tree());
}

/// Servers do not ask for the end of a body whose end they know.
#[track_caller]
fn check_never_asked_for_its_end<B>(request: Request<()>, response: Response<B>, expected: &Expect)
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display + std::fmt::Debug + 'static> + Unpin,
{
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(async {
        let has_body = request.method() != Method::HEAD;
        let mut body = serve(&tracer, request, response).await.into_body();
        if has_body && !body.is_end_stream() {
            assert!(body.frame().await.unwrap().unwrap().is_data());
        }
    });
    expected.assert_eq(&capture.tree());
}

#[test]
fn a_body_whose_end_is_known_is_not_cancelled() {
    check_never_asked_for_its_end(
        get("/"),
        Response::new(Full::from("all")),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]],
    );
    check_never_asked_for_its_end(
        get("/"),
        Response::new(Empty::<Bytes>::new()),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]],
    );
    let sized = |items: Vec<Chunk>| {
        let mut response = streamed(stream::iter(items));
        response.headers_mut().insert("content-length", "3".parse().unwrap());
        response
    };
    check_never_asked_for_its_end(
        get("/"),
        sized(vec![chunk("all")]),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]],
    );
    let head = Request::head("/").body(()).unwrap();
    check_never_asked_for_its_end(
        head,
        sized(vec![chunk("all")]),
        &expect![[r#"
        HEAD  custom {http.request.method: HEAD, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]],
    );
    let mut not_modified = sized(vec![chunk("all")]);
    *not_modified.status_mut() = ::http::StatusCode::NOT_MODIFIED;
    check_never_asked_for_its_end(
        get("/"),
        not_modified,
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 304}
    "#]],
    );
    // Two of three bytes.
    check_never_asked_for_its_end(
        get("/"),
        sized(vec![chunk("al")]),
        &expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200, error.type: cancelled} error: dropped before it was done
          • cancelled
    "#]],
    );
}

#[test]
fn a_body_that_says_its_length_is_not_cancelled() {
    /// hyper writes `content-length` for it, and drops it after so many bytes.
    struct Sized(Option<&'static str>);
    impl http_body::Body for Sized {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut TaskContext<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Poll::Ready(self.0.take().map(chunk))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0.map_or(0, str::len) as u64)
        }
    }
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(async {
        let response = serve(&tracer, get("/"), Response::new(Sized(Some("text")))).await;
        assert!(response.into_body().frame().await.unwrap().is_ok());
    });
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn trailers_count_even_where_the_length_is_known() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(async {
        let trailers =
            HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
        let body =
            Full::<Bytes>::from("text").with_trailers(std::future::ready(Some(Ok(trailers))));
        let mut response = Response::new(body);
        response.headers_mut().insert("content-length", "4".parse().unwrap());
        let mut body = serve(&tracer, super::call("/a.B/C"), response).await.into_body();
        while body.frame().await.is_some() {}
    });
    expect![[r#"
        a.B/C  custom {rpc.system.name: grpc, rpc.method: a.B/C, network.protocol.version: 1.1, rpc.response.status_code: OK}
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn a_body_is_what_it_was() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    block_on(async {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", "7".parse().unwrap());
        let frames = [chunk("one"), Ok(Frame::trailers(trailers.clone()))];
        let response = serve(&tracer, get("/"), streamed(stream::iter(frames))).await;
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.trailers(), Some(&trailers));
        assert_eq!(body.to_bytes(), "one");

        let response = serve(&tracer, get("/"), Response::new(Full::<Bytes>::from("four"))).await;
        assert_eq!(response.body().size_hint().exact(), Some(4));
        assert!(!response.body().is_end_stream());
    });
    assert!(TracedBody::<Empty<Bytes>>::default().is_end_stream());
}

/// One response of a server to a client of ours; `read` says what the client does with its body.
async fn ask<F: Future<Output = ()>>(
    tracer: &Tracer,
    read: impl FnOnce(TracedBody<StreamBody<stream::Iter<std::vec::IntoIter<Chunk>>>>) -> F,
) {
    let server = tower::service_fn(async |_: Request<()>| {
        let frames: Vec<Chunk> = vec![chunk("one"), chunk("two")];
        Ok::<_, Infallible>(Response::new(StreamBody::new(stream::iter(frames))))
    });
    let client = ClientLayer::new().tracer(tracer).layer(server);
    let response = client.oneshot(get("http://worker/")).await.unwrap();
    read(response.into_body()).await;
}

#[test]
fn a_client_that_reads_no_byte_has_not_cancelled() {
    let capture = Capture::new();
    block_on(ask(&capture.tracer(), async |_| ()));
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/, network.protocol.version: 1.1, http.response.status_code: 200}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn a_client_that_stops_reading_has_not_either() {
    let capture = Capture::new();
    block_on(ask(&capture.tracer(), async |mut body| {
        body.frame().await.unwrap().unwrap();
    }));
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: worker, server.port: 80, url.full: http://worker/, network.protocol.version: 1.1, http.response.status_code: 200}
          • body.incomplete
    "#]].assert_eq(&capture.tree());
}
