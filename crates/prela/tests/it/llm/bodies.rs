//! Bodies: what passes, when the span ends, and whose it is.

use super::layer::{ANSWER, CHAT, attribute, block_on, chat, layer};
use ::http::{Request, Response};
use bytes::{Buf, Bytes};
use futures_util::{StreamExt as _, future::join_all, stream};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Collected, Full, StreamBody};
use prela::llm::RequestBody;
use prela::testing::Capture;
use prela::{SpanType, span::SpanData};
use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tower::{Layer as _, Service, ServiceExt as _};

type Frames = Pin<Box<dyn futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send>>;

fn frames(pieces: Vec<io::Result<Bytes>>) -> StreamBody<Frames> {
    let frames: Frames =
        Box::pin(stream::iter(pieces).map(|piece| piece.map(Frame::data)).then(|frame| async {
            tokio::task::yield_now().await;
            frame
        }));
    StreamBody::new(frames)
}

fn pieces(text: &str, size: usize) -> Vec<io::Result<Bytes>> {
    text.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
}

/// Sends a request through the layer, and reads the answer to its end.
fn read<S, B, R>(capture: &Capture, far: S, request: Request<B>) -> Collected<R::Data>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>, Error = Infallible>,
    B: Body,
    R: Body,
    R::Error: Debug + Display + 'static,
{
    block_on(async {
        let response = layer(capture).layer(far).oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap()
    })
}

/// The span of a call that is answered with these pieces, after `then` has read what it likes of them.
fn answered(
    given: Vec<io::Result<Bytes>>,
    then: impl AsyncFnOnce(&Capture, Response<prela::llm::LlmBody<StreamBody<Frames>>>),
) -> SpanData {
    let capture = Capture::new();
    let given = std::sync::Mutex::new(Some(given));
    let far = tower::service_fn(|_: Request<RequestBody<Full<Bytes>>>| {
        let given = given.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(Response::new(frames(given))) }
    });
    block_on(async {
        let response = layer(&capture).layer(far).oneshot(chat()).await.unwrap();
        then(&capture, response).await;
    });
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    SpanData::clone(&spans[0])
}

#[test]
fn pieces_of_any_size_pass_as_they_came() {
    for size in [1, 2, 7, 100, 10_000] {
        let given = pieces(ANSWER, size);
        let count = given.len();
        let span = answered(given, async |_, response| {
            let mut body = response.into_body();
            let (mut text, mut frames) = (Vec::new(), 0);
            while let Some(frame) = body.frame().await {
                text.extend_from_slice(&frame.unwrap().into_data().unwrap());
                frames += 1;
            }
            assert_eq!((String::from_utf8(text).unwrap().as_str(), frames), (ANSWER, count));
        });
        assert_eq!(attribute(&span, "gen_ai.usage.output_tokens").as_deref(), Some("5"));
        assert_eq!(attribute(&span, "error.type"), None);
    }
}

#[test]
fn the_first_chunk_has_its_time() {
    let span = answered(pieces(ANSWER, 150), async |capture, response| {
        capture.clock().advance(Duration::from_secs(2));
        let mut body = response.into_body();
        body.frame().await;
        capture.clock().advance(Duration::from_secs(3));
        body.collect().await.unwrap();
    });
    assert_eq!(attribute(&span, "gen_ai.response.time_to_first_chunk").as_deref(), Some("2"));
    assert_eq!(span.end_time.duration_since(span.start_time).unwrap(), Duration::from_secs(5));
}

#[test]
fn a_span_ends_with_the_last_word_and_not_with_the_body() {
    let mut given = pieces(ANSWER, 100);
    given.push(Ok(Bytes::from_static(b": more\n\n")));
    let span = answered(given, async |capture, response| {
        let mut body = response.into_body();
        let mut text = Vec::new();
        while !text.ends_with(b"[DONE]\n\n") {
            text.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert_eq!(capture.spans().len(), 1, "it has ended");
        drop(body);
    });
    assert_eq!(attribute(&span, "error.type"), None);
    assert!(span.events.is_empty());
}

#[test]
fn left_after_one_chunk_it_is_cancelled() {
    let span = answered(pieces(ANSWER, 150), async |_, response| {
        response.into_body().frame().await.unwrap().unwrap();
    });
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("cancelled"));
    assert_eq!(attribute(&span, "gen_ai.response.model").as_deref(), Some("gpt-4o-1"));
    assert_eq!(span.events[0].name, "cancelled");
}

#[test]
fn an_error_of_the_body_is_one_of_the_span() {
    let given = vec![pieces(ANSWER, 150).remove(0), Err(io::Error::other("connection reset"))];
    let span = answered(given, async |_, response| {
        response.into_body().collect().await.unwrap_err();
    });
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("std::io::error::Error"));
    assert_eq!(span.status, prela::Status::error("connection reset"));
    assert_eq!(attribute(&span, "gen_ai.response.id").as_deref(), Some("c1"));
}

