//! The layer: what a span says, and what goes out.

use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use expect_test::{Expect, expect};
use http_body_util::{BodyExt as _, Full};
use prela::http::ClientLayer;
use prela::llm::{LlmBody, LlmLayer, RequestBody};
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{SpanKind, SpanType, baggage};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tower::{Layer as _, Service, ServiceExt as _};

pub(super) const CHAT: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET question"}],"temperature":0.5,"stream":true,
    "tools":[{"type":"function","function":{"name":"look","parameters":{}}}]}"#;
pub(super) const ANSWER: &str = "data: {\"id\":\"c1\",\"model\":\"gpt-4o-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"SECRET answer\"}}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"function\":{\"name\":\"look\",\"arguments\":\"{\\\"at\\\":\\\"SECRET\\\"}\"}}]}}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n";

pub(super) fn layer(capture: &Capture) -> LlmLayer {
    LlmLayer::new().tracer(&capture.tracer())
}

pub(super) fn post(uri: &str, body: &'static str) -> Request<Full<Bytes>> {
    Request::post(uri).body(Full::from(body)).unwrap()
}

pub(super) fn chat() -> Request<Full<Bytes>> {
    post("https://api.openai.com/v1/chat/completions", CHAT)
}

pub(super) fn answer(status: u16, body: &'static str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::from(body)).unwrap()
}

type Seen = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A far end that keeps what it gets.
pub(super) fn far<F: Fn() -> Response<Full<Bytes>> + Clone>(
    seen: &Seen,
    answer: F,
) -> impl Service<
    Request<RequestBody<Full<Bytes>>>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
> + Clone
+ use<F> {
    let seen = seen.clone();
    tower::service_fn(move |request: Request<RequestBody<Full<Bytes>>>| {
        let (seen, answer) = (seen.clone(), answer());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            seen.lock().unwrap().push((head.headers, body));
            Ok(answer)
        }
    })
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// An attribute of a span as text.
pub(super) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attribute(key).map(ToString::to_string)
}

pub(super) async fn read(response: Response<LlmBody<Full<Bytes>>>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[track_caller]
fn check(
    layer: impl FnOnce(&Capture) -> LlmLayer,
    request: Request<Full<Bytes>>,
    given: Response<Full<Bytes>>,
    expected: &Expect,
) {
    let capture = Capture::new();
    let seen = Seen::default();
    let (status, sent) =
        (given.status(), block_on(given.into_body().collect()).unwrap().to_bytes());
    let body = block_on(request.clone().into_body().collect()).unwrap().to_bytes();
    let far =
        far(&seen, || Response::builder().status(status).body(Full::from(sent.clone())).unwrap());
    let response = block_on(layer(&capture).layer(far).oneshot(request)).unwrap();
    assert_eq!(response.status(), status);
    assert_eq!(block_on(read(response)), sent, "byte for byte");
    assert_eq!(seen.lock().unwrap()[0].1, body, "byte for byte");
    expected.assert_eq(&capture.tree());
    assert!(capture.spans().iter().all(|span| span.kind == SpanKind::Client));
}

#[test]
fn a_streamed_call_has_its_parameters_usage_and_tool_calls() {
    check(
        layer,
        chat(),
        answer(200, ANSWER),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, gen_ai.response.id: c1, gen_ai.response.model: gpt-4o-1, gen_ai.response.finish_reasons: ["tool_calls"], gen_ai.usage.input_tokens: 10, gen_ai.usage.output_tokens: 5, gen_ai.response.time_to_first_chunk: 0, prela.tool_call.ids: ["t1"], prela.tool_call.names: ["look"]}
        "#]],
    );
}

#[test]
fn content_only_where_it_is_asked_for() {
    check(
        |capture| layer(capture).capture_content(true),
        chat(),
        answer(200, ANSWER),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, gen_ai.input.messages: [{"parts":[{"content":"SECRET question","type":"text"}],"role":"user"}], gen_ai.tool.definitions: [{"name":"look","parameters":{},"type":"function"}], gen_ai.response.id: c1, gen_ai.response.model: gpt-4o-1, gen_ai.response.finish_reasons: ["tool_calls"], gen_ai.usage.input_tokens: 10, gen_ai.usage.output_tokens: 5, gen_ai.response.time_to_first_chunk: 0, prela.tool_call.ids: ["t1"], prela.tool_call.names: ["look"], gen_ai.output.messages: [{"finish_reason":"tool_call","parts":[{"content":"SECRET answer","type":"text"},{"arguments":{"at":"SECRET"},"id":"t1","name":"look","type":"tool_call"}],"role":"assistant"}]}
        "#]],
    );
}

