//! Attribute keys and event names: the only place that spells them.
//!
//! OpenTelemetry's GenAI conventions are those of 1.41.1, the version that backends read.

// Prela's own.
pub(crate) const PRELA_SPAN_TYPE: &str = "prela.span.type";
/// Items that a traced stream gave.
pub(crate) const PRELA_STREAM_ITEMS: &str = "prela.stream.items";
/// Seconds from the start of a traced stream to its first item.
pub(crate) const PRELA_STREAM_TIME_TO_FIRST_ITEM: &str = "prela.stream.time_to_first_item";
/// The rule that a trace was recorded by.
pub(crate) const PRELA_SAMPLER_RULE: &str = "prela.sampler.rule";
#[cfg(feature = "metrics")]
pub(crate) const PRELA_SAMPLER_DECISION: &str = "prela.sampler.decision";
#[cfg(feature = "metrics")]
pub(crate) const PRELA_SAMPLER_DECISIONS_METRIC: &str = "prela.sampler.decisions";
#[cfg(feature = "metrics")]
pub(crate) const PRELA_SAMPLER_RULE_DECISIONS_METRIC: &str = "prela.sampler.rule.decisions";
#[cfg(feature = "macros")]
pub(crate) const PRELA_RETURN: &str = "prela.return";

// GenAI.
pub(crate) const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const GEN_AI_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";

// OpenInference.
pub(crate) const OPENINFERENCE_SPAN_KIND: &str = "openinference.span.kind";

// Errors.
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const EXCEPTION_EVENT: &str = "exception";
pub(crate) const EXCEPTION_TYPE: &str = "exception.type";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
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

/// What is known of one attempt, as `_failed`; nothing: that it began.
#[cfg(feature = "retry")]
pub(crate) fn retry_attempt(number: u32, what: &str) -> String {
    format!("retry.attempt_{number}{what}")
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

// Code.
#[cfg(feature = "macros")]
pub(crate) const CODE_FUNCTION_NAME: &str = "code.function.name";

// Resource.
pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const TELEMETRY_SDK_NAME: &str = "telemetry.sdk.name";
pub(crate) const TELEMETRY_SDK_LANGUAGE: &str = "telemetry.sdk.language";
pub(crate) const TELEMETRY_SDK_VERSION: &str = "telemetry.sdk.version";
