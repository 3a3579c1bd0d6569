//! Attribute keys and event names: the only place that spells them.
//!
//! Names for model calls and agents are in `semconv/`; which type of span has which kind is in `span_type.rs`.

mod conventions;
#[cfg(feature = "genai")]
pub(crate) mod genai;
#[cfg(feature = "genai")]
pub(crate) mod openinference;
mod profiles;
#[cfg(feature = "genai")]
mod side;

pub use self::conventions::Conventions;
pub(crate) use self::profiles::*;
#[cfg(feature = "genai")]
pub(crate) use self::side::Side;

// Prela's own.
pub(crate) const PRELA_SPAN_TYPE: &str = "prela.span.type";
/// Items that a traced stream yielded.
pub(crate) const PRELA_STREAM_ITEMS: &str = "prela.stream.items";
/// Seconds from the start of a traced stream to its first item.
pub(crate) const PRELA_STREAM_TIME_TO_FIRST_ITEM: &str = "prela.stream.time_to_first_item";
/// The rule by which a trace was recorded.
pub(crate) const PRELA_SAMPLER_RULE: &str = "prela.sampler.rule";
#[cfg(feature = "metrics")]
pub(crate) const PRELA_SAMPLER_DECISION: &str = "prela.sampler.decision";
#[cfg(feature = "metrics")]
pub(crate) const PRELA_SAMPLER_DECISIONS_METRIC: &str = "prela.sampler.decisions";
#[cfg(feature = "metrics")]
pub(crate) const PRELA_SAMPLER_RULE_DECISIONS_METRIC: &str = "prela.sampler.rule.decisions";
/// Precedes an attribute's key: the length of its value in bytes before it was cut.
pub(crate) const ORIGINAL_LENGTH_PREFIX: &str = "prela.original_length.";
/// On a resource: keys of baggage entries that its spans have as attributes.
pub(crate) const PRELA_BAGGAGE_ATTRIBUTES: &str = "prela.baggage.attributes";
/// On what is sent of a span before it ends.
#[cfg(feature = "__otlp")]
pub(crate) const PRELA_PENDING: &str = "prela.pending";
/// Why the tail rule kept a trace that the sampler had left out.
pub(crate) const PRELA_KEPT_BY: &str = "prela.kept_by";
#[cfg(feature = "macros")]
pub(crate) const PRELA_RETURN: &str = "prela.return";

// GenAI.
pub(crate) const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const GEN_AI_CONVERSATION_ID: &str = "gen_ai.conversation.id";
pub(crate) const GEN_AI_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";

/// Precedes the names of the conventions, any of which may come in by `tracing`.
#[cfg(feature = "tracing")]
pub(crate) const GEN_AI_PREFIX: &str = "gen_ai.";
/// Precedes the numbers of tokens that an agent used altogether.
#[cfg(feature = "tracing")]
pub(crate) const PRELA_USAGE_PREFIX: &str = "prela.usage.";

#[cfg(feature = "metrics")]
mod metrics {
    pub(crate) const GEN_AI_TOKEN_USAGE_METRIC: &str = "gen_ai.client.token.usage";
    pub(crate) const GEN_AI_DURATION_METRIC: &str = "gen_ai.client.operation.duration";
    pub(crate) const GEN_AI_INFERENCE_DURATION_METRIC: &str = "gen_ai.client.inference.duration";
    /// Before a kind of tokens.
    pub(crate) const GEN_AI_INFERENCE_USAGE_PREFIX: &str = "gen_ai.client.inference.usage.";
    pub(crate) const GEN_AI_INFERENCE_OPERATION_PREFIX: &str = "gen_ai.client.inference.operation.";
    pub(crate) const GEN_AI_AGENT_DURATION_METRIC: &str = "gen_ai.invoke_agent.duration";
    pub(crate) const GEN_AI_TOOL_DURATION_METRIC: &str = "gen_ai.execute_tool.duration";
    pub(crate) const GEN_AI_WORKFLOW_DURATION_METRIC: &str = "gen_ai.invoke_workflow.duration";
    pub(crate) const GEN_AI_TIME_TO_FIRST_CHUNK_METRIC: &str =
        "gen_ai.client.operation.time_to_first_chunk";
    pub(crate) const GEN_AI_TIME_PER_OUTPUT_CHUNK_METRIC: &str =
        "gen_ai.client.operation.time_per_output_chunk";
    pub(crate) const GEN_AI_TOKEN_TYPE: &str = "gen_ai.token.type";
    pub(crate) const GEN_AI_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
    pub(crate) const GEN_AI_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
    pub(crate) const GEN_AI_USAGE_PREFIX: &str = "gen_ai.usage.";
    pub(crate) const GEN_AI_CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
    pub(crate) const GEN_AI_CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
    pub(crate) const GEN_AI_REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
    pub(crate) const GEN_AI_AGENT_NAME: &str = "gen_ai.agent.name";
    pub(crate) const GEN_AI_TOOL_NAME: &str = "gen_ai.tool.name";
    pub(crate) const GEN_AI_TOOL_TYPE: &str = "gen_ai.tool.type";
    pub(crate) const GEN_AI_WORKFLOW_NAME: &str = "gen_ai.workflow.name";
    pub(crate) const GEN_AI_PROVIDER_NAME: &str = "gen_ai.provider.name";
    pub(crate) const GEN_AI_REQUEST_MODEL: &str = "gen_ai.request.model";
    pub(crate) const GEN_AI_RESPONSE_MODEL: &str = "gen_ai.response.model";
    pub(crate) const SERVER_ADDRESS: &str = "server.address";
    pub(crate) const SERVER_PORT: &str = "server.port";
}
#[cfg(feature = "metrics")]
pub(crate) use self::metrics::*;

