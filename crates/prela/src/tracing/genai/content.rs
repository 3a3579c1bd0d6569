//! Which attributes hold what people and models say to each other.

use crate::SpanType;
use crate::semconv::{GEN_AI_PREFIX, LANGFUSE_PREFIX, TRACELOOP_ENTITY};

/// Whether an attribute is content: messages, arguments, results, documents.
pub(super) fn is_content(key: &str, span_type: SpanType) -> bool {
    if let Some(name) = key.strip_prefix(GEN_AI_PREFIX) {
        return GEN_AI.iter().any(|known| is_or_is_below(name, known));
    }
    let is_typed = span_type != SpanType::Custom;
    OTHERS.iter().any(|known| is_or_is_below(key, known))
        || (is_typed && PLAIN.contains(&key))
        || ([LANGFUSE_PREFIX, TRACELOOP_ENTITY].iter().any(|prefix| key.starts_with(prefix))
            && (key.ends_with(".input") || key.ends_with(".output")))
}

/// Whether its value is JSON, in which quotation marks stay.
pub(super) fn is_json(key: &str) -> bool {
    key.strip_prefix(GEN_AI_PREFIX)
        .is_some_and(|name| GEN_AI.iter().any(|known| is_or_is_below(name, known)))
}

fn is_or_is_below(key: &str, known: &str) -> bool {
    key.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// OpenTelemetry's keys, without their prefix.
const GEN_AI: &[&str] = &[
    "input.messages",
    "output.messages",
    "system_instructions",
    "tool.definitions",
    "tool.call.arguments",
    "tool.call.result",
    "tool.args",
    "retrieval.query",
    "retrieval.documents",
    "input",
    "output",
    // Before version 1.37.
    "prompt",
    "completion",
    "request.messages",
    "response.text",
    "content",
];

/// OpenInference's keys.
const OTHERS: &[&str] = &[
    "input.value",
    "output.value",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.completions",
    "tool.parameters",
    "retrieval.documents",
];

/// Keys without a prefix, which are content on typed spans only.
const PLAIN: &[&str] =
    &["input", "output", "prompt", "completion", "messages", "arguments", "result", "query"];
