//! Attributes of calls of models, as they are written by hand and by libraries.

use super::{run, run_with};
use prela::testing::Capture;
use prela::tracing::layer;
use prela::{SpanKind, SpanType, Value};
use tracing::field::Empty;
use tracing::{info, info_span, trace, warn};

/// The attributes of the one span that is made, without those of its type.
fn recorded(f: impl FnOnce()) -> (SpanType, Vec<(String, Value)>) {
    let capture = Capture::new();
    run_with(&capture, layer().with_content(true), f);
    let span = &capture.spans()[0];
    let pairs = span.attributes.iter().map(|(key, value)| (key.as_str().to_owned(), value.clone()));
    (span.span_type, pairs.collect())
}

#[test]
fn operations_tell_the_type() {
    for (operation, span_type, kind, written) in [
        ("chat", SpanType::Llm, SpanKind::Client, "chat"),
        ("text_completion", SpanType::Llm, SpanKind::Client, "text_completion"),
        ("generate_content", SpanType::Llm, SpanKind::Client, "generate_content"),
        ("chat_streaming", SpanType::Llm, SpanKind::Client, "chat"),
        ("interactions_streaming", SpanType::Llm, SpanKind::Client, "chat"),
        ("embeddings", SpanType::Embedding, SpanKind::Client, "embeddings"),
        ("execute_tool", SpanType::Tool, SpanKind::Internal, "execute_tool"),
        ("invoke_agent", SpanType::Agent, SpanKind::Internal, "invoke_agent"),
        ("create_agent", SpanType::Agent, SpanKind::Internal, "create_agent"),
        ("invoke_workflow", SpanType::Workflow, SpanKind::Internal, "invoke_workflow"),
        ("retrieval", SpanType::Retrieval, SpanKind::Client, "retrieval"),
        ("search_memory", SpanType::Custom, SpanKind::Internal, "search_memory"),
    ] {
        let capture = Capture::new();
        run(&capture, || drop(info_span!("call", gen_ai.operation.name = operation)));
        let span = &capture.spans()[0];
        assert_eq!((span.span_type, &span.kind), (span_type, &kind), "{operation}");
        assert_eq!(span.attribute("gen_ai.operation.name"), Some(&written.into()), "{operation}");
        let openinference = span_type.openinference_kind().map(Value::from);
        assert_eq!(span.attribute("openinference.span.kind"), openinference.as_ref());
        let is_stream = operation.ends_with("_streaming").then(|| Value::from(true));
        assert_eq!(span.attribute("gen_ai.request.stream"), is_stream.as_ref(), "{operation}");

        // The same where it is recorded later.
        let capture = Capture::new();
        run(&capture, || {
            let span =
                info_span!("call", gen_ai.operation.name = Empty, gen_ai.request.model = "m");
            span.record("gen_ai.operation.name", operation);
        });
        let later = &capture.spans()[0];
        assert_eq!(later.span_type, span_type, "{operation}");
        assert_eq!(later.attribute("prela.span.type"), Some(&span_type.as_str().into()));
        assert_eq!(later.attribute("gen_ai.operation.name"), Some(&written.into()));
    }
}

#[test]
fn other_words_for_the_type() {
    let (span_type, _) = recorded(|| drop(info_span!("s", openinference.span.kind = "RETRIEVER")));
    assert_eq!(span_type, SpanType::Retrieval);
    let (span_type, _) = recorded(|| {
        drop(info_span!("s", gen_ai.system = "openai", gen_ai.request.model = "gpt-4o"));
    });
    assert_eq!(span_type, SpanType::Llm);
    let (span_type, _) = recorded(|| {
        let span = info_span!("s", gen_ai.provider.name = Empty, gen_ai.request.model = Empty);
        span.record("gen_ai.provider.name", "openai");
        span.record("gen_ai.request.model", "gpt-4o");
    });
    assert_eq!(span_type, SpanType::Custom, "no more than that is known of it");
}

