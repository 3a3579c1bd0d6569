//! reqwest, through reqwest-middleware.

use super::stub::{Reply, Stub, chat_events};
use super::{Setup, check, is_of, only};
use axum::body::Bytes;
use prela::llm::LlmLayer;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::json;

fn client(layer: LlmLayer) -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(layer).build()
}

const CHAT: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"the hidden question"}],"stream":true}"#;

#[tokio::test]
async fn a_stream_passes_as_it_comes() {
    let (setup, stub) = (Setup::new(), Stub::start(|_, _| chat_events()));
    let url = stub.url("/v1/chat/completions?key=the+hidden+question");
    let mut response = client(setup.layer()).post(&url).body(CHAT).send().await.unwrap();
    assert_eq!(response.url().as_str(), url);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = Vec::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        text.extend_from_slice(&piece);
    }
    assert!(text.starts_with(b"data: {") && text.ends_with(b"data: [DONE]\n\n"));
    let asked = &stub.asked()[0];
    assert_eq!(asked.body, CHAT);
    let call = only(setup.spans());
    check(&call, &[("gen_ai.usage.input_tokens", "10"), ("gen_ai.provider.name", "openai")]);
    assert!(is_of(&asked.headers, &call));
}

#[tokio::test]
async fn anthropic_gemini_and_ollama_are_recognised() {
    let setup = Setup::new();
    let stub = Stub::start(|_, asked| {
        match asked.path.as_str() {
        "/v1/messages" => Reply::events([
            json!({"type": "message_start", "message": {"id": "m1", "model": "claude-1", "usage": {"input_tokens": 3, "output_tokens": 1}}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "the hidden answer"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
            json!({"type": "message_stop"}),
        ])
        .endless(),
        "/api/chat" => {
            let lines = [
                json!({"model": "llama-1", "message": {"content": "the hidden answer"}, "done": false}),
                json!({"model": "llama-1", "message": {"content": ""}, "done": true, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2}),
            ];
            Reply::pieces("application/x-ndjson", lines.iter().map(|line| Bytes::from(format!("{line}\n")))).endless()
        }
        _ => Reply::events([json!({"modelVersion": "gemini-1", "candidates": [{"content": {"parts": [{"text": "the hidden answer"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}})]),
    }
    });
    let client = client(setup.layer());
    let messages = json!([{"role": "user", "content": "the hidden question"}]);
    for (path, body) in [
        (
            "/v1/messages",
            json!({"model": "claude", "max_tokens": 9, "stream": true, "messages": messages}),
        ),
        ("/api/chat", json!({"model": "llama", "messages": messages})),
        (
            "/v1beta/models/gemini:streamGenerateContent?alt=sse",
            json!({"contents": [{"parts": [{"text": "the hidden question"}]}]}),
        ),
    ] {
        let sent = client.post(stub.url(path)).body(body.to_string()).send().await.unwrap();
        let mut response = sent;
        let mut text = String::new();
        // Readers stop at the last word; of Gemini there is none but the end.
        while !["message_stop\"}\n", "\"done\":true"].iter().any(|last| text.contains(last)) {
            match response.chunk().await.unwrap() {
                Some(piece) => text += std::str::from_utf8(&piece).unwrap(),
                None => break,
            }
        }
    }
    let mut spans = setup.spans();
    spans.sort_by_key(|span| span.name().to_owned());
    let expected = [
        ("chat claude", "claude-1"),
        ("chat llama", "llama-1"),
        ("generate_content gemini", "gemini-1"),
    ];
    assert_eq!(spans.len(), expected.len());
    for (span, (name, model)) in spans.iter().zip(expected) {
        assert_eq!(span.name(), name);
        assert!(!span.is_error(), "{span}");
        check(
            span,
            &[
                ("gen_ai.response.model", model),
                ("gen_ai.usage.input_tokens", "3"),
                ("gen_ai.usage.output_tokens", "2"),
            ],
        );
    }
}

#[tokio::test]
async fn an_error_in_an_answer_of_status_200_fails_the_span() {
    let setup = Setup::new();
    let stub = Stub::start(|_, _| {
        Reply::events([
            json!({"error": {"message": "the hidden question", "type": "server_error"}}),
        ])
    });
    let response = client(setup.layer())
        .post(stub.url("/v1/chat/completions"))
        .body(CHAT)
        .send()
        .await
        .unwrap();
    assert!(response.text().await.unwrap().contains("server_error"));
    let call = only(setup.spans());
    assert!(call.is_error());
    check(&call, &[("error.type", "server_error")]);
}

#[tokio::test]
async fn every_other_request_is_an_ordinary_one() {
    let setup = Setup::new();
    let stub = Stub::start(|_, _| Reply::json(200, &json!({"data": []})));
    let client = client(setup.layer());
    client.get(stub.url("/v1/models")).send().await.unwrap().text().await.unwrap();
    client
        .post(stub.url("/v1/chat/completions"))
        .body("no JSON")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let spans = setup.spans();
    assert_eq!(crate::receiver::tree(&spans), "GET custom\nPOST custom\n");
    assert!(stub.asked().iter().all(|asked| asked.headers.contains_key("traceparent")));
}

/// Sixty-four megabytes, whose usage stands at the end.
#[tokio::test]
async fn a_large_answer_passes_and_its_usage_is_read() {
    let setup = Setup::new();
    let stub = Stub::start(|_, _| {
        let text = Bytes::from(vec![b'x'; 1 << 20]);
        let pieces =
            std::iter::once(Bytes::from_static(b"{\"choices\":[{\"message\":{\"content\":\""))
                .chain(std::iter::repeat_n(text, 64))
                .chain([Bytes::from_static(
                    b"\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7}}",
                )]);
        Reply::pieces("application/json", pieces)
    });
    let response = client(setup.layer().capture_content(true))
        .post(stub.url("/v1/chat/completions"))
        .body(CHAT)
        .send()
        .await
        .unwrap();
    assert!(response.bytes().await.unwrap().len() > 64 << 20);
    let call = only(setup.spans_with_content());
    check(
        &call,
        &[("gen_ai.usage.input_tokens", "7"), ("gen_ai.response.finish_reasons", "[\"stop\"]")],
    );
    assert!(call.attribute("gen_ai.output.messages").unwrap().len() < 1 << 20);
}
