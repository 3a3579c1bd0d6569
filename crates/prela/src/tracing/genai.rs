//! Attributes of model, agent and tool calls, as crates that use `tracing` write them: they tell the span's
//! type, and older or other names become those of the conventions.
//!
//! `rig`, `genai`, `goose` and programs that write `gen_ai.*` by hand have provider names of their own, counts
//! and lists as text, `Option`s by their `Debug`, and operations for streams.

mod content;
mod providers;

use crate::{SpanType, Value, semconv};
use opentelemetry::Key;
use semconv::GEN_AI_PREFIX as PREFIX;

/// The span type that the attributes imply, if any.
pub(super) fn span_type(pairs: &[(Key, Value)]) -> Option<SpanType> {
    let text = |key: &str| {
        pairs.iter().find(|(known, _)| known.as_str() == key).and_then(|(_, value)| text_of(value))
    };
    let own = text(semconv::PRELA_SPAN_TYPE).and_then(|name| name.parse().ok());
    let openinference = || {
        let kind = text(semconv::OPENINFERENCE_SPAN_KIND)?;
        SpanType::ALL.into_iter().find(|it| {
            it.openinference_kind().is_some_and(|known| known.eq_ignore_ascii_case(kind))
        })
    };
    let operation = || text(semconv::GEN_AI_OPERATION_NAME).and_then(type_of_operation);
    // Older libraries name no operation: a model call was the only one.
    let is_call =
        || has(pairs, "request.model") && (has(pairs, "system") || has(pairs, "provider.name"));
    own.or_else(openinference).or_else(operation).or_else(|| is_call().then_some(SpanType::Llm))
}

fn has(pairs: &[(Key, Value)], name: &str) -> bool {
    pairs.iter().any(|(key, _)| key.as_str().strip_prefix(PREFIX) == Some(name))
}

fn type_of_operation(operation: &str) -> Option<SpanType> {
    match standard_operation(operation) {
        "chat" | "text_completion" | "generate_content" => Some(SpanType::Llm),
        "embeddings" => Some(SpanType::Embedding),
        "execute_tool" => Some(SpanType::Tool),
        "invoke_agent" | "create_agent" => Some(SpanType::Agent),
        "invoke_workflow" => Some(SpanType::Workflow),
        "retrieval" => Some(SpanType::Retrieval),
        "rerank" => Some(SpanType::Reranker),
        "plan" => Some(SpanType::Chain),
        _ => None,
    }
}

/// The conventions' name of an operation. They have none for streams, but an attribute.
fn standard_operation(operation: &str) -> &str {
    match operation.strip_suffix("_streaming").unwrap_or(operation) {
        // `interactions` is Gemini's API of that name.
        "interactions" | "completion" | "chat.completions" => "chat",
        "embedding" | "embed" => "embeddings",
        "tool_task" | "tool" => "execute_tool",
        "agent" => "invoke_agent",
        standard => standard,
    }
}

/// Corrects the attributes of a span of this type. Without content, what people and models say is left out.
pub(super) fn mend(pairs: &mut Vec<(Key, Value)>, span_type: SpanType, with_content: bool) {
    if !with_content {
        pairs.retain(|(key, _)| !content::is_content(key.as_str(), span_type));
    }
    if span_type == SpanType::Custom && !pairs.iter().any(|(key, _)| is_genai(key)) {
        return;
    }
    let given = std::mem::take(pairs);
    let names: Vec<_> = given.iter().map(|(key, _)| key.clone()).collect();
    for (key, value) in given {
        let Some(value) = unwrapped(&key, value) else { continue };
        let new = renamed(key.as_str(), span_type);
        // The conventions' own key wins over another one for the same.
        if new.as_ref().is_some_and(|new| names.iter().any(|name| name.as_str() == new)) {
            continue;
        }
        let key = new.map_or(key, Key::from);
        let value = of_its_kind(key.as_str(), value);
        add(pairs, key, value, span_type);
    }
}

fn is_genai(key: &Key) -> bool {
    key.as_str().starts_with(PREFIX)
}

/// Adds an attribute, and those that follow from it.
fn add(pairs: &mut Vec<(Key, Value)>, key: Key, value: Value, span_type: SpanType) {
    let name = key.as_str().strip_prefix(PREFIX).unwrap_or_default();
    let value = match (name, text_of(&value)) {
        ("provider.name", Some(name)) => providers::standard(name).map_or(value, Value::from),
        ("operation.name", Some(operation)) => {
            if operation.ends_with("_streaming") {
                pairs.push((format!("{PREFIX}request.stream").into(), true.into()));
            }
            Value::from(standard_operation(operation).to_owned())
        }
        _ => value,
    };
    // OpenInference's names for what backends show in their lists.
    match (name, span_type) {
        ("tool.name", SpanType::Tool) => pairs.push((TOOL_NAME.into(), value.clone())),
        ("agent.name", SpanType::Agent) => pairs.push((AGENT_NAME.into(), value.clone())),
        _ => {}
    }
    pairs.push((key, value));
}

