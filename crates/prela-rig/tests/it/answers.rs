//! What passes through the client: bodies, errors and headers.

use super::stub::{Reply, Stub};
use super::{SECRET, check, is_of, plain, traced};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, Request, Response};
use prela::testing::Capture;
use prela::{SpanType, Status, baggage};
use prela_rig::Traced;
use rig_http::http_client::{
    BoxedStream, Error, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse,
};
use rig_http::wasm_compat::WasmCompatSend;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const CHAT: &str = r#"{"model": "m",  "messages": [{"role": "user", "content": "the hidden words"}], "stream": true}"#;

const WORD: &[u8] = b"data: {\"id\":\"c1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"the hidden words\"}}]}\n\n";
const LAST: &[u8] =
    b"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &[u8] = b"data: [DONE]\n\n";

fn post(url: &str, body: &'static str) -> Request<Bytes> {
    Request::post(url).header("content-type", "application/json").body(body.into()).unwrap()
}

async fn read<H: HttpClientExt>(client: &H, url: &str, body: &'static str) -> Result<Vec<u8>> {
    client.send::<Bytes, Vec<u8>>(post(url, body)).await?.into_body().await
}

async fn stream<H: HttpClientExt>(client: &H, url: &str, body: &'static str) -> Result<Vec<u8>> {
    let body = client.send_streaming(post(url, body)).await?.into_body();
    let chunks: Vec<Bytes> = body.try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn bodies_pass_byte_for_byte() {
    let replies: [&'static [&'static [u8]]; 5] = [
        &[],
        &[WORD, LAST, DONE],
        &[b"{\"choices\": [], ", b"\"error\":  null}\n"],
        &[b"\xff\x00not JSON", b"", b"\r\n\r\n"],
        &[b"data: ", b"{\"choices\":[", b"\xc3", b"\xa9"],
    ];
    for pieces in replies {
        for path in ["/v1/chat/completions", "/v1/files"] {
            let capture = Capture::new();
            let mut stub = Stub::start(Reply::Status(200, "text/event-stream", pieces));
            let client = traced();
            let url = stub.url(path);
            let bodies = capture.bind(async {
                [
                    read(&client, &url, CHAT).await.unwrap(),
                    stream(&client, &url, CHAT).await.unwrap(),
                ]
            });
            assert_eq!(bodies.await, [pieces.concat(), pieces.concat()], "{path}");
            let spans = capture.spans();
            assert_eq!(spans.len(), 2);
            for span in &spans {
                let asked = stub.asked.recv().await.unwrap();
                assert_eq!(asked.body, CHAT);
                assert!(is_of(&asked.headers, span), "{:?} {span:?}", asked.headers);
                let is_call = span.span_type == SpanType::Llm;
                assert_eq!(is_call, path == "/v1/chat/completions");
            }
            assert!(!format!("{spans:?}").contains(SECRET));
        }
    }
}

type Parts = (String, u16, Option<String>, Option<HeaderMap>);

/// The error of a call, which is the same with and without spans, and for a stream.
async fn refused(url: &str) -> Parts {
    let expected = parts(&read(&plain(), url, CHAT).await.unwrap_err());
    let client = traced();
    assert_eq!(parts(&read(&client, url, CHAT).await.unwrap_err()), expected);
    assert_eq!(parts(&stream(&client, url, CHAT).await.unwrap_err()), expected);
    expected
}

/// All of an error but the time in a header.
fn parts(error: &Error) -> Parts {
    let headers = error.non_success_headers().cloned().map(|mut headers| {
        headers.remove("date");
        headers
    });
    let body = error.non_success_body().map(str::to_owned);
    let status = error.non_success_status().map_or(0, |status| status.as_u16());
    (error.to_string(), status, body, headers)
}