#[test]
fn a_request_that_is_given_up_is_cancelled() {
    let capture = Capture::new();
    let far = tower::service_fn(|_: Request<RequestBody<Full<Bytes>>>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    block_on(async {
        let call = layer(&capture).layer(far).oneshot(chat());
        tokio::select! {
            biased;
            _ = call => unreachable!("nobody answers"),
            () = tokio::task::yield_now() => {}
        }
    });
    assert_eq!(attribute(&capture.spans()[0], "error.type").as_deref(), Some("cancelled"));
}

#[test]
fn an_error_of_the_client_is_one_of_the_span() {
    let capture = Capture::new();
    let far = tower::service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        Err::<Response<Full<Bytes>>, _>(io::Error::other("refused"))
    });
    block_on(layer(&capture).layer(far).oneshot(chat())).unwrap_err();
    let spans = capture.spans();
    assert_eq!(spans[0].status, prela::Status::error("refused"));
    assert_eq!(attribute(&spans[0], "gen_ai.request.model").as_deref(), Some("gpt-4o"));
}

#[test]
fn a_compressed_answer_is_not_read() {
    let capture = Capture::new();
    let far = tower::service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        let response = Response::builder()
            .header("content-encoding", "gzip")
            .body(Full::<Bytes>::from("\u{1f}"));
        Ok::<_, Infallible>(response.unwrap())
    });
    read(&capture, far, chat());
    assert_eq!(attribute(&capture.spans()[0], "error.type"), None);
}

/// Parts that are there at once, and parts of which one is not there yet.
#[test]
fn a_request_in_parts_is_recognised_if_all_of_it_is_there() {
    let send = |body: StreamBody<Frames>| {
        let capture = Capture::new();
        let far = tower::service_fn(|request: Request<RequestBody<StreamBody<Frames>>>| async {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, CHAT);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(ANSWER)))
        });
        let request = Request::post("http://vllm/v1/chat/completions").body(body).unwrap();
        read(&capture, far, request);
        capture.spans()[0].name.to_string()
    };
    let at_once: Frames =
        Box::pin(stream::iter(pieces(CHAT, 10)).map(|piece| piece.map(Frame::data)));
    assert_eq!(send(StreamBody::new(at_once)), "chat gpt-4o");
    // It waits between its parts.
    assert_eq!(send(frames(pieces(CHAT, 10))), "POST");
}

/// The data of one frame need not lie in one piece of memory.
#[test]
fn data_in_several_parts_passes_and_is_read() {
    let capture = Capture::new();
    let far = tower::service_fn(|request: Request<RequestBody<Full<_>>>| async move {
        let body: RequestBody<Full<bytes::buf::Chain<Bytes, Bytes>>> = request.into_body();
        assert_eq!(body.size_hint().exact(), Some(CHAT.len() as u64));
        let mut body = body.collect().await.unwrap().aggregate();
        assert_eq!(body.copy_to_bytes(body.remaining()), CHAT);
        let (first, second) = ANSWER.split_at(77);
        let answer =
            Bytes::from_static(first.as_bytes()).chain(Bytes::from_static(second.as_bytes()));
        Ok::<_, Infallible>(Response::new(Full::new(answer)))
    });
    let (first, second) = CHAT.split_at(20);
    let body = Full::new(
        Bytes::from_static(first.as_bytes()).chain(Bytes::from_static(second.as_bytes())),
    );
    let request = Request::post("http://vllm/v1/chat/completions").body(body).unwrap();
    read(&capture, far, request);
    assert_eq!(attribute(&capture.spans()[0], "gen_ai.usage.output_tokens").as_deref(), Some("5"));
}

#[test]
fn a_thousand_streams_at_once_keep_their_own_parents() {
    const STREAMS: usize = 1000;
    let capture = Capture::new();
    let tracer = capture.tracer();
    let far = tower::service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Response::new(frames(pieces(ANSWER, 97))))
    });
    let service = layer(&capture).layer(far);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let tasks = (0..STREAMS).map(|number| {
            let (service, tracer) = (service.clone(), tracer.clone());
            tokio::spawn(async move {
                tracer
                    .span(format!("agent_{number}"), SpanType::Agent)
                    .run(async move |agent| {
                        let response = service.oneshot(chat()).await.unwrap();
                        let body = response.into_body().collect().await.unwrap().to_bytes();
                        assert_eq!(body, ANSWER);
                        assert_eq!(prela::current_span().unwrap().span_id(), agent.span_id());
                    })
                    .await;
            })
        });
        join_all(tasks).await.into_iter().for_each(|task| task.unwrap());
    });
    let spans = capture.spans();
    assert_eq!(spans.len(), 2 * STREAMS);
    let agents: std::collections::HashMap<_, _> = spans
        .iter()
        .filter(|span| span.name.starts_with("agent"))
        .map(|span| (span.span_context.trace_id(), span.span_context.span_id()))
        .collect();
    let calls = spans.iter().filter(|span| span.name == "chat gpt-4o");
    let wrong = calls
        .filter(|call| call.parent_span_id != agents.get(&call.span_context.trace_id()).copied());
    assert_eq!((agents.len(), wrong.count()), (STREAMS, 0));
}

/// Code that runs while the body is polled sees the call's span.
#[test]
fn the_body_runs_in_the_calls_span() {
    let capture = Capture::new();
    let far = tower::service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        let seen = stream::once(async {
            let name = prela::current_span().unwrap().name().into_owned();
            Ok::<_, Infallible>(Frame::data(Bytes::from(name)))
        });
        Ok::<_, Infallible>(Response::new(StreamBody::new(Box::pin(seen))))
    });
    assert_eq!(read(&capture, far, chat()).to_bytes(), "chat gpt-4o");
}