#[test]
fn one_answer_of_each_interface() {
    check(
        layer,
        post(
            "https://api.anthropic.com/v1/messages",
            r#"{"model":"claude-sonnet-4-5","max_tokens":64,"top_k":5,"stop_sequences":["END"],"system":"SECRET","messages":[]}"#,
        ),
        answer(
            200,
            r#"{"id":"m1","type":"message","model":"claude-sonnet-4-5-1","stop_reason":"end_turn","content":[{"type":"text","text":"SECRET"}],
            "usage":{"input_tokens":10,"cache_read_input_tokens":70,"cache_creation_input_tokens":20,"output_tokens":5}}"#,
        ),
        &expect![[r#"
            chat claude-sonnet-4-5  llm {gen_ai.provider.name: anthropic, gen_ai.request.model: claude-sonnet-4-5, server.address: api.anthropic.com, server.port: 443, gen_ai.request.max_tokens: 64, gen_ai.request.top_k: 5, gen_ai.request.stop_sequences: ["END"], gen_ai.response.id: m1, gen_ai.response.model: claude-sonnet-4-5-1, gen_ai.response.finish_reasons: ["end_turn"], gen_ai.usage.input_tokens: 100, gen_ai.usage.output_tokens: 5, gen_ai.usage.cache_read.input_tokens: 70, gen_ai.usage.cache_creation.input_tokens: 20}
        "#]],
    );
    check(
        layer,
        post(
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
            r#"{"contents":[{"parts":[{"text":"SECRET"}]}],"generationConfig":{"responseMimeType":"application/json","candidateCount":2,"seed":7}}"#,
        ),
        answer(
            200,
            r#"{"candidates":[{"content":{"parts":[{"text":"SECRET"}]},"finishReason":"STOP"}],"modelVersion":"g-1","usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":20,"thoughtsTokenCount":30}}"#,
        ),
        &expect![[r#"
            generate_content gemini-2.5-flash  llm {gen_ai.provider.name: gcp.gemini, gen_ai.request.model: gemini-2.5-flash, server.address: generativelanguage.googleapis.com, server.port: 443, gen_ai.request.seed: 7, gen_ai.request.choice.count: 2, gen_ai.output.type: json, gen_ai.response.model: g-1, gen_ai.response.finish_reasons: ["STOP"], gen_ai.usage.input_tokens: 8, gen_ai.usage.output_tokens: 50, gen_ai.usage.reasoning.output_tokens: 30}
        "#]],
    );
    check(
        layer,
        post(
            "http://localhost:11434/api/generate",
            r#"{"model":"llama3.2","prompt":"SECRET","stream":false}"#,
        ),
        answer(
            200,
            r#"{"model":"llama3.2","response":"SECRET","done":true,"prompt_eval_count":8,"eval_count":2}"#,
        ),
        &expect![[r#"
            text_completion llama3.2  llm {gen_ai.provider.name: ollama, gen_ai.request.model: llama3.2, server.address: localhost, server.port: 11434, gen_ai.request.stream: false, gen_ai.response.model: llama3.2, gen_ai.response.finish_reasons: ["stop"], gen_ai.usage.input_tokens: 8, gen_ai.usage.output_tokens: 2}
        "#]],
    );
    check(
        layer,
        post(
            "https://api.openai.com/v1/embeddings",
            r#"{"model":"text-embedding-3-small","input":"SECRET","dimensions":256,"encoding_format":"float"}"#,
        ),
        answer(
            200,
            r#"{"data":[{"embedding":[0.1,0.2]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
        ),
        &expect![[r#"
            embeddings text-embedding-3-small  embedding {gen_ai.provider.name: openai, gen_ai.request.model: text-embedding-3-small, server.address: api.openai.com, server.port: 443, gen_ai.request.encoding_formats: ["float"], gen_ai.embeddings.dimension.count: 256, gen_ai.usage.input_tokens: 8, gen_ai.response.model: text-embedding-3-small}
        "#]],
    );
}

#[test]
fn the_operation_is_that_of_the_interface() {
    for (uri, body, operation) in [
        ("http://h/v1/completions", r#"{"model":"m","prompt":"a"}"#, "text_completion"),
        ("http://h/v1/responses", r#"{"model":"m","input":"a"}"#, "chat"),
        ("http://h/v1/models/m:generateContent", r#"{"contents":[]}"#, "generate_content"),
        ("http://h/v1/embeddings", r#"{"model":"m","input":"a"}"#, "embeddings"),
    ] {
        let capture = Capture::new();
        send(&layer(&capture), post(uri, body));
        let span = &capture.spans()[0];
        let said: Vec<_> =
            span.attributes.iter().filter(|it| it.0.as_str() == "gen_ai.operation.name").collect();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].1.to_string(), operation);
    }
}

#[test]
fn an_answer_that_is_an_error_fails_the_span() {
    check(
        layer,
        chat(),
        answer(
            429,
            r#"{"error":{"message":"SECRET","type":"requests","code":"rate_limit_exceeded"}}"#,
        ),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, http.response.status_code: 429, error.type: rate_limit_exceeded} error: rate_limit_exceeded
              • exception {exception.type: rate_limit_exceeded, exception.message: rate_limit_exceeded}
        "#]],
    );
    check(
        layer,
        chat(),
        answer(502, "<html>SECRET"),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, http.response.status_code: 502, error.type: 502} error: 502
              • exception {exception.type: 502, exception.message: 502}
        "#]],
    );
    check(
        layer,
        chat(),
        answer(200, "data: {\"error\":{\"message\":\"SECRET\",\"type\":\"server_error\"}}\n\n"),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, error.type: server_error, gen_ai.response.time_to_first_chunk: 0} error: server_error
              • exception {exception.type: server_error, exception.message: server_error}
        "#]],
    );
    check(
        |capture| layer(capture).capture_content(true),
        post("http://localhost:11434/api/chat", r#"{"model":"m","messages":[]}"#),
        answer(200, r#"{"error":"model is overloaded"}"#),
        &expect![[r#"
            chat m  llm {gen_ai.provider.name: ollama, gen_ai.request.model: m, server.address: localhost, server.port: 11434, gen_ai.request.stream: true, error.type: error, gen_ai.input.messages: [], gen_ai.response.time_to_first_chunk: 0, gen_ai.output.messages: [{"finish_reason":"error","parts":[],"role":"assistant"}], gen_ai.response.finish_reasons: ["error"]} error: model is overloaded
              • exception {exception.type: error, exception.message: model is overloaded}
        "#]],
    );
    check(
        layer,
        chat(),
        answer(200, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, error.type: incomplete, gen_ai.response.time_to_first_chunk: 0} error: incomplete
              • exception {exception.type: incomplete, exception.message: incomplete}
        "#]],
    );
    check(
        layer,
        chat(),
        answer(200, ""),
        &expect![[r#"
            chat gpt-4o  llm {gen_ai.provider.name: openai, gen_ai.request.model: gpt-4o, server.address: api.openai.com, server.port: 443, gen_ai.request.temperature: 0.5, gen_ai.request.stream: true, error.type: incomplete} error: incomplete
              • exception {exception.type: incomplete, exception.message: incomplete}
        "#]],
    );
}

#[test]
fn every_other_request_has_its_ordinary_span() {
    check(
        layer,
        post("https://api.openai.com/v1/files", CHAT),
        answer(200, "{}"),
        &expect![[r#"
            POST  custom {http.request.method: POST, server.address: api.openai.com, server.port: 443, url.full: https://api.openai.com/v1/files, network.protocol.version: 1.1, http.response.status_code: 200}
        "#]],
    );
    check(
        layer,
        post("http://worker/api/chat", r#"{"messages":[]}"#),
        answer(404, ""),
        &expect![[r#"
            POST  custom {http.request.method: POST, server.address: worker, server.port: 80, url.full: http://worker/api/chat, network.protocol.version: 1.1, http.response.status_code: 404, error.type: 404} error
        "#]],
    );
}

fn send(layer: &LlmLayer, request: Request<Full<Bytes>>) -> (HeaderMap, Bytes) {
    let seen = Seen::default();
    let response = layer.layer(far(&seen, || answer(200, ANSWER))).oneshot(request);
    let body = block_on(async { read(response.await.unwrap()).await });
    let headers = seen.lock().unwrap()[0].0.clone();
    (headers, body)
}

#[test]
fn the_context_goes_out_and_baggage_stays_at_home() {
    let capture = Capture::new();
    let (public, private) = baggage::scope([("user_id", "u1")], || {
        let private = post("http://vllm:8000/v1/chat/completions", CHAT);
        (send(&layer(&capture), chat()).0, send(&layer(&capture), private).0)
    });
    let spans = capture.spans();
    let traceparent = |at: usize| {
        let context = &spans[at].span_context;
        format!("00-{}-{}-01", context.trace_id(), context.span_id())
    };
    assert_eq!(public["traceparent"], traceparent(0));
    assert_eq!(public.get("baggage"), None);
    assert_eq!(private["traceparent"], traceparent(1));
    assert_eq!(private["baggage"], "user_id=u1");
    let nothing = layer(&capture).without_trace_to(["api.openai.com"]);
    assert_eq!(send(&nothing, chat()).0.get("traceparent"), None);
}

#[test]
fn within_a_models_span_there_is_no_second_one() {
    for kind in [SpanType::Llm, SpanType::Embedding] {
        let capture = Capture::new();
        let tracer = capture.tracer();
        let headers = tracer.span("chat", kind).in_scope(|span| {
            let (headers, body) = send(&layer(&capture), chat());
            assert_eq!(body, ANSWER);
            assert!(headers["traceparent"].to_str().unwrap().contains(&span.span_id().to_string()));
            headers
        });
        assert_eq!(headers.get("baggage"), None);
        assert_eq!(capture.spans().len(), 1);
    }
    let capture = Capture::new();
    capture.tracer().span("plan", SpanType::Agent).in_scope(|_| send(&layer(&capture), chat()));
    let spans = capture.spans();
    assert_eq!(spans[0].parent_span_id, Some(spans[1].span_context.span_id()));
}

#[test]
fn a_request_of_a_layer_further_out_has_one_span() {
    let capture = Capture::new();
    let seen = Seen::default();
    let inner =
        ClientLayer::new().tracer(&capture.tracer()).layer(far(&seen, || answer(200, ANSWER)));
    let response = layer(&capture).layer(inner).oneshot(chat());
    block_on(async { response.await.unwrap().into_body().collect().await.unwrap() });
    assert_eq!(capture.spans().len(), 1);
}

/// Tries again, as a layer of `tower::retry` does.
#[test]
fn attempts_are_events_of_one_span() {
    let capture = Capture::new();
    let seen = Seen::default();
    let inner = layer(&capture).layer(far(&seen, || answer(200, ANSWER)));
    let retry = tower::service_fn(move |request: Request<RequestBody<Full<Bytes>>>| {
        let inner = inner.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            for _ in 0..2 {
                let request = Request::from_parts(head.clone(), Full::from(body.clone()));
                drop(inner.clone().oneshot(request).await?);
            }
            inner.clone().oneshot(Request::from_parts(head, Full::from(body))).await
        }
    });
    let response = layer(&capture).layer(retry).oneshot(chat());
    block_on(async { response.await.unwrap().into_body().collect().await.unwrap() });
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    let events: Vec<_> =
        spans[0].events.iter().map(|it| (&*it.name, it.attributes[0].1.to_string())).collect();
    assert_eq!(events, [("retry", "1".to_owned()), ("retry", "2".to_owned())]);
    let headers: Vec<_> =
        seen.lock().unwrap().iter().map(|(it, _)| it["traceparent"].clone()).collect();
    assert!(headers.len() == 3 && headers.iter().all(|it| *it == headers[0]));
}

#[test]
fn without_an_instance_and_after_its_end_bodies_pass() {
    let capture = Capture::new();
    let layer = layer(&capture);
    capture.prela().shutdown(std::time::Duration::from_secs(10));
    assert_eq!(send(&layer, chat()).1, ANSWER);
    assert_eq!(send(&LlmLayer::new(), chat()).1, ANSWER);
    let unsampled = Capture::with(|builder| builder.sampler(prela::Sampler::always_off()));
    let (headers, body) = send(&self::layer(&unsampled), chat());
    assert!(body == ANSWER && headers["traceparent"].to_str().unwrap().ends_with("-00"));
    assert!(unsampled.spans().is_empty());
}