// OpenInference.
pub(crate) const OPENINFERENCE_SPAN_KIND: &str = "openinference.span.kind";

// What programs call inputs and outputs for which no convention has a name; see typed spans.
#[cfg(feature = "genai")]
pub(crate) const INPUT: &str = "input";
#[cfg(feature = "genai")]
pub(crate) const OUTPUT: &str = "output";
#[cfg(feature = "genai")]
pub(crate) const QUERY: &str = "query";
/// What a search found.
#[cfg(feature = "genai")]
pub(crate) const RESULTS_COUNT: &str = "results_count";
/// What the calls of an agent used together. By the conventions an agent has no usage of its own, which would
/// count twice.
#[cfg(feature = "genai")]
pub(crate) const PRELA_USAGE_INPUT_TOKENS: &str = "prela.usage.input_tokens";
#[cfg(feature = "genai")]
pub(crate) const PRELA_USAGE_OUTPUT_TOKENS: &str = "prela.usage.output_tokens";

// Errors.
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const EXCEPTION_EVENT: &str = "exception";
pub(crate) const EXCEPTION_TYPE: &str = "exception.type";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
pub(crate) const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
pub(crate) const EXCEPTION_ESCAPED: &str = "exception.escaped";
/// `error.type` of a future or stream that was dropped before its end, and the name of its event.
pub(crate) const CANCELLED: &str = "cancelled";
pub(crate) const PANIC: &str = "panic";

// Requests, sessions and users.
pub(crate) const REQUEST_ID: &str = "request.id";
pub(crate) const SESSION_ID: &str = "session.id";
pub(crate) const SESSION_OPERATION: &str = "session.operation";
pub(crate) const SESSION_OPERATION_NUMBER: &str = "session.operation_number";
pub(crate) const USER_ID: &str = "user.id";
pub(crate) const USER_TRACED: &str = "user.traced";

/// The key for what is known of one attempt, such as `_failed`; an empty `what`: that it began.
#[cfg(feature = "retry")]
pub(crate) fn retry_attempt(number: u32, what: &str) -> String {
    format!("retry.attempt_{number}{what}")
}
/// Whether a key is one of [`retry_attempt`] whose value is not the text of an error.
#[cfg(feature = "retry")]
fn is_state_of_attempt(key: &str) -> bool {
    let Some(rest) = key.strip_prefix("retry.attempt_") else { return false };
    matches!(rest.trim_start_matches(|c: char| c.is_ascii_digit()), "" | "_error_type")
}
#[cfg(feature = "retry")]
mod retry {
    pub(crate) const RETRY_ATTEMPT: &str = "retry.attempt";
    pub(crate) const RETRY_MAX_ATTEMPTS: &str = "retry.max_attempts";
    /// Seconds.
    pub(crate) const RETRY_BACKOFF: &str = "retry.backoff";
    pub(crate) const RETRY_SUCCEEDED_AT_ATTEMPT: &str = "retry.succeeded_at_attempt";
    pub(crate) const RETRY_TOTAL_ATTEMPTS: &str = "retry.total_attempts";
    pub(crate) const RETRY_ALL_FAILED: &str = "retry.all_failed";
}
#[cfg(feature = "retry")]
pub(crate) use self::retry::*;

