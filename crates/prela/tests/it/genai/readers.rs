//! What Phoenix and Langfuse make of the attributes: their rules, as they were seen at work, and what is expected.

use super::text;
use prela::genai::{Document, Message, Usage};
use prela::span::{Conventions, SpanData};
use prela::testing::Capture;
use prela::{SpanKind, SpanType};
use serde_json::Value as Json;

/// Phoenix of August 2026: the kind of a span.
fn kind_in_phoenix(span: &SpanData) -> &'static str {
    if let Some(kind) = text(span, "openinference.span.kind") {
        const KINDS: [&str; 9] = [
            "AGENT",
            "LLM",
            "TOOL",
            "RETRIEVER",
            "EMBEDDING",
            "CHAIN",
            "RERANKER",
            "GUARDRAIL",
            "EVALUATOR",
        ];
        return KINDS.into_iter().find(|known| **known == *kind).unwrap_or("UNKNOWN");
    }
    match text(span, "gen_ai.operation.name").as_deref() {
        Some("invoke_agent" | "create_agent") => "AGENT",
        Some("chat" | "text_completion" | "generate_content") => "LLM",
        Some("execute_tool") => "TOOL",
        Some("retrieval") => "RETRIEVER",
        Some("embeddings") => "EMBEDDING",
        _ if text(span, "gen_ai.request.model").is_some() => "LLM",
        _ => "UNKNOWN",
    }
}

