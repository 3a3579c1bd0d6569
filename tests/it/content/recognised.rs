//! Calls of every provider, recognised on their way.

use super::check;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use prela::Tracer;
use prela::llm::{LlmLayer, RequestBody};
use std::convert::Infallible;
use tower::{Layer as _, ServiceExt as _, service_fn};

/// Sends a request through the layer, and reads the answer to its end.
fn send(tracer: &Tracer, path: &str, request: &str, status: u16, answer: &'static str) {
    let far = service_fn(move |request: Request<RequestBody<Full<Bytes>>>| async move {
        drop(request.into_body().collect().await);
        let answer = Response::builder().status(status).body(Body::from(answer)).unwrap();
        Ok::<_, Infallible>(answer)
    });
    let body = Full::from(Bytes::copy_from_slice(request.as_bytes()));
    let request = Request::post(format!("https://models.invalid{path}")).body(body).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = runtime.block_on(LlmLayer::new().tracer(tracer).layer(far).oneshot(request));
    let body = runtime.block_on(response.unwrap().into_body().collect()).unwrap();
    assert_eq!(body.to_bytes(), answer, "byte for byte");
}

const CHAT: &str =
    r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"sesame-question"}]}"#;
const CHAT_STREAM: &str = r#"{"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"sesame-question"}]}"#;
const GEMINI: &str = r#"{"contents":[{"role":"user","parts":[{"text":"sesame-question"}]}]}"#;

#[rustfmt::skip]
const CALLS: &[(&str, &str, &str)] = &[
    ("/v1/chat/completions", CHAT,
        r#"{"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":"sesame-answer"},"finish_reason":"stop"}]}"#),
    ("/v1/chat/completions", CHAT_STREAM,
        "data: {\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"sesame-\"}}]}\n\n\
         data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"answer\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"),
    ("/v1/completions", r#"{"model":"m","prompt":"sesame-question"}"#,
        r#"{"model":"m1","choices":[{"index":0,"text":"sesame-answer","finish_reason":"stop"}]}"#),
    ("/v1/responses", r#"{"model":"m","input":"sesame-question"}"#,
        r#"{"model":"m1","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"sesame-answer"}]}]}"#),
    ("/v1/responses", r#"{"model":"m","input":"sesame-question","stream":true}"#,
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"sesame-answer\"}\n\n\
         event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"m1\",\"status\":\"completed\",\
         \"output\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"sesame-answer\"}]}]}}\n\n"),
    ("/v1/messages", CHAT,
        r#"{"type":"message","model":"m1","role":"assistant","content":[{"type":"text","text":"sesame-answer"}],"stop_reason":"end_turn"}"#),
    ("/v1/messages", CHAT_STREAM,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m1\",\"role\":\"assistant\",\"content\":[]}}\n\n\
         event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
         event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"sesame-answer\"}}\n\n\
         event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
         event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
    ("/v1beta/models/m:generateContent", GEMINI,
        r#"{"modelVersion":"m1","candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"sesame-answer"}]},"finishReason":"STOP"}]}"#),
    ("/v1beta/models/m:streamGenerateContent?alt=sse", GEMINI,
        "data: {\"modelVersion\":\"m1\",\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"sesame-answer\"}]},\"finishReason\":\"STOP\"}]}\n\n"),
    ("/api/chat", CHAT,
        "{\"model\":\"m1\",\"message\":{\"role\":\"assistant\",\"content\":\"sesame-\"},\"done\":false}\n\
         {\"model\":\"m1\",\"message\":{\"role\":\"assistant\",\"content\":\"answer\"},\"done\":false}\n\
         {\"model\":\"m1\",\"done\":true,\"done_reason\":\"stop\"}\n"),
    ("/api/generate", r#"{"model":"m","prompt":"sesame-question"}"#,
        "{\"model\":\"m1\",\"response\":\"sesame-answer\",\"done\":false}\n{\"model\":\"m1\",\"response\":\"\",\"done\":true}\n"),
];

#[test]
fn what_is_asked_and_answered_is_sent_only_if_asked() {
    for (path, request, answer) in CALLS {
        check(path, &["question", "answer"], "gen_ai.provider.name", |tracer| {
            send(tracer, path, request, 200, answer);
        });
    }
}

/// A provider's text may repeat what it was asked, in an answer of either kind.
#[test]
fn what_an_error_repeats_is_sent_only_if_asked() {
    const REFUSAL: &str =
        r#"{"error":{"type":"invalid_request_error","message":"what is `sesame-question`?"}}"#;
    for (path, request, _) in CALLS {
        for status in [200, 400] {
            check(path, &["question"], "gen_ai.provider.name", |tracer| {
                send(tracer, path, request, status, REFUSAL);
            });
        }
    }
}

/// What is embedded leaves in no case: vectors are large, and texts are said by the typed span.
#[test]
fn what_is_embedded_is_never_sent() {
    for (path, request) in [
        ("/v1/embeddings", r#"{"model":"m","input":"sesame-text"}"#),
        ("/api/embed", r#"{"model":"m","input":["sesame-text"]}"#),
        ("/v1beta/models/m:embedContent", r#"{"content":{"parts":[{"text":"sesame-text"}]}}"#),
    ] {
        check(path, &[], "embeddings m", |tracer| {
            send(tracer, path, request, 200, r#"{"data":[{"embedding":[0.5]}]}"#);
        });
    }
}
