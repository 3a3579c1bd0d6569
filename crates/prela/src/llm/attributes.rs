//! What a span says of a call of a model: the one place where a record becomes attributes.

use super::CallRecord;
use crate::genai::{Message, Part, ToolDefinition};
use crate::semconv::llm as keys;
use crate::semconv::{GEN_AI_OPERATION_NAME, GEN_AI_TIME_TO_FIRST_CHUNK};
use crate::{Key, Value};
use serde_json::Value as Json;

/// Whether what is said is recorded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Content {
    pub(super) is_captured: bool,
}

/// Writes what is known of a call; `Empty` sets nothing. Given a request alone, it writes what a sampler is to see.
pub(super) fn write(record: &CallRecord, content: Content, mut set: impl FnMut(Key, Value)) {
    let mut set = |key: &'static str, value: Value| set(Key::from_static_str(key), value);
    set(GEN_AI_OPERATION_NAME, record.operation.clone().into());
    set(keys::PROVIDER_NAME, record.provider.clone().into());
    set(keys::REQUEST_MODEL, record.model.clone().into());

    let parameters = &record.parameters;
    set(keys::REQUEST_MAX_TOKENS, parameters.max_tokens.into());
    set(keys::REQUEST_TEMPERATURE, parameters.temperature.into());
    set(keys::REQUEST_TOP_P, parameters.top_p.into());
    set(keys::REQUEST_TOP_K, parameters.top_k.into());
    set(keys::REQUEST_FREQUENCY_PENALTY, parameters.frequency_penalty.into());
    set(keys::REQUEST_PRESENCE_PENALTY, parameters.presence_penalty.into());
    set(keys::REQUEST_STOP_SEQUENCES, some(parameters.stop_sequences.clone()));
    set(keys::REQUEST_SEED, parameters.seed.into());
    set(keys::REQUEST_CHOICE_COUNT, parameters.choice_count.into());
    set(keys::REQUEST_STREAM, parameters.stream.filter(|stream| *stream).into());
    set(keys::OUTPUT_TYPE, parameters.output_type.clone().into());
    set(keys::REQUEST_ENCODING_FORMATS, some(parameters.encoding_formats.clone()));
    set(keys::EMBEDDINGS_DIMENSION_COUNT, parameters.dimension_count.into());

    set(keys::RESPONSE_ID, record.response.id.clone().into());
    set(keys::RESPONSE_MODEL, record.response.model.clone().into());
    set(keys::RESPONSE_FINISH_REASONS, some(record.response.finish_reasons.clone()));
    set(GEN_AI_TIME_TO_FIRST_CHUNK, record.time_to_first_chunk.into());
    let usage = record.usage.unwrap_or_default();
    set(keys::USAGE_INPUT_TOKENS, usage.input_tokens.into());
    set(keys::USAGE_OUTPUT_TOKENS, usage.output_tokens.into());
    set(keys::USAGE_CACHE_READ, usage.cache_read_input_tokens.into());
    set(keys::USAGE_CACHE_CREATION, usage.cache_creation_input_tokens.into());
    set(keys::USAGE_REASONING, usage.reasoning_output_tokens.into());
    let calls = &record.tool_calls;
    set(keys::TOOL_CALL_IDS, some(calls.iter().filter_map(|call| call.id.clone()).collect()));
    set(keys::TOOL_CALL_NAMES, some(calls.iter().map(|call| call.name.clone()).collect()));

    if content.is_captured {
        let input = &record.input;
        set(keys::INPUT_MESSAGES, json(&input.messages, Message::to_json));
        set(keys::OUTPUT_MESSAGES, json(&record.output, Message::to_json));
        set(keys::SYSTEM_INSTRUCTIONS, json(&input.system_instructions, Part::to_json));
        set(keys::TOOL_DEFINITIONS, json(&input.tools, ToolDefinition::to_json));
    }
}

fn some(texts: Vec<String>) -> Value {
    Some(texts).filter(|texts| !texts.is_empty()).into()
}

/// Backends read text.
fn json<T>(all: &[T], to_json: fn(&T) -> Json) -> Value {
    let all: Option<Json> = (!all.is_empty()).then(|| all.iter().map(to_json).collect());
    all.map(|all| all.to_string()).into()
}