#[tokio::test]
async fn an_answer_with_an_error_status_is_the_callers_error_and_the_spans() {
    const REFUSED: &[&[u8]] =
        &[br#"{"error": {"message": "no: the hidden words", "type": "requests", "code": "rate_limit_exceeded"}}"#];
    let cases: [(u16, &'static [&'static [u8]], &str); 4] = [
        (429, REFUSED, "rate_limit_exceeded"),
        (500, &[b"<html>", b"the hidden words</html>"], "500"),
        (503, &[], "503"),
        (400, &[b"\xff\xfe"], "400"),
    ];
    for (status, body, error_type) in cases {
        let capture = Capture::new();
        let stub = Stub::start(Reply::Status(status, "application/json", body));
        let url = stub.url("/v1/chat/completions");
        capture
            .bind(async {
                assert_eq!(refused(&url).await.1, status);
            })
            .await;
        let spans = capture.spans();
        assert_eq!(spans.len(), 2);
        for span in &spans {
            check(span, &[("error.type", error_type)]);
            check(span, &[("http.response.status_code", &status.to_string())]);
            assert!(matches!(span.status, Status::Error { .. }));
        }
        assert!(!format!("{spans:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn an_error_in_an_answer_of_status_200() {
    let capture = Capture::new();
    let body: &[&[u8]] =
        &[br#"{"error": {"message": "the hidden words", "type": "server_error"}}"#];
    let stub = Stub::start(Reply::Status(200, "application/json", body));
    let (client, url) = (traced(), stub.url("/v1/chat/completions"));
    let answer = capture.bind(async { read(&client, &url, CHAT).await }).await.unwrap();
    assert_eq!(answer, body.concat());
    check(&capture.spans()[0], &[("error.type", "server_error")]);
    assert!(!format!("{:?}", capture.spans()).contains(SECRET));
}

/// The URL may have a key in it.
#[tokio::test]
async fn without_a_connection_the_error_is_told_without_the_url() {
    let capture = Capture::new();
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let url = format!("http://{free}/v1/chat/completions?key=the+hidden+key");
    capture
        .bind(async {
            assert!(refused(&url).await.0.contains("the+hidden+key"));
        })
        .await;
    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    for span in &spans {
        let Status::Error { description } = &span.status else { panic!("{span:?}") };
        assert!(description.contains("onnect"), "{description}");
    }
    assert!(!format!("{spans:?}").contains("hidden"));
}

/// A reader that stops at the last word has read all of it, one that stops before it has not.
#[tokio::test]
async fn a_stream_that_is_dropped() {
    let cases: [(&'static [&'static [u8]], bool); 2] =
        [(&[WORD], true), (&[WORD, LAST, DONE], false)];
    for (pieces, is_cancelled) in cases {
        let capture = Capture::new();
        let stub = Stub::start(Reply::Endless(pieces));
        let (client, url) = (traced(), stub.url("/v1/chat/completions"));
        capture
            .bind(async {
                let mut body = client.send_streaming(post(&url, CHAT)).await.unwrap().into_body();
                let (mut text, all) = (Vec::new(), pieces.concat());
                while text.len() < all.len() {
                    text.extend(body.try_next().await.unwrap().unwrap());
                }
                // The last word, not the end of the body, ends the span.
                assert_eq!(capture.spans().is_empty(), is_cancelled);
            })
            .await;
        let [call] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
        let error_type = call.attribute("error.type").map(ToString::to_string);
        assert_eq!(error_type.as_deref(), is_cancelled.then_some("cancelled"));
        check(
            call,
            &[("gen_ai.response.model", "m-1"), ("gen_ai.response.time_to_first_chunk", "0")],
        );
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for() {
    let capture = Capture::new();
    let mut stub = Stub::start(Reply::Never);
    let (client, url) = (traced(), stub.url("/v1/chat/completions"));
    let call = capture.bind(async { read(&client, &url, CHAT).await });
    tokio::select! {
        answer = call => panic!("{answer:?}"),
        asked = stub.asked.recv() => assert!(asked.is_some()),
    }
    check(&capture.spans()[0], &[("error.type", "cancelled")]);
}

#[tokio::test]
async fn several_parts_are_an_ordinary_request() {
    let capture = Capture::new();
    let mut stub = Stub::start(Reply::Status(200, "application/json", &[b"{\"text\": \"Hi\"}"]));
    let form = MultipartForm::new().text("model", "whisper-1").file(
        "file",
        "a.wav",
        "audio/wav".parse().unwrap(),
        &b"\x00\x01\xff"[..],
    );
    let request = Request::post(stub.url("/v1/audio/transcriptions")).body(form).unwrap();
    let client = traced();
    let sent =
        capture.bind(async { client.send_multipart::<Vec<u8>>(request).await?.into_body().await });
    assert_eq!(sent.await.unwrap(), b"{\"text\": \"Hi\"}");
    let asked = stub.asked.recv().await.unwrap();
    let has = |part: &[u8]| asked.body.windows(part.len()).any(|window| window == part);
    assert!(has(b"whisper-1") && has(b"a.wav") && has(b"\x00\x01\xff"));
    let [span] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
    assert_eq!((&*span.name, span.span_type), ("POST", SpanType::Custom));
    check(span, &[("http.response.status_code", "200")]);
    assert!(is_of(&asked.headers, span));
}

/// A client that goes nowhere: only its own machine can be reached from a test.
#[derive(Clone, Default)]
struct Nowhere {
    asked: Arc<Mutex<Vec<HeaderMap>>>,
}

impl HttpClientExt for Nowhere {
    fn send<T, U>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        T: Into<Bytes> + WasmCompatSend,
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        self.asked.lock().unwrap().push(request.headers().clone());
        async {
            let body: LazyBody<U> = Box::pin(async { Err(Error::StreamEnded) });
            Ok(Response::new(body))
        }
    }

    fn send_multipart<U>(
        &self,
        request: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        self.send(request.map(|_| Bytes::new()))
    }

    async fn send_streaming<T>(&self, request: Request<T>) -> Result<StreamingResponse>
    where
        T: Into<Bytes> + WasmCompatSend,
    {
        self.asked.lock().unwrap().push(request.headers().clone());
        let body: BoxedStream = Box::pin(futures_util::stream::iter([
            Ok(Bytes::from_static(WORD)),
            Err(Error::non_success_with_details(
                http::StatusCode::BAD_GATEWAY,
                HeaderMap::new(),
                SECRET.to_owned(),
            )),
        ]));
        Ok(Response::new(body))
    }
}

#[tokio::test]
async fn the_trace_goes_to_every_host_and_baggage_to_private_ones() {
    let capture = Capture::new();
    let nowhere = Nowhere::default();
    let client = Traced::new(nowhere.clone());
    let ask = |url: &'static str| {
        capture.run(|| {
            baggage::scope([("user.id", "u1")], || client.send::<Bytes, Bytes>(post(url, CHAT)))
        })
    };
    for (at, (url, has_baggage)) in [
        ("https://api.openai.com/v1/chat/completions", false),
        ("https://api.openai.com/v1/models", false),
        ("http://localhost:11434/v1/chat/completions", true),
    ]
    .into_iter()
    .enumerate()
    {
        drop(ask(url).await);
        let headers = nowhere.asked.lock().unwrap()[at].clone();
        assert!(is_of(&headers, &capture.spans()[at]), "{url}");
        assert_eq!(headers.contains_key("baggage"), has_baggage, "{url}");
    }
}

/// rig's own errors, too, come back as they were, and no answer is told with them.
#[tokio::test]
async fn a_body_that_breaks_off() {
    let capture = Capture::new();
    let client = Traced::new(Nowhere::default());
    let url = "https://api.openai.com/v1/chat/completions";
    capture
        .bind(async {
            assert!(matches!(read(&client, url, CHAT).await, Err(Error::StreamEnded)));
            let error = stream(&client, url, CHAT).await.unwrap_err();
            assert_eq!(error.non_success_body(), Some(SECRET));
        })
        .await;
    let spans = capture.spans();
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| matches!(span.status, Status::Error { .. })), "{spans:?}");
    assert!(!format!("{spans:?}").contains(SECRET));
}