#[test]
fn numbers_flags_and_lists_that_came_as_text() {
    let text = |it: &str| Value::from(it.to_owned());
    for (key, written, expected) in [
        ("gen_ai.usage.input_tokens", "12", Value::from(12)),
        ("gen_ai.usage.output_tokens", "Some(3)", Value::from(3)),
        ("gen_ai.request.max_tokens", "Some(100)", Value::from(100)),
        ("gen_ai.request.temperature", "0.2", Value::from(0.2)),
        ("gen_ai.request.temperature", "Some(1.0)", Value::from(1.0)),
        ("gen_ai.request.stream", "true", Value::from(true)),
        ("gen_ai.response.finish_reasons", "stop", Value::from(["stop"])),
        ("gen_ai.response.finish_reasons", r#"["stop","length"]"#, Value::from(["stop", "length"])),
        ("gen_ai.response.finish_reasons", r#"["a\"b", "c,d"]"#, Value::from(["a\"b", "c,d"])),
        ("gen_ai.response.finish_reasons", "[Stop, Length]", Value::from(["Stop", "Length"])),
        ("gen_ai.response.finish_reasons", "[]", Value::from([] as [&str; 0])),
        ("gen_ai.response.finish_reasons", r#"["open"#, Value::from([r#"["open"#])),
        ("gen_ai.request.model", r#""gpt-4o""#, text("gpt-4o")),
        ("gen_ai.request.model", r#"Some("gpt-4o")"#, text("gpt-4o")),
        ("gen_ai.request.seed", "many", text("many")),
        ("gen_ai.input.messages", r#"[{"role":"user"}]"#, text(r#"[{"role":"user"}]"#)),
        ("user.count", "12", text("12")),
        ("user.note", "None", text("None")),
    ] {
        let (_, pairs) = recorded(|| {
            let span = match key {
                "gen_ai.usage.input_tokens" => info_span!("s", gen_ai.usage.input_tokens = written),
                "gen_ai.usage.output_tokens" => {
                    info_span!("s", gen_ai.usage.output_tokens = written)
                }
                "gen_ai.request.max_tokens" => info_span!("s", gen_ai.request.max_tokens = written),
                "gen_ai.request.temperature" => {
                    info_span!("s", gen_ai.request.temperature = written)
                }
                "gen_ai.request.stream" => info_span!("s", gen_ai.request.stream = written),
                "gen_ai.response.finish_reasons" => {
                    info_span!("s", gen_ai.response.finish_reasons = written)
                }
                "gen_ai.request.model" => info_span!("s", gen_ai.request.model = written),
                "gen_ai.request.seed" => info_span!("s", gen_ai.request.seed = written),
                "gen_ai.input.messages" => info_span!("s", gen_ai.input.messages = written),
                "user.count" => info_span!("s", user.count = written),
                _ => info_span!("s", user.note = written),
            };
            drop(span);
        });
        let value = pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        assert_eq!(value, Some(&expected), "{key}: {written}");
    }
    let (_, pairs) = recorded(|| drop(info_span!("s", gen_ai.request.seed = ?None::<i64>)));
    assert!(pairs.iter().all(|(key, _)| key != "gen_ai.request.seed"), "{pairs:?}");
}

#[test]
fn older_keys_are_those_of_today() {
    let (_, pairs) = recorded(|| {
        let span = info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.system = "xai",
            model = "grok-4",
            gen_ai.usage.prompt_tokens = 10_u64,
            completion_tokens = 5_u64,
            gen_ai.usage.reasoning_tokens = 2_u64,
            gen_ai.usage.cached_tokens = 1_u64,
            gen_ai.usage.cache_write.input_tokens = 3_u64,
            gen_ai.response.finish_reason = "stop",
        );
        drop(span);
    });
    let of = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    for (key, value) in [
        ("gen_ai.provider.name", Value::from("x_ai")),
        ("gen_ai.request.model", Value::from("grok-4")),
        ("gen_ai.usage.input_tokens", Value::from(10)),
        ("gen_ai.usage.output_tokens", Value::from(5)),
        ("gen_ai.usage.reasoning.output_tokens", Value::from(2)),
        ("gen_ai.usage.cache_read.input_tokens", Value::from(1)),
        ("gen_ai.usage.cache_creation.input_tokens", Value::from(3)),
        ("gen_ai.response.finish_reasons", Value::from(["stop"])),
    ] {
        assert_eq!(of(key), Some(value), "{key}: {pairs:?}");
    }
    // Those of the type come first, and nothing is left of the others.
    assert_eq!(pairs.len(), 3 + 8, "{pairs:?}");
    let (_, pairs) = recorded(|| {
        drop(info_span!("s", gen_ai.system = "other", gen_ai.provider.name = "OpenAI"));
    });
    assert!(pairs.contains(&("gen_ai.provider.name".to_owned(), "openai".into())), "{pairs:?}");
    let (_, pairs) = recorded(|| drop(info_span!("work", model = "plane", prompt_tokens = 1)));
    assert_eq!(pairs[1].0, "model", "no call, no key of one");
}

/// The tokens of an agent would count twice beside those of its calls.
#[test]
fn the_tokens_of_an_agent_stand_apart() {
    let (_, pairs) = recorded(|| {
        let span = info_span!(
            "invoke_agent",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.agent.name = "planner",
            gen_ai.usage.input_tokens = Empty,
        );
        span.record("gen_ai.usage.input_tokens", 30_u64);
    });
    assert!(pairs.contains(&("prela.usage.input_tokens".to_owned(), 30.into())), "{pairs:?}");
    assert!(pairs.contains(&("agent.name".to_owned(), "planner".into())), "{pairs:?}");
    assert!(pairs.iter().all(|(key, _)| !key.starts_with("gen_ai.usage.")), "{pairs:?}");
}

#[test]
fn content_stays_here_unless_it_is_asked_for() {
    const SECRET: &str = "the user's words";
    let write = || {
        let chat = info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.system_instructions = SECRET,
            gen_ai.input.messages = Empty,
            gen_ai.output.messages = Empty,
            gen_ai.prompt = SECRET,
            gen_ai.completion = SECRET,
            "gen_ai.prompt.0.content" = SECRET,
            gen_ai.tool.definitions = SECRET,
            langfuse.observation.input = SECRET,
            input = SECRET,
        );
        chat.record("gen_ai.input.messages", SECRET);
        chat.record("gen_ai.output.messages", SECRET);
        chat.in_scope(|| {
            trace!(target: "rig::completions", "request: {SECRET}");
            info!(target: "rig::agent", "args: {SECRET}");
            info!(gen_ai.event.content = 1, gen_ai.completion = SECRET, "heard");
            warn!(target: "rig::agent", "slow");
        });
        let tool = info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = "search",
            gen_ai.tool.call.arguments = SECRET,
            gen_ai.tool.call.result = Empty,
            input.value = SECRET,
        );
        tool.record("gen_ai.tool.call.result", SECRET);
    };
    let shown = |with_content| {
        let capture = Capture::new();
        run_with(&capture, layer().with_content(with_content), write);
        let spans = format!("{:?}", capture.spans());
        (spans.matches(SECRET).count(), spans, capture.tree())
    };
    let (count, spans, tree) = shown(false);
    assert_eq!(count, 0, "{spans}");
    assert!(tree.contains("• heard") && tree.contains("• slow"), "{tree}");
    let (count, spans, _) = shown(true);
    assert_eq!(count, 15, "{spans}");
    assert!(spans.contains("input.value") && spans.contains("output.value"), "{spans}");
}

#[test]
fn content_is_recorded_as_the_instance_says() {
    for (of_instance, of_layer, is_there) in [
        (None, None, false),
        (Some(true), None, true),
        (Some(true), Some(false), false),
        (Some(false), Some(true), false),
    ] {
        let capture = Capture::with(|builder| match of_instance {
            Some(is_on) => builder.capture_content(is_on),
            None => builder,
        });
        let layer = match of_layer {
            Some(is_on) => layer().with_content(is_on),
            None => layer(),
        };
        run_with(&capture, layer, || {
            info_span!("chat", gen_ai.operation.name = "chat", gen_ai.input.messages = "words")
                .in_scope(|| ());
        });
        let has = capture.spans()[0].attribute("gen_ai.input.messages").is_some();
        assert_eq!(has, is_there, "{of_instance:?} {of_layer:?}");
    }
}
