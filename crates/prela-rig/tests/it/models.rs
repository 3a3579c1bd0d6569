//! rig's models.

use super::stub::{Reply, Stub};
use super::{SECRET, check, is_of, plain, traced};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use prela::llm::LlmLayer;
use prela::testing::Capture;
use prela::{SpanKind, SpanType};
use prela_examples::ModelServer;
use prela_rig::Traced;
use rig_core::completion::message::ToolName;
use rig_core::completion::{CompletionRequest, ToolDefinition};
use rig_core::driver::Model;
use rig_core::providers::anthropic::AnthropicConfig;
use rig_core::providers::ollama::OllamaConfig;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::providers::openai::wire::Chat;
use rig_core::streaming::{Item, StreamEvent};
use rig_reqwest::ReqwestClient;
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt as _;

fn openai(client: Traced<ReqwestClient>) -> Model<Chat> {
    let server = ModelServer::start().unwrap();
    OpenAIConfig::new("none").with_base_url(server.url("/v1")).connect(client).chat("stub-model")
}

/// The text of a streamed answer.
async fn streamed(model: &Model<Chat>, question: &str) -> String {
    let mut stream = model.stream(question).unwrap();
    let mut text = String::new();
    while let Some(item) = stream.next().await {
        if let Item::Event(StreamEvent::Text { text: piece, .. }) = item.unwrap() {
            text += &piece;
        }
    }
    text.trim_end().to_owned()
}