/// Langfuse of August 2026: the type of an observation.
fn type_in_langfuse(span: &SpanData) -> String {
    if let Some(given) = text(span, "langfuse.observation.type") {
        return given.to_uppercase();
    }
    let has_model = ["gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "model"]
        .into_iter()
        .any(|key| text(span, key).is_some());
    let generation = if has_model { "GENERATION" } else { "SPAN" };
    match text(span, "openinference.span.kind").as_deref() {
        Some("LLM") => return "GENERATION".into(),
        Some(
            kind @ ("AGENT" | "TOOL" | "RETRIEVER" | "EMBEDDING" | "CHAIN" | "GUARDRAIL"
            | "EVALUATOR"),
        ) => {
            return kind.into();
        }
        _ => {}
    }
    match text(span, "gen_ai.operation.name").as_deref() {
        Some("chat" | "text_completion" | "generate_content") => "GENERATION",
        Some("invoke_agent") => "AGENT",
        Some("execute_tool") => "TOOL",
        Some("embeddings") => "EMBEDDING",
        _ => generation,
    }
    .into()
}

/// One span of each type.
fn spans(conventions: Conventions) -> Vec<std::sync::Arc<SpanData>> {
    let capture = Capture::with(|builder| builder.capture_content(true).conventions(conventions));
    let tracer = capture.tracer();
    tracer.agent("a").in_scope(|_| ());
    tracer.chat("openai", "gpt-4o").in_scope(|_| ());
    tracer.tool("t").in_scope(|_| ());
    tracer.retrieval("d").query("q").in_scope(|it| {
        it.documents(&[Document::new("d1")]);
    });
    tracer.embedding("openai", "small").in_scope(|_| ());
    tracer.workflow("w").in_scope(|_| ());
    tracer.reranker("r").in_scope(|_| ());
    tracer.guardrail("g").in_scope(|_| ());
    tracer.evaluator("e").in_scope(|_| ());
    tracer.span("chain", SpanType::Chain).in_scope(|_| ());
    tracer.span("GET", SpanType::Custom).kind(SpanKind::Client).in_scope(|_| ());
    capture.spans()
}

#[test]
fn both_show_the_right_kind() {
    const EXPECTED: [(&str, &str, &str); 11] = [
        ("AGENT", "AGENT", "AGENT"),
        ("LLM", "GENERATION", "GENERATION"),
        ("TOOL", "TOOL", "TOOL"),
        ("RETRIEVER", "RETRIEVER", "RETRIEVER"),
        ("EMBEDDING", "EMBEDDING", "EMBEDDING"),
        ("CHAIN", "CHAIN", "CHAIN"),
        // Langfuse has no word of its own for it; the profile says the nearest one.
        ("RERANKER", "SPAN", "RETRIEVER"),
        ("GUARDRAIL", "GUARDRAIL", "GUARDRAIL"),
        ("EVALUATOR", "EVALUATOR", "EVALUATOR"),
        ("CHAIN", "CHAIN", "CHAIN"),
        ("UNKNOWN", "SPAN", "SPAN"),
    ];
    let (default, langfuse) = (spans(Conventions::GENAI), spans(Conventions::LANGFUSE));
    for ((span, with_profile), expected) in default.iter().zip(&langfuse).zip(EXPECTED) {
        let seen =
            (kind_in_phoenix(span), &*type_in_langfuse(span), &*type_in_langfuse(with_profile));
        assert_eq!(seen, expected, "{}", span.name);
    }
}

/// A model on one of these would make a language model of it.
#[test]
fn only_calls_of_models_have_a_model_and_usage() {
    for span in spans(Conventions::GENAI) {
        let is_call = matches!(span.span_type, SpanType::Llm | SpanType::Embedding);
        for key in ["gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "model"] {
            assert!(is_call || text(&span, key).is_none(), "{}: {key}", span.name);
        }
    }
    let capture = Capture::new();
    capture.tracer().agent("a").in_scope(|agent| {
        agent.usage(Usage::new(10, 5));
    });
    let agent = &capture.spans()[0];
    assert!(agent.attributes.iter().all(|(key, _)| !key.as_str().starts_with("gen_ai.usage")));
    assert_eq!(text(agent, "prela.usage.input_tokens").as_deref(), Some("10"));
}

/// Phoenix leaves messages without a reason out, and knows only the schema of parts.
#[test]
fn phoenix_shows_every_message() {
    let capture = Capture::with(|builder| builder.capture_content(true));
    capture.tracer().chat("openai", "m").input("Hi").in_scope(|chat| {
        chat.output([
            Message::assistant("Hello"),
            Message::assistant("Hey").finish_reason("length"),
        ]);
    });
    let span = &capture.spans()[0];
    let read = |key| serde_json::from_str::<Vec<Json>>(&text(span, key).unwrap()).unwrap();
    for message in read("gen_ai.input.messages").iter().chain(&read("gen_ai.output.messages")) {
        assert!(message["role"].is_string() && message["parts"][0]["type"] == "text", "{message}");
    }
    assert!(read("gen_ai.output.messages").iter().all(|it| it["finish_reason"].is_string()));
}

/// Langfuse takes what was read from and written to a cache out of the input, and every key that it does not know for
/// tokens of their own.
#[test]
fn langfuse_counts_every_token_once() {
    let capture = Capture::new();
    let usage = Usage::new(100, 50).cache_read(20).cache_creation(10).reasoning(30);
    capture.tracer().chat("openai", "m").in_scope(|chat| {
        chat.usage(usage);
    });
    let span = &capture.spans()[0];
    let tokens = |key: &str| text(span, key).map_or(0, |it| it.parse::<u64>().unwrap());
    let (input, output) =
        (tokens("gen_ai.usage.input_tokens"), tokens("gen_ai.usage.output_tokens"));
    let cached = [
        tokens("gen_ai.usage.cache_read.input_tokens"),
        tokens("gen_ai.usage.cache_creation.input_tokens"),
    ];
    let reasoning = tokens("gen_ai.usage.reasoning.output_tokens");
    let buckets =
        [input - cached[0] - cached[1], cached[0], cached[1], output - reasoning, reasoning];
    assert_eq!(buckets, [70, 20, 10, 20, 30]);
    let keys = span.attributes.iter().filter(|(key, _)| key.as_str().contains("usage"));
    assert_eq!(keys.count(), 5);
}

/// Langfuse looks for instructions nowhere else if there is an `input.value`.
#[test]
fn the_input_as_one_value_has_the_instructions_in_it() {
    let capture = Capture::with(|builder| builder.capture_content(true));
    let request = serde_json::json!({"system": "Be short.", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]});
    capture.tracer().chat("anthropic", "m").input(&request).in_scope(|chat| {
        chat.output("Hello");
    });
    let span = &capture.spans()[0];
    let input = text(span, "input.value").unwrap();
    assert!(input.contains("Be short.") && input.contains("\"system\""), "{input}");
    assert_eq!(text(span, "input.mime_type").as_deref(), Some("application/json"));
    assert!(text(span, "output.value").unwrap().contains("Hello"));
}
