//! Calls of models: what is written with content and without, tokens and costs.

use super::{shown, text};
use expect_test::expect;
use prela::genai::{
    Evaluation, Message, Operation, Price, Prices, RequestParameters, SemconvVersion, ToolCall,
    Usage,
};
use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
use prela::testing::Capture;
use prela::{Sampler, SpanKind, Value};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn with_content() -> Capture {
    Capture::with(|builder| builder.capture_content(true))
}

#[test]
fn a_call_without_content_says_all_but_what_was_said() {
    let capture = Capture::new();
    let request = json!({
        "model": "gpt-4o", "temperature": 0.2, "max_tokens": 100, "stream": true,
        "messages": [{"role": "user", "content": "the prompt"}],
        "tools": [{"type": "function", "function": {"name": "weather"}}],
    });
    capture.tracer().chat("openai", "gpt-4o").request(&request).in_scope(|chat| {
        for _ in 0..2 {
            capture.clock().advance(Duration::from_millis(250));
            chat.first_chunk();
        }
        chat.response(&json!({
            "id": "chatcmpl-1", "model": "gpt-4o-2024-08-06",
            "choices": [{"message": {"role": "assistant", "content": "the answer"}, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 30},
                "completion_tokens_details": {"reasoning_tokens": 20}},
        }));
        assert!(!chat.captures_content());
    });
    expect![[r#"
        chat gpt-4o (client)
        prela.span.type: llm
        gen_ai.operation.name: chat
        openinference.span.kind: LLM
        gen_ai.provider.name: openai
        gen_ai.request.model: gpt-4o
        gen_ai.request.max_tokens: 100
        gen_ai.request.temperature: 0.2
        gen_ai.request.stream: true
        gen_ai.response.time_to_first_chunk: 0.25
        gen_ai.response.id: chatcmpl-1
        gen_ai.response.model: gpt-4o-2024-08-06
        gen_ai.response.finish_reasons: ["length"]
        gen_ai.usage.input_tokens: 100
        gen_ai.usage.output_tokens: 50
        gen_ai.usage.cache_read.input_tokens: 30
        gen_ai.usage.reasoning.output_tokens: 20
    "#]]
    .assert_eq(&shown(&capture.spans()[0]));
}

#[test]
fn a_call_with_content_has_the_messages_and_a_pair() {
    let capture = with_content();
    let request = json!({
        "model": "claude-sonnet-4-5", "max_tokens": 100, "system": "Be short.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
    });
    let span = capture.tracer().chat("anthropic", "claude-sonnet-4-5").request(&request);
    span.in_scope(|chat| {
        chat.response(&json!({
            "id": "msg_1", "model": "claude-sonnet-4-5-20250929", "role": "assistant", "stop_reason": "tool_use",
            "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Lisbon"}}],
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 90,
                "cache_creation_input_tokens": 7, "output_tokens": 5},
        }));
    });
    expect![[r#"
        chat claude-sonnet-4-5 (client)
        prela.span.type: llm
        gen_ai.operation.name: chat
        openinference.span.kind: LLM
        gen_ai.provider.name: anthropic
        gen_ai.request.model: claude-sonnet-4-5
        gen_ai.request.max_tokens: 100
        gen_ai.input.messages: [{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
        gen_ai.system_instructions: [{"content":"Be short.","type":"text"}]
        gen_ai.tool.definitions: [{"name":"weather","parameters":{"type":"object"},"type":"function"}]
        input.value: [{"parts":[{"content":"Be short.","type":"text"}],"role":"system"},{"parts":[{"content":"Hi","type":"text"}],"role":"user"}]
        input.mime_type: application/json
        output.value: [{"finish_reason":"tool_call","parts":[{"arguments":{"city":"Lisbon"},"id":"toolu_1","name":"weather","type":"tool_call"}],"role":"assistant"}]
        gen_ai.response.id: msg_1
        gen_ai.response.model: claude-sonnet-4-5-20250929
        gen_ai.response.finish_reasons: ["tool_use"]
        gen_ai.usage.input_tokens: 107
        gen_ai.usage.output_tokens: 5
        gen_ai.usage.cache_read.input_tokens: 90
        gen_ai.usage.cache_creation.input_tokens: 7
        gen_ai.output.messages: [{"finish_reason":"tool_call","parts":[{"arguments":{"city":"Lisbon"},"id":"toolu_1","name":"weather","type":"tool_call"}],"role":"assistant"}]
        output.mime_type: application/json
    "#]].assert_eq(&shown(&capture.spans()[0]));
}

/// The messages of every provider's client become messages of parts.
#[test]
fn messages_of_every_provider_are_written_in_one_schema() {
    let requests = [
        ("openai", json!({"messages": [{"role": "user", "content": "Hi"}]})),
        ("responses", json!({"model": "m", "input": "Hi"})),
        (
            "anthropic",
            json!({"max_tokens": 1, "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}),
        ),
        ("gemini", json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})),
        ("ollama", json!({"model": "m", "prompt": "Hi"})),
        ("conventions", json!([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])),
    ];
    for (provider, request) in requests {
        let capture = with_content();
        capture.tracer().chat(provider, "m").input(&request).in_scope(|_| ());
        let span = &capture.spans()[0];
        let messages: Json =
            serde_json::from_str(&text(span, "gen_ai.input.messages").unwrap()).unwrap();
        let expected = json!([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]);
        assert_eq!(messages, expected, "{provider}");
    }
}

#[test]
fn what_was_said_last_has_a_reason() {
    for (reasons, fails, expected) in [
        (None, false, "stop"),
        (None, true, "error"),
        (Some("max_tokens"), false, "length"),
        (Some("end_turn"), true, "stop"),
    ] {
        let capture = with_content();
        capture.tracer().chat("openai", "m").in_scope(|chat| {
            if let Some(reason) = reasons {
                chat.finish_reasons([reason]);
            }
            if fails {
                chat.record_error("connection reset");
            }
            chat.output("Hello");
        });
        let span = &capture.spans()[0];
        let output = text(span, "gen_ai.output.messages").unwrap();
        assert!(output.contains(&format!("\"finish_reason\":\"{expected}\"")), "{output}");
        let on_span = reasons.unwrap_or(expected);
        assert_eq!(text(span, "gen_ai.response.finish_reasons").unwrap(), format!("[{on_span:?}]"));
    }
}

#[test]
fn the_name_is_the_conventions_and_can_be_another() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let builders = [
        tracer.chat("openai", "gpt-4o"),
        tracer.chat("openai", "gpt-4o").operation(Operation::TextCompletion),
        tracer.chat("gcp.gemini", "chat").operation(Operation::GenerateContent),
        tracer.chat("openai", ""),
        tracer.chat("openai", "gpt-4o").name("completion_1").kind(SpanKind::Internal),
        tracer.chat("openai", "gpt-4o").name("my chatbot").operation(Operation::TextCompletion),
    ];
    for builder in builders {
        builder.in_scope(|_| ());
    }
    let shown = capture.spans();
    let shown = shown.iter().map(|span| {
        let [operation, model] =
            ["gen_ai.operation.name", "gen_ai.request.model"].map(|key| text(span, key));
        format!("{} {:?} {operation:?} {model:?}\n", span.name, span.kind)
    });
    expect![[r#"
        chat gpt-4o Client Some("chat") Some("gpt-4o")
        text_completion gpt-4o Client Some("text_completion") Some("gpt-4o")
        generate_content chat Client Some("generate_content") Some("chat")
        chat Client Some("chat") None
        completion_1 Internal Some("chat") Some("gpt-4o")
        my chatbot Client Some("text_completion") Some("gpt-4o")
    "#]]
    .assert_eq(&shown.collect::<String>());
}

/// The conventions' rules: the input has those of the cache in it. One name for what was written to it, never two.
#[test]
fn tokens_of_the_cache_have_the_name_of_the_version() {
    for (version, name, other) in [
        (SemconvVersion::V1_41, "cache_creation", "cache_write"),
        (SemconvVersion::Latest, "cache_write", "cache_creation"),
    ] {
        let capture = Capture::with(|builder| builder.semconv_version(version));
        let usage = Usage::new(100, 5).cache_read(60).cache_creation(30);
        capture.tracer().chat("anthropic", "m").in_scope(|chat| {
            chat.usage(usage);
        });
        capture.tracer().retrieval("docs").top_k(3).in_scope(|_| ());
        let [call, search] = &capture.spans()[..] else { panic!() };
        let key = |name| format!("gen_ai.usage.{name}.input_tokens");
        assert_eq!(call.attribute(&key(name)), Some(&30.into()));
        assert_eq!(call.attribute(&key(other)), None);
        assert_eq!(call.attribute("gen_ai.usage.input_tokens"), Some(&100.into()));
        let old = search.attribute("gen_ai.request.top_k").is_some();
        let new = search.attribute("gen_ai.retrieval.top_k").is_some();
        assert_eq!(
            (old, new),
            if version == SemconvVersion::V1_41 { (true, false) } else { (false, true) }
        );
    }
}

#[test]
fn a_price_makes_a_cost_whichever_comes_first() {
    let prices = Prices::new()
        .model("gpt-4o", Price::per_million(2.0, 8.0).cache_read(1.0))
        .model("gpt-4o-mini", Price::per_million(0.1, 0.4));
    let capture = Capture::with(|builder| builder.prices(prices));
    let tracer = capture.tracer();
    let usage = Usage::new(1_000_000, 500_000).cache_read(500_000);
    tracer.chat("openai", "gpt-4o").in_scope(|chat| {
        chat.usage(usage);
    });
    tracer.chat("openai", "alias").in_scope(|chat| {
        chat.usage(usage).response_model("gpt-4o-2024-08-06");
    });
    tracer.chat("openai", "gpt-4o").in_scope(|chat| {
        chat.response_model("gpt-4o-mini").usage(usage);
    });
    tracer.chat("openai", "unknown").in_scope(|chat| {
        chat.usage(usage);
    });
    tracer.chat("openai", "gpt-4o").in_scope(|chat| {
        chat.response_model("gpt-4o");
    });
    tracer.chat("openai", "unknown").in_scope(|chat| {
        chat.cost(0.5);
    });
    let costs = capture.spans();
    let costs = costs.iter().map(|span| span.attribute("llm.cost.total").cloned());
    let expected = [Some(5.5), Some(5.5), Some(0.3), None, None, Some(0.5)];
    for (cost, expected) in costs.zip(expected) {
        match (cost, expected) {
            (Some(Value::F64(cost)), Some(expected)) => assert!((cost - expected).abs() < 1e-9),
            (cost, expected) => assert_eq!(cost, expected.map(Value::F64)),
        }
    }
}

/// Notes the attributes that it is shown.
#[derive(Clone, Debug, Default)]
struct Noting(Arc<Mutex<Vec<String>>>);

impl ShouldSample for Noting {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let pairs = span.attributes.iter().map(|(key, value)| format!("{key}={value}"));
        self.0.lock().unwrap().extend(pairs);
        span.sample(1.0)
    }
}

#[test]
fn a_sampler_sees_what_is_known_at_the_start() {
    let noting = Noting::default();
    let capture = Capture::with(|builder| builder.sampler(Sampler::custom(noting.clone())));
    let tracer = capture.tracer();
    tracer.chat("openai", "gpt-4o").in_scope(|_| ());
    tracer.agent("planner").in_scope(|_| ());
    tracer.tool("search").in_scope(|_| ());
    expect![[r#"
        [
            "gen_ai.operation.name=chat",
            "gen_ai.provider.name=openai",
            "gen_ai.request.model=gpt-4o",
            "gen_ai.operation.name=invoke_agent",
            "gen_ai.agent.name=planner",
            "agent.name=planner",
            "gen_ai.operation.name=execute_tool",
            "gen_ai.tool.name=search",
            "tool.name=search",
        ]
    "#]]
    .assert_debug_eq(&noting.0.lock().unwrap());
}

#[test]
fn parameters_are_written_under_the_conventions_names() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let mut parameters = RequestParameters::default();
    parameters.stop_sequences = vec!["\n".into(), "END".into()];
    parameters.choice_count = Some(2);
    parameters.presence_penalty = Some(0.5);
    parameters.frequency_penalty = Some(0.25);
    let built = tracer.chat("openai", "m").max_tokens(100).temperature(1).top_p(0.9).top_k(40);
    let built = built.seed(-1).stream(true).output_type("json").parameters(&parameters);
    built.in_scope(|_| ());
    expect![[r#"
        chat m (client)
        prela.span.type: llm
        gen_ai.operation.name: chat
        openinference.span.kind: LLM
        gen_ai.provider.name: openai
        gen_ai.request.model: m
        gen_ai.request.max_tokens: 100
        gen_ai.request.temperature: 1
        gen_ai.request.top_p: 0.9
        gen_ai.request.top_k: 40
        gen_ai.request.seed: -1
        gen_ai.request.stream: true
        gen_ai.output.type: json
        gen_ai.request.frequency_penalty: 0.25
        gen_ai.request.presence_penalty: 0.5
        gen_ai.request.stop_sequences: ["\n", "END"]
        gen_ai.request.choice.count: 2
    "#]]
    .assert_eq(&shown(&capture.spans()[0]));
}

#[test]
fn what_is_judged_has_an_event() {
    let judgement =
        Evaluation::new("relevance").score(0.5).label("fair").explanation("it says `Hi`");
    for has_content in [false, true] {
        let capture = Capture::with(|builder| builder.capture_content(has_content));
        let tracer = capture.tracer();
        tracer.chat("openai", "m").in_scope(|chat| {
            chat.response_id("resp_1").evaluation(&judgement);
            tracer.evaluator("relevance").judges(chat).in_scope(|judge| {
                judge.evaluation(&judgement).evaluation(&Evaluation::new("length"));
            });
        });
        let [judge, call] = &capture.spans()[..] else { panic!() };
        let event = &call.events[0];
        assert_eq!(event.name, "gen_ai.evaluation.result");
        let keys: Vec<_> =
            event.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(keys.iter().any(|it| it.contains("it says")), has_content, "{keys:?}");
        assert!(keys.contains(&"gen_ai.response.id=resp_1".to_owned()), "{keys:?}");
        assert_eq!(text(judge, "evaluations.0.evaluation.label").as_deref(), Some("fair"));
        assert_eq!(text(judge, "evaluations.1.evaluation.name").as_deref(), Some("length"));
        assert_eq!(text(judge, "evaluations.0.evaluation.explanation").is_some(), has_content);
        assert_eq!(judge.links[0].span_context.span_id(), call.span_context.span_id());
    }
}

#[test]
fn a_conversation_of_many_messages_leaves_room_for_the_rest() {
    let capture = Capture::with(|builder| {
        builder.capture_content(true).conventions(prela::span::Conventions::OPENINFERENCE)
    });
    let messages: Vec<_> = (0..500).map(|n| Message::user(format!("message {n}"))).collect();
    capture.tracer().chat("openai", "m").input(messages).in_scope(|chat| {
        let asked =
            Message::assistant("").part(ToolCall::new("search", json!({"q": "rust"})).id("c1"));
        chat.output(asked).usage(Usage::new(9, 2));
    });
    let span = &capture.spans()[0];
    assert_eq!(span.dropped_attributes_count, 0);
    assert!(text(span, "gen_ai.input.messages").unwrap().contains("message 499"));
    assert_eq!(text(span, "llm.input_messages.0.message.role"), None);
    let name = "llm.output_messages.0.message.tool_calls.0.tool_call.function.name";
    assert_eq!(text(span, name).as_deref(), Some("search"));
    assert_eq!(text(span, "gen_ai.usage.output_tokens").as_deref(), Some("2"));
}