const CALL: [(&str, &str); 6] = [
    ("gen_ai.operation.name", "chat"),
    ("gen_ai.provider.name", "openai"),
    ("gen_ai.response.model", "stub-model"),
    ("gen_ai.response.finish_reasons", r#"["stop"]"#),
    ("gen_ai.usage.input_tokens", "3"),
    ("gen_ai.usage.output_tokens", "5"),
];

#[tokio::test]
async fn a_call_whole_and_streamed() {
    let capture = Capture::new();
    let model = openai(traced());
    let agent = async {
        let whole = model.call(SECRET).await.unwrap().text();
        assert_eq!(streamed(&model, SECRET).await, whole);
        whole
    };
    let whole =
        capture.bind(async { prela::tracer().agent("desk").run(async |_| agent.await).await });
    assert_eq!(whole.await, format!("You asked: {SECRET}"));
    let [whole, streamed, agent] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
    for call in [whole, streamed] {
        assert_eq!((&*call.name, call.span_type), ("chat stub-model", SpanType::Llm));
        assert_eq!(call.kind, SpanKind::Client);
        assert_eq!(call.parent_span_id, Some(agent.span_context.span_id()));
        check(call, &CALL);
    }
    check(
        streamed,
        &[("gen_ai.request.stream", "true"), ("gen_ai.response.time_to_first_chunk", "0")],
    );
    assert!(!format!("{:?}", capture.spans()).contains(SECRET));
}

#[tokio::test]
async fn tools_that_the_model_asks_for() {
    let capture = Capture::new();
    let model = openai(traced());
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = ToolDefinition::new(ToolName::new("weather").unwrap(), "Tells the weather", city);
    let request = CompletionRequest::new("What is Lisbon like?").tool(tool);
    let response = capture.bind(async { model.call(request).await }).await.unwrap();
    assert_eq!(response.tool_calls().count(), 1);
    let [call] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
    check(
        call,
        &[
            ("gen_ai.response.finish_reasons", r#"["tool_calls"]"#),
            ("prela.tool_call.ids", r#"["call_0"]"#),
            ("prela.tool_call.names", r#"["weather"]"#),
        ],
    );
    assert!(!format!("{call:?}").contains("Lisbon"));
}

#[tokio::test]
async fn messages_where_content_is_asked_for() {
    let capture = Capture::new();
    let model = openai(Traced::new(plain()).layer(LlmLayer::new().capture_content(true)));
    capture.bind(async { streamed(&model, "Hello there").await }).await;
    let [call] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
    let [input, output] = ["gen_ai.input.messages", "gen_ai.output.messages"]
        .map(|key| call.attribute(key).unwrap().to_string());
    assert!(input.contains("Hello there") && output.contains("You asked: Hello there"), "{output}");
}

/// Other providers than OpenAI need no line of their own.
#[tokio::test]
async fn anthropic_and_ollama() {
    let capture = Capture::new();
    let server = ModelServer::start().unwrap();
    let anthropic = AnthropicConfig::new("none").with_base_url(server.url("")).connect(traced());
    let ollama = OllamaConfig::new().with_base_url(server.url("")).connect(traced());
    let answers = capture.bind(async {
        let request = CompletionRequest::new("What now?").max_tokens(9);
        let claude = anthropic.completion("claude-1").call(request).await.unwrap().text();
        [claude, ollama.native_completion("llama-1").call("What now?").await.unwrap().text()]
    });
    assert_eq!(answers.await, ["You asked: What now?"; 2]);
    let spans = capture.spans();
    let seen: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(seen, ["chat claude-1", "chat llama-1"]);
    for (span, (provider, reasons)) in
        spans.iter().zip([("anthropic", r#"["end_turn"]"#), ("ollama", r#"["stop"]"#)])
    {
        check(
            span,
            &[("gen_ai.provider.name", provider), ("gen_ai.response.finish_reasons", reasons)],
        );
        assert!(span.attribute("gen_ai.usage.input_tokens").is_some(), "{span:#?}");
    }
}

/// rig makes a span for each call by itself. Where that is taken over, it is the call's.
#[tokio::test]
async fn a_call_that_rig_traces_has_one_span() {
    let capture = Capture::new();
    let registry = tracing_subscriber::registry().with(prela::tracing::layer());
    let _default = tracing::subscriber::set_default(registry);
    let model = openai(traced());
    capture
        .bind(async {
            model.call("Hello").await.unwrap();
            streamed(&model, "Hello").await
        })
        .await;
    let spans = capture.spans();
    let calls = spans.iter().filter(|span| span.span_type == SpanType::Llm);
    assert_eq!(calls.count(), 2, "{}", capture.tree());
    assert!(
        spans.iter().all(|span| span.kind != SpanKind::Client || span.span_type == SpanType::Llm)
    );
}

/// The request is sent in rig's span, then.
#[tokio::test]
async fn a_call_that_rig_traces_has_the_trace_in_its_headers() {
    const ANSWER: &[&[u8]] = &[br#"{"id": "c1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}"#];
    let capture = Capture::new();
    let registry = tracing_subscriber::registry().with(prela::tracing::layer());
    let _default = tracing::subscriber::set_default(registry);
    let mut stub = Stub::start(Reply::Status(200, "application/json", ANSWER));
    let config = OpenAIConfig::new("none").with_base_url(stub.url("/v1"));
    let model = config.connect(traced()).chat("m");
    assert_eq!(capture.bind(model.call("Hello")).await.unwrap().text(), "Hi");
    let asked = stub.asked.recv().await.unwrap();
    let [call] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
    assert_eq!(call.span_type, SpanType::Llm);
    assert!(is_of(&asked.headers, call), "{:?}", asked.headers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn streams_side_by_side_keep_their_parents() {
    let capture = Capture::new();
    let model = openai(traced());
    let agents = (0..100).map(|number| {
        let model = model.clone();
        let agent = async move {
            let agent = prela::tracer().agent(format!("agent-{number}"));
            agent.run(async |_| streamed(&model, &format!("Number {number}")).await).await
        };
        tokio::spawn(capture.bind(agent))
    });
    for (number, answer) in join_all(agents).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), format!("You asked: Number {number}"));
    }
    let spans = capture.spans();
    assert_eq!(spans.len(), 200);
    for agent in spans.iter().filter(|span| span.span_type == SpanType::Agent) {
        let is_below = |span: &&std::sync::Arc<prela::span::SpanData>| {
            span.parent_span_id == Some(agent.span_context.span_id())
        };
        assert_eq!(spans.iter().filter(is_below).count(), 1, "{}", agent.name);
    }
}
