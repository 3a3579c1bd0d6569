//! Attribute keys and event names: the only place that spells them.
//!
//! OpenTelemetry's GenAI conventions are those of 1.41.1, the version that backends read.

// Prela's own.
pub(crate) const PRELA_SPAN_TYPE: &str = "prela.span.type";
/// Items that a traced stream gave.
pub(crate) const PRELA_STREAM_ITEMS: &str = "prela.stream.items";
/// Seconds from the start of a traced stream to its first item.
pub(crate) const PRELA_STREAM_TIME_TO_FIRST_ITEM: &str = "prela.stream.time_to_first_item";
/// Before an attribute's key: its length in bytes before it was cut.
pub(crate) const ORIGINAL_LENGTH_PREFIX: &str = "prela.original_length.";
/// Why a trace was kept that the sampler had left out.
pub(crate) const PRELA_KEPT_BY: &str = "prela.kept_by";
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

// Code.
#[cfg(feature = "macros")]
pub(crate) const CODE_FUNCTION_NAME: &str = "code.function.name";

// Resource.
pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const TELEMETRY_SDK_NAME: &str = "telemetry.sdk.name";
pub(crate) const TELEMETRY_SDK_LANGUAGE: &str = "telemetry.sdk.language";
pub(crate) const TELEMETRY_SDK_VERSION: &str = "telemetry.sdk.version";
