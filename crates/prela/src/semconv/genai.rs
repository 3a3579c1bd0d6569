//! OpenTelemetry's GenAI conventions: the names of 1.41.1, which backends read, and where newer ones differ.
//!
//! Source: [GenAI spans](https://github.com/open-telemetry/semantic-conventions-genai).

pub(crate) const PROVIDER_NAME: &str = "gen_ai.provider.name";
pub(crate) use super::GEN_AI_CONVERSATION_ID as CONVERSATION_ID;
pub(crate) const OUTPUT_TYPE: &str = "gen_ai.output.type";

pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const REQUEST_MAX_TOKENS: &str = "gen_ai.request.max_tokens";
pub(crate) const REQUEST_TEMPERATURE: &str = "gen_ai.request.temperature";
pub(crate) const REQUEST_TOP_P: &str = "gen_ai.request.top_p";
pub(crate) const REQUEST_TOP_K: &str = "gen_ai.request.top_k";
pub(crate) const REQUEST_FREQUENCY_PENALTY: &str = "gen_ai.request.frequency_penalty";
pub(crate) const REQUEST_PRESENCE_PENALTY: &str = "gen_ai.request.presence_penalty";
pub(crate) const REQUEST_STOP_SEQUENCES: &str = "gen_ai.request.stop_sequences";
pub(crate) const REQUEST_SEED: &str = "gen_ai.request.seed";
pub(crate) const REQUEST_CHOICE_COUNT: &str = "gen_ai.request.choice.count";
pub(crate) const REQUEST_STREAM: &str = "gen_ai.request.stream";
pub(crate) const REQUEST_ENCODING_FORMATS: &str = "gen_ai.request.encoding_formats";
pub(crate) const EMBEDDINGS_DIMENSION_COUNT: &str = "gen_ai.embeddings.dimension.count";

/// The name of a parameter without its prefix, as providers have it.
pub(crate) fn parameter(key: &str) -> &str {
    let name = key.strip_prefix("gen_ai.").unwrap_or(key);
    name.strip_prefix("request.").unwrap_or(name)
}

pub(crate) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";

pub(crate) const USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(crate) const USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(crate) const USAGE_CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
pub(crate) const USAGE_REASONING: &str = "gen_ai.usage.reasoning.output_tokens";

pub(crate) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
pub(crate) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub(crate) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
/// The event that has the messages, if they are asked for in events.
pub(crate) const INFERENCE_DETAILS_EVENT: &str = "gen_ai.client.inference.operation.details";

pub(crate) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(crate) const AGENT_ID: &str = "gen_ai.agent.id";
pub(crate) const AGENT_DESCRIPTION: &str = "gen_ai.agent.description";
pub(crate) const AGENT_VERSION: &str = "gen_ai.agent.version";
pub(crate) const WORKFLOW_NAME: &str = "gen_ai.workflow.name";

pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(crate) const TOOL_TYPE: &str = "gen_ai.tool.type";
pub(crate) const TOOL_DESCRIPTION: &str = "gen_ai.tool.description";
pub(crate) const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
pub(crate) const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
pub(crate) const TOOL_CALL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
pub(crate) const TOOL_CALL_RESULT: &str = "gen_ai.tool.call.result";

pub(crate) const DATA_SOURCE_ID: &str = "gen_ai.data_source.id";
pub(crate) const RETRIEVAL_QUERY: &str = "gen_ai.retrieval.query.text";
pub(crate) const RETRIEVAL_DOCUMENTS: &str = "gen_ai.retrieval.documents";

/// The event of a judgement, on the span that is judged.
pub(crate) const EVALUATION_EVENT: &str = "gen_ai.evaluation.result";
pub(crate) const EVALUATION_NAME: &str = "gen_ai.evaluation.name";
pub(crate) const EVALUATION_SCORE: &str = "gen_ai.evaluation.score.value";
pub(crate) const EVALUATION_LABEL: &str = "gen_ai.evaluation.score.label";
pub(crate) const EVALUATION_EXPLANATION: &str = "gen_ai.evaluation.explanation";

/// Which names of OpenTelemetry's GenAI conventions are written; for
/// [`Builder::semconv_version`](crate::Builder::semconv_version).
///
/// | | [`V1_41`](Self::V1_41) | [`Latest`](Self::Latest) |
/// |---|---|---|
/// | tokens written to a cache | `gen_ai.usage.cache_creation.input_tokens` | `gen_ai.usage.cache_write.input_tokens` |
/// | documents that a search may find | `gen_ai.request.top_k` | `gen_ai.retrieval.top_k` |
///
/// Never both: a backend that knows only one would take the other for an additional value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SemconvVersion {
    /// 1.41: what Phoenix, Langfuse and Datadog read. The default.
    #[default]
    V1_41,
    /// The newest names that Prela knows. They are in development, so a later Prela may write others.
    Latest,
}

impl SemconvVersion {
    /// The key for the tokens of the input that were written to a cache.
    pub(crate) const fn cache_written(self) -> &'static str {
        match self {
            Self::V1_41 => "gen_ai.usage.cache_creation.input_tokens",
            Self::Latest => "gen_ai.usage.cache_write.input_tokens",
        }
    }

    /// The key for how many documents a search may find.
    pub(crate) const fn retrieval_top_k(self) -> &'static str {
        match self {
            Self::V1_41 => REQUEST_TOP_K,
            Self::Latest => "gen_ai.retrieval.top_k",
        }
    }
}

/// See [`is_json`](super::is_json).
pub(super) const JSON: &[&str] = &[
    SYSTEM_INSTRUCTIONS,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    TOOL_DEFINITIONS,
    TOOL_CALL_ARGUMENTS,
    TOOL_CALL_RESULT,
    RETRIEVAL_DOCUMENTS,
];

/// See [`is_identifier`](super::is_identifier).
pub(super) const IDENTIFIERS: &[&str] = &[
    PROVIDER_NAME,
    CONVERSATION_ID,
    REQUEST_MODEL,
    RESPONSE_ID,
    RESPONSE_MODEL,
    AGENT_NAME,
    AGENT_ID,
    WORKFLOW_NAME,
    TOOL_NAME,
    TOOL_TYPE,
    TOOL_CALL_ID,
    DATA_SOURCE_ID,
];
