//! The facts that the store has columns for, read once from a record that comes in.

use crate::ids::{SpanId, TraceId};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::fmt;

/// What is known of a span without reading its message again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanFacts {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span it was started in; none for a root.
    pub parent_id: Option<SpanId>,
    /// Its name.
    pub name: String,
    /// OTLP's number of its kind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i32,
    /// OTLP's number of its status: 0 unset, 1 ok, 2 error.
    pub status: i32,
    /// Nanoseconds since 1970.
    pub start_ns: i64,
    /// Nanoseconds since 1970; 0 while the span runs.
    pub end_ns: i64,
    /// What it does, such as `chat` or `execute_tool`: `gen_ai.operation.name`, or else OpenInference's or
    /// Prela's kind.
    pub operation: Option<String>,
    /// The model that answered, or that was asked.
    pub model: Option<String>,
    /// The thread it began on.
    pub thread: Option<String>,
    /// Tokens of the prompt.
    pub input_tokens: i64,
    /// Tokens of the answer.
    pub output_tokens: i64,
    /// Billionths of a US dollar.
    pub cost_nusd: i64,
}

/// Why a record is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusedRecord {
    /// Its bytes are no message of OTLP.
    Malformed,
    /// Its trace id is not 16 bytes, or is zero.
    TraceId,
    /// Its span id is not 8 bytes, or is zero.
    SpanId,
    /// Its parent's id is neither absent nor 8 bytes.
    ParentId,
}

impl fmt::Display for RefusedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not an OTLP message",
            Self::TraceId => "has a trace id that is zero or not 16 bytes long",
            Self::SpanId => "has a span id that is zero or not 8 bytes long",
            Self::ParentId => "has a parent span id that is not 8 bytes long",
        })
    }
}

impl SpanFacts {
    /// Reads a message `Span`.
    ///
    /// # Errors
    ///
    /// [`RefusedRecord`] of a span that could not be found again.
    pub fn read(message: &[u8]) -> Result<Self, RefusedRecord> {
        let span = Span::decode(message).map_err(|_| RefusedRecord::Malformed)?;
        Self::of(span)
    }

    /// Does what [`read`](Self::read) does, with a decoded message.
    ///
    /// # Errors
    ///
    /// [`RefusedRecord`] of a span that could not be found again.
    pub fn of(span: Span) -> Result<Self, RefusedRecord> {
        let attributes = &span.attributes;
        // Some SDKs write zeros for no parent.
        let parent_id = match SpanId::from_bytes(&span.parent_span_id) {
            Some(parent) => Some(parent),
            None if span.parent_span_id.iter().all(|byte| *byte == 0) => None,
            None => return Err(RefusedRecord::ParentId),
        };
        let text = |keys: &[&str]| keys.iter().find_map(|key| text(attributes, key));
        let number = |keys: &[&str]| keys.iter().find_map(|key| number(attributes, key));
        Ok(Self {
            trace_id: TraceId::from_bytes(&span.trace_id).ok_or(RefusedRecord::TraceId)?,
            span_id: SpanId::from_bytes(&span.span_id).ok_or(RefusedRecord::SpanId)?,
            parent_id,
            kind: span.kind,
            status: span.status.as_ref().map_or(0, |status| status.code),
            start_ns: nanos(span.start_time_unix_nano),
            end_ns: nanos(span.end_time_unix_nano),
            operation: text(&OPERATION),
            model: text(&MODEL),
            thread: text(&["thread.name"])
                .or_else(|| number(&["thread.id"]).map(|id| format!("{id:.0}"))),
            input_tokens: number(&INPUT_TOKENS).map_or(0, whole),
            output_tokens: number(&OUTPUT_TOKENS).map_or(0, whole),
            cost_nusd: number(&COST).map_or(0, |dollars| whole(dollars * 1e9)),
            name: span.name,
        })
    }
}

/// What is known of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFacts {
    /// The trace it belongs to, if any.
    pub trace_id: Option<TraceId>,
    /// The span it was written in.
    pub span_id: Option<SpanId>,
    /// Nanoseconds since 1970: when it was written, or if that is unknown, when it was observed.
    pub time_ns: i64,
    /// OTLP's number of its severity.
    pub severity: i32,
}

impl LogFacts {
    /// Reads a message `LogRecord`.
    ///
    /// # Errors
    ///
    /// [`RefusedRecord::Malformed`].
    pub fn read(message: &[u8]) -> Result<Self, RefusedRecord> {
        let log = LogRecord::decode(message).map_err(|_| RefusedRecord::Malformed)?;
        let time =
            if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
        Ok(Self {
            trace_id: TraceId::from_bytes(&log.trace_id),
            span_id: SpanId::from_bytes(&log.span_id),
            time_ns: nanos(time),
            severity: log.severity_number,
        })
    }
}

/// The service, and the run (one start of a process), that a message `Resource` names.
pub fn resource_facts(message: &[u8]) -> (String, Option<String>) {
    let attributes = Resource::decode(message).unwrap_or_default().attributes;
    let service = text(&attributes, "service.name").unwrap_or_default();
    let run = ["prela.run.id", "service.instance.id"].iter().find_map(|key| text(&attributes, key));
    (service, run)
}

const OPERATION: [&str; 3] =
    ["gen_ai.operation.name", "openinference.span.kind", "prela.span.type"];
const MODEL: [&str; 8] = [
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "embedding.model_name",
    "reranker.model_name",
    // Prela's SDK for Python.
    "llm.response.model",
    "llm.request.model",
    "llm.model",
];
// Prompt and completion are the names of before 2024, and of Prela's SDK for Python.
const INPUT_TOKENS: [&str; 4] = [
    "gen_ai.usage.input_tokens",
    "llm.token_count.prompt",
    "gen_ai.usage.prompt_tokens",
    "llm.prompt_tokens",
];
const OUTPUT_TOKENS: [&str; 4] = [
    "gen_ai.usage.output_tokens",
    "llm.token_count.completion",
    "gen_ai.usage.completion_tokens",
    "llm.completion_tokens",
];

const COST: [&str; 1] = ["llm.cost.total"];

/// Whether an attribute is a number of tokens or a cost, which spans have columns for.
pub fn is_usage(key: &str) -> bool {
    [&INPUT_TOKENS[..], &OUTPUT_TOKENS, &COST].iter().any(|keys| keys.contains(&key))
}

/// The value of an attribute.
pub fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let pair = attributes.iter().find(|pair| pair.key == key)?;
    match &pair.value {
        Some(AnyValue { value: Some(value) }) => Some(value),
        _ => None,
    }
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    match attribute(attributes, key)? {
        Value::StringValue(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of tokens and ids of threads are small")]
fn number(attributes: &[KeyValue], key: &str) -> Option<f64> {
    match attribute(attributes, key)? {
        Value::IntValue(number) => Some(*number as f64),
        Value::DoubleValue(number) => Some(*number),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the number is clamped to what fits")]
fn whole(number: f64) -> i64 {
    // Sums of a trace must not overflow, whatever is sent.
    number.round().clamp(0.0, 1e15) as i64
}

/// A time as a signed number. Times beyond the year 2262 become that year.
fn nanos(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
