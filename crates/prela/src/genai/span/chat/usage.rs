//! Writes what a provider says about its answer: id, model, reasons, tokens; and what it costs.

use crate::genai::span::content::follows;
use crate::genai::{Response, Usage};
use crate::semconv::{self, Conventions, genai, openinference as oi};
use crate::span::wording::prices::rounded;
use crate::{Span, Value};
use serde_json::json;

pub(in crate::genai::span) fn response(span: &Span, response: &Response) {
    let Response { id, model, finish_reasons } = response;
    span.set_attribute(genai::RESPONSE_ID, id.clone());
    span.set_attribute(genai::RESPONSE_MODEL, model.clone());
    if let Some(first) = finish_reasons.first() {
        span.set_attribute(genai::RESPONSE_FINISH_REASONS, finish_reasons.clone());
        if follows(span, Conventions::OPENINFERENCE) {
            span.set_attribute(oi::FINISH_REASON, first.as_str());
        }
    }
    // The answering model's name is more exact, and may have another price.
    if model.is_some() {
        charge(span);
    }
}

pub(in crate::genai::span) fn usage(span: &Span, usage: Usage) {
    let version = span.wording().map(|wording| wording.version).unwrap_or_default();
    let Usage {
        input_tokens,
        output_tokens,
        cache_read_input_tokens,
        cache_creation_input_tokens,
        reasoning_output_tokens,
    } = usage;
    span.set_attribute(genai::USAGE_INPUT_TOKENS, input_tokens);
    span.set_attribute(genai::USAGE_OUTPUT_TOKENS, output_tokens);
    span.set_attribute(genai::USAGE_CACHE_READ, cache_read_input_tokens);
    span.set_attribute(version.cache_written(), cache_creation_input_tokens);
    span.set_attribute(genai::USAGE_REASONING, reasoning_output_tokens);
    if follows(span, Conventions::OPENINFERENCE) {
        span.set_attribute(oi::TOKENS_PROMPT, input_tokens);
        span.set_attribute(oi::TOKENS_COMPLETION, output_tokens);
        span.set_attribute(oi::TOKENS_TOTAL, usage.total_tokens());
        span.set_attribute(oi::TOKENS_CACHE_READ, cache_read_input_tokens);
        span.set_attribute(oi::TOKENS_CACHE_WRITE, cache_creation_input_tokens);
        span.set_attribute(oi::TOKENS_REASONING, reasoning_output_tokens);
    }
    charge(span);
}

/// Writes the cost of what was used so far, if there is a price.
fn charge(span: &Span) {
    let Some(wording) = span.wording().filter(|wording| !wording.prices.is_empty()) else { return };
    let price =
        [genai::RESPONSE_MODEL, genai::REQUEST_MODEL].into_iter().find_map(|key| {
            match span.attribute(key)? {
                Value::String(model) => wording.prices.of(model.as_str()),
                _ => None,
            }
        });
    let Some(price) = price else { return };
    let tokens = |key| match span.attribute(key) {
        Some(Value::I64(tokens)) => u64::try_from(tokens).ok(),
        _ => None,
    };
    let (input, output) = (tokens(genai::USAGE_INPUT_TOKENS), tokens(genai::USAGE_OUTPUT_TOKENS));
    if input.or(output).is_none() {
        return;
    }
    let part = |key| tokens(key).unwrap_or_default();
    let (input, output) = price.cost(
        input.unwrap_or_default(),
        part(genai::USAGE_CACHE_READ),
        part(wording.version.cache_written()),
        output.unwrap_or_default(),
    );
    write_cost(span, Some((input, output)), rounded(input + output));
}

pub(super) fn write_cost(span: &Span, parts: Option<(f64, f64)>, total: f64) {
    span.set_attribute(oi::COST_TOTAL, total);
    if follows(span, Conventions::OPENINFERENCE) {
        span.set_attribute(oi::COST_PROMPT, parts.map(|(input, _)| input));
        span.set_attribute(oi::COST_COMPLETION, parts.map(|(_, output)| output));
    }
    if follows(span, Conventions::LANGFUSE) {
        let details = match parts {
            Some((input, output)) => json!({"input": input, "output": output, "total": total}),
            None => json!({"total": total}),
        };
        span.set_attribute(semconv::LANGFUSE_COST, details.to_string());
    }
}