#[cfg(feature = "resources")]
mod resources {
    pub(crate) const RESOURCES_DURATION_MS: &str = "resources.duration_ms";
    pub(crate) const RESOURCES_CPU_TIME_MS: &str = "resources.cpu_time_ms";
    pub(crate) const RESOURCES_CPU_AFTER: &str = "resources.cpu_after_%";
    pub(crate) const RESOURCES_MEMORY_BEFORE_MB: &str = "resources.memory_before_mb";
    pub(crate) const RESOURCES_MEMORY_AFTER_MB: &str = "resources.memory_after_mb";
    pub(crate) const RESOURCES_MEMORY_DELTA_MB: &str = "resources.memory_delta_mb";
}
#[cfg(feature = "resources")]
pub(crate) use self::resources::*;

// Threads and tasks.
pub(crate) const THREAD_ID: &str = "thread.id";
pub(crate) const THREAD_NAME: &str = "thread.name";
/// Tokio's number of a task.
pub(crate) const PRELA_TASK_ID: &str = "prela.task.id";
/// On a root that began with an empty context on a thread to which contexts were carried before.
pub(crate) const PRELA_CONTEXT_ABSENT: &str = "prela.context.absent";

// Code.
#[cfg(feature = "macros")]
pub(crate) const CODE_FUNCTION_NAME: &str = "code.function.name";

#[cfg(feature = "tracing")]
mod tracing {
    pub(crate) const CODE_FILE_PATH: &str = "code.file.path";
    pub(crate) const CODE_LINE_NUMBER: &str = "code.line.number";
    pub(crate) const CODE_NAMESPACE: &str = "code.namespace";
    pub(crate) const BUSY_NS: &str = "busy_ns";
    pub(crate) const IDLE_NS: &str = "idle_ns";
}
#[cfg(feature = "tracing")]
pub(crate) use self::tracing::*;

// Resource.
pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const SERVICE_INSTANCE_ID: &str = "service.instance.id";
pub(crate) const PROCESS_PID: &str = "process.pid";
pub(crate) const TELEMETRY_SDK_NAME: &str = "telemetry.sdk.name";
pub(crate) const TELEMETRY_SDK_LANGUAGE: &str = "telemetry.sdk.language";
pub(crate) const TELEMETRY_SDK_VERSION: &str = "telemetry.sdk.version";

/// HTTP, and RPC for gRPC over it.
///
/// Sources: [HTTP spans](https://opentelemetry.io/docs/specs/semconv/http/http-spans/) (stable),
/// [gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/) (release candidate).
#[cfg(feature = "http")]
pub(crate) mod http {
    pub(crate) const REQUEST_METHOD: &str = "http.request.method";
    /// The method as it came in, where [`REQUEST_METHOD`] is [`OTHER`].
    pub(crate) const REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
    pub(crate) const RESPONSE_STATUS_CODE: &str = "http.response.status_code";
    pub(crate) const ROUTE: &str = "http.route";
    pub(crate) const URL_FULL: &str = "url.full";
    pub(crate) const URL_PATH: &str = "url.path";
    pub(crate) const URL_SCHEME: &str = "url.scheme";
    pub(crate) const SERVER_ADDRESS: &str = "server.address";
    pub(crate) const SERVER_PORT: &str = "server.port";
    pub(crate) const CLIENT_ADDRESS: &str = "client.address";
    pub(crate) const USER_AGENT_ORIGINAL: &str = "user_agent.original";
    pub(crate) const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";

    pub(crate) const RPC_SYSTEM_NAME: &str = "rpc.system.name";
    pub(crate) const RPC_METHOD: &str = "rpc.method";
    pub(crate) const RPC_RESPONSE_STATUS_CODE: &str = "rpc.response.status_code";

    /// See [`is_identifier`](super::is_identifier).
    pub(super) const IDENTIFIERS: &[&str] = &[
        REQUEST_METHOD,
        ROUTE,
        URL_SCHEME,
        SERVER_ADDRESS,
        CLIENT_ADDRESS,
        NETWORK_PROTOCOL_VERSION,
        RPC_SYSTEM_NAME,
        RPC_METHOD,
        RPC_RESPONSE_STATUS_CODE,
    ];

    /// The value for an unknown method, or an unknown `error.type`.
    pub(crate) const OTHER: &str = "_OTHER";
    /// The event of a client's response whose body was not read to its end.
    pub(crate) const BODY_INCOMPLETE: &str = "body.incomplete";
    /// `error.type` of a request that took too long.
    pub(crate) const TIMEOUT: &str = "timeout";
}