/// The conventions' key instead of this one; none if this one stays.
fn renamed(key: &str, span_type: SpanType) -> Option<String> {
    let is_call = matches!(span_type, SpanType::Llm | SpanType::Embedding);
    let Some(name) = key.strip_prefix(PREFIX) else {
        let name = match key {
            _ if !is_call => return None,
            "prompt_tokens" | "llm.usage.prompt_tokens" => "usage.input_tokens",
            "completion_tokens" | "llm.usage.completion_tokens" => "usage.output_tokens",
            // On another span it would make some backends take that for a call.
            "model" => "request.model",
            "finish_reason" => "response.finish_reasons",
            _ => return None,
        };
        return Some(format!("{PREFIX}{name}"));
    };
    if let Some(count) = name.strip_prefix("usage.") {
        // What a whole agent used is the sum of what its calls did: beside them it would count twice.
        let is_sum = matches!(
            span_type,
            SpanType::Agent | SpanType::Workflow | SpanType::Chain | SpanType::Tool
        );
        let prefix =
            if is_sum { semconv::PRELA_USAGE_PREFIX } else { &key[..key.len() - count.len()] };
        let new = format!("{prefix}{}", usage(count).unwrap_or(count));
        return (new != key).then_some(new);
    }
    let name = match name {
        "system" => "provider.name",
        "response.finish_reason" => "response.finish_reasons",
        "response.time_to_first_token" => "response.time_to_first_chunk",
        "prompt" => return Some(INPUT_VALUE.to_owned()),
        "completion" => return Some(OUTPUT_VALUE.to_owned()),
        _ => return None,
    };
    Some(format!("{PREFIX}{name}"))
}

/// The conventions' name of a token count.
fn usage(count: &str) -> Option<&'static str> {
    Some(match count {
        "prompt_tokens" => "input_tokens",
        "completion_tokens" => "output_tokens",
        "reasoning_tokens" | "output_reasoning_tokens" => "reasoning.output_tokens",
        "cached_tokens"
        | "cached_input_tokens"
        | "cache_read_tokens"
        | "cache_read_input_tokens" => "cache_read.input_tokens",
        "cache_creation_tokens"
        | "cache_creation_input_tokens"
        | "cache_write_tokens"
        | "cache_write_input_tokens"
        | "cache_write.input_tokens" => "cache_creation.input_tokens",
        _ => return None,
    })
}

/// A value without what `Debug` put around it; none for `None`.
fn unwrapped(key: &Key, value: Value) -> Option<Value> {
    let Some(text) = text_of(&value).filter(|_| is_genai(key)) else { return Some(value) };
    if text == "None" {
        return None;
    }
    let inner = text.strip_prefix("Some(").and_then(|text| text.strip_suffix(')'));
    let is_debug = inner.is_some() || !content::is_json(key.as_str());
    let inner = inner.unwrap_or(text);
    match quoted(inner).filter(|_| is_debug) {
        Some(plain) => Some(plain.into()),
        None if inner.len() < text.len() => Some(inner.to_owned().into()),
        None => Some(value),
    }
}

/// Parses a number, a flag or a list that came as text.
fn of_its_kind(key: &str, value: Value) -> Value {
    let Some(text) = text_of(&value) else { return value };
    let name = match (key.strip_prefix(PREFIX), key.strip_prefix(semconv::PRELA_USAGE_PREFIX)) {
        (Some(name), _) => name,
        (None, Some(_)) => "usage.tokens",
        (None, None) => return value,
    };
    match name {
        _ if name.starts_with("usage.") => number(text),
        "request.max_tokens"
        | "request.top_k"
        | "request.seed"
        | "request.choice.count"
        | "embeddings.dimension.count"
        | "retrieval.top_k" => number(text),
        "request.temperature"
        | "request.top_p"
        | "request.frequency_penalty"
        | "request.presence_penalty"
        | "response.time_to_first_chunk" => text.parse::<f64>().ok().map(Value::from),
        "request.stream" => text.parse::<bool>().ok().map(Value::from),
        "response.finish_reasons" | "request.stop_sequences" | "request.encoding_formats" => {
            Some(list(text).into())
        }
        _ => None,
    }
    .unwrap_or(value)
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    let float = || text.parse::<f64>().ok().map(Value::from);
    text.parse::<i64>().ok().map(Value::from).or_else(float)
}

/// The texts of a list, as JSON and `Debug` write it; the text itself if it is no list.
fn list(text: &str) -> Vec<String> {
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let Some(mut rest) = inner else { return vec![text.to_owned()] };
    let mut texts = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',', '\n']);
        if rest.is_empty() {
            return texts;
        }
        let end = match rest.strip_prefix('"') {
            Some(inner) => end_of_quoted(inner).map(|end| end + 2),
            None => rest.find(','),
        };
        let (item, after) = rest.split_at(end.unwrap_or(rest.len()).min(rest.len()));
        texts.push(quoted(item).unwrap_or_else(|| item.trim().to_owned()));
        rest = after;
    }
}

/// What is between quotation marks, without escapes.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?;
    let end = end_of_quoted(inner).filter(|end| *end + 1 == inner.len())?;
    let (mut plain, mut is_escaped) = (String::with_capacity(end), false);
    for c in inner[..end].chars() {
        match c {
            'n' if is_escaped => plain.push('\n'),
            't' if is_escaped => plain.push('\t'),
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            c => plain.push(c),
        }
        is_escaped = false;
    }
    Some(plain)
}

fn end_of_quoted(inner: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

const TOOL_NAME: &str = "tool.name";
const AGENT_NAME: &str = "agent.name";
const INPUT_VALUE: &str = "input.value";
const OUTPUT_VALUE: &str = "output.value";