/// The Model Context Protocol, and JSON-RPC below it.
///
/// Source: [MCP](https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/mcp.md).
#[cfg(feature = "mcp")]
pub(crate) mod mcp {
    pub(crate) const METHOD_NAME: &str = "mcp.method.name";
    pub(crate) const SESSION_ID: &str = "mcp.session.id";
    pub(crate) const PROTOCOL_VERSION: &str = "mcp.protocol.version";
    pub(crate) const RESOURCE_URI: &str = "mcp.resource.uri";
    pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
    pub(crate) const REQUEST_ID: &str = "jsonrpc.request.id";
    /// JSON-RPC's code of an error.
    pub(crate) use crate::semconv::http::RPC_RESPONSE_STATUS_CODE as STATUS_CODE;

    /// `error.type` of a tool that says that it failed.
    pub(crate) const TOOL_ERROR: &str = "tool_error";

    /// See [`is_identifier`](super::is_identifier).
    pub(super) const IDENTIFIERS: &[&str] =
        &[METHOD_NAME, SESSION_ID, PROTOCOL_VERSION, PROMPT_NAME, REQUEST_ID];
}

/// Calls of models, as `prela::llm` records them.
#[cfg(feature = "llm")]
pub(crate) mod llm {
    /// The ids of the calls of tools that a model asks for, in order.
    pub(crate) const TOOL_CALL_IDS: &str = "prela.tool_call.ids";
    /// The names of these tools.
    pub(crate) const TOOL_CALL_NAMES: &str = "prela.tool_call.names";

    /// The event of an attempt after the first.
    pub(crate) const RETRY_EVENT: &str = "retry";
    /// Attempts before this one.
    pub(crate) const RESEND_COUNT: &str = "http.request.resend_count";
}

/// Whether the value of a key that Prela writes is an identifier, such as a type, an id or an address. These are
/// never cut: a part would be another identifier.
pub(crate) fn is_identifier(key: &str) -> bool {
    #[cfg(feature = "macros")]
    if key == CODE_FUNCTION_NAME {
        return true;
    }
    #[cfg(feature = "http")]
    if http::IDENTIFIERS.contains(&key) {
        return true;
    }
    #[cfg(feature = "genai")]
    if genai::IDENTIFIERS.contains(&key) {
        return true;
    }
    #[cfg(feature = "mcp")]
    if mcp::IDENTIFIERS.contains(&key) {
        return true;
    }
    #[cfg(feature = "retry")]
    if is_state_of_attempt(key) {
        return true;
    }
    IDENTIFIERS.contains(&key)
}

/// Whether a value that Prela writes may be JSON in a text.
#[cfg(feature = "genai")]
pub(crate) fn is_json(key: &str) -> bool {
    genai::JSON.contains(&key)
        || [openinference::INPUT_VALUE, openinference::OUTPUT_VALUE].contains(&key)
        || [TRACELOOP_ENTITY_INPUT, TRACELOOP_ENTITY_OUTPUT].contains(&key)
        || openinference::JSON_KEYS.iter().any(|end| key.ends_with(end))
}

/// Attributes that say nothing new to a person: those of the span's type, and those whose value the named other
/// attribute has too.
pub(crate) const REPEATING: &[(&str, Option<&str>)] = &[
    (PRELA_SPAN_TYPE, None),
    (GEN_AI_OPERATION_NAME, None),
    (OPENINFERENCE_SPAN_KIND, None),
    ("gen_ai.tool.name", Some("tool.name")),
    // The agent itself is above it.
    ("gen_ai.agent.name", None),
    ("input.value", Some("input")),
    ("output.value", Some("output")),
    ("input.value", Some("gen_ai.tool.call.arguments")),
    ("output.value", Some("gen_ai.tool.call.result")),
    ("input.value", Some("gen_ai.retrieval.query.text")),
    ("output.value", Some("gen_ai.retrieval.documents")),
    ("input.value", Some("gen_ai.input.messages")),
    ("output.value", Some("gen_ai.output.messages")),
    ("gen_ai.retrieval.query.text", Some("query")),
    ("input.value", Some("query")),
    ("input.mime_type", None),
    ("output.mime_type", None),
];

/// Attributes that may be empty, written only because backends want both.
pub(crate) const FILLED: &[&str] = &["input.value", "output.value"];

const IDENTIFIERS: &[&str] = &[
    PRELA_SPAN_TYPE,
    PRELA_SAMPLER_RULE,
    PRELA_KEPT_BY,
    GEN_AI_OPERATION_NAME,
    OPENINFERENCE_SPAN_KIND,
    TRACELOOP_SPAN_KIND,
    LANGFUSE_TYPE,
    HONEYHIVE_EVENT_TYPE,
    ERROR_TYPE,
    EXCEPTION_TYPE,
    REQUEST_ID,
    SESSION_ID,
    USER_ID,
];
