//! The answers to questions.

use crate::ids::{SpanId, TraceId};
use crate::otlp::attribute;
use crate::usage::Usage;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span as Message;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// A trace in a list. In JSON it is an object of these fields; times are texts, since JavaScript's numbers
/// cannot hold them, and durations numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// The root's name; that of its first span if the root is not there.
    pub name: String,
    /// Whether its root, a span without a parent, is in the store.
    pub has_root: bool,
    /// `service.name` of the root, or of the first span that came in if the root is not there; empty if it has none.
    pub service: String,
    /// The first start of a span; nanoseconds since 1970.
    #[serde(serialize_with = "as_text", rename = "start_time_unix_nano")]
    pub start_ns: i64,
    /// Nanoseconds from the first start to the last end.
    #[serde(rename = "duration_nano")]
    pub duration_ns: i64,
    /// How many spans are stored.
    pub spans: u64,
    /// How many of the spans failed.
    pub errors: u64,
    /// How many of the spans have no end: they run, or are unfinished.
    pub open: u64,
    /// How many of the open spans were last said to run more than eight seconds ago: their process ended, most likely.
    pub unfinished: u64,
    /// The tokens of all prompts. What a span says counts instead of what the spans below it say: [`Usage`].
    pub input_tokens: u64,
    /// The tokens of all answers.
    pub output_tokens: u64,
    /// The cost of all calls, in billionths of a US dollar.
    pub cost_nusd: u64,
}

fn as_text<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// A trace with all that is stored of it.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The trace as a list shows it.
    pub summary: TraceSummary,
    /// Its spans by start, and with the same start in the order of arrival.
    pub spans: Vec<Span>,
    /// Its log records by time.
    pub logs: Vec<Log>,
}

/// A span: OTLP's message, and the columns of the store.
#[derive(Debug, Clone)]
pub struct Span {
    /// Its id.
    pub span_id: SpanId,
    /// The id of its parent; none of a root.
    pub parent_id: Option<SpanId>,
    /// Its start; nanoseconds since 1970.
    pub start_ns: i64,
    /// Its end; nanoseconds since 1970, none while it runs.
    pub end_ns: Option<i64>,
    /// Whether it has no end and was last said to run more than eight seconds ago: its process ended, most likely.
    pub is_unfinished: bool,
    /// The operation, such as `chat`.
    pub operation: Option<String>,
    /// The model that answered, or that was asked.
    pub model: Option<String>,
    /// The thread it began on.
    pub thread: Option<String>,
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// The cost in billionths of a US dollar.
    pub cost_nusd: u64,
    /// The whole message, decoded.
    pub message: Message,
    /// The message as it came in, with fields that this version does not know.
    pub bytes: Arc<[u8]>,
    /// The process that recorded it.
    pub resource: Arc<Named<Resource>>,
    /// The library that recorded it.
    pub scope: Arc<Named<InstrumentationScope>>,
}

/// A resource or a scope, which many spans share.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T> {
    /// The message, decoded; none if none was sent, or it is malformed.
    pub message: Option<T>,
    /// The message as it came in; none if none was sent.
    pub bytes: Option<Arc<[u8]>>,
    /// The URL of the schema that its attributes follow; empty if none is named.
    pub schema_url: String,
}

/// A log record of a trace.
#[derive(Debug, Clone)]
pub struct Log {
    /// The span it was written in.
    pub span_id: Option<SpanId>,
    /// When it was written; nanoseconds since 1970.
    pub time_ns: i64,
    /// The whole message, decoded.
    pub message: LogRecord,
    /// The process that wrote it.
    pub resource: Arc<Named<Resource>>,
    /// The library that wrote it.
    pub scope: Arc<Named<InstrumentationScope>>,
}

/// A span that was found, and the trace it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpanHit {
    /// The trace it is in.
    pub trace_id: TraceId,
    /// The name of that trace's root; that of its first span if the root is not there.
    pub trace_name: String,
    /// Its own id.
    pub span_id: SpanId,
    /// Its own name.
    pub name: String,
    /// `service.name` of the process that recorded it.
    pub service: String,
    /// Its start; nanoseconds since 1970.
    #[serde(serialize_with = "as_text", rename = "start_time_unix_nano")]
    pub start_ns: i64,
    /// Nanoseconds that it took; 0 while it runs.
    #[serde(rename = "duration_nano")]
    pub duration_ns: i64,
    /// Whether it failed.
    pub is_error: bool,
    /// The description of its status, or else the message of its exception.
    pub status_message: String,
    /// Where the searched text is, such as `attribute gen_ai.input.messages`; empty if no text was searched for.
    pub found_in: String,
    /// The searched text and what is around it, in one line; empty if no text was searched for.
    pub excerpt: String,
}

impl TraceSummary {
    /// What it used in all.
    pub fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_nusd: self.cost_nusd,
        }
    }
}

impl Span {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.message.name
    }

    /// Nanoseconds that it took; none while it runs.
    pub fn duration_ns(&self) -> Option<i64> {
        self.end_ns.map(|end| end.saturating_sub(self.start_ns).max(0))
    }

    /// Whether its status is an error.
    pub fn is_error(&self) -> bool {
        self.message.status.as_ref().is_some_and(|status| status.code == 2)
    }

    /// The description of its status, or else the message of its exception.
    pub fn status_message(&self) -> &str {
        status_message(&self.message)
    }

    /// What it says itself of tokens and cost.
    pub fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_nusd: self.cost_nusd,
        }
    }

    /// One of its attributes.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        attribute(&self.message.attributes, key)
    }

    /// `service.name` of the process that recorded it.
    pub fn service(&self) -> &str {
        match self.resource.message.as_ref().map(|it| attribute(&it.attributes, "service.name")) {
            Some(Some(Value::StringValue(service))) => service,
            _ => "",
        }
    }
}

pub(super) fn status_message(span: &Message) -> &str {
    if let Some(status) = &span.status
        && !status.message.is_empty()
    {
        return &status.message;
    }
    let exceptions = span.events.iter().filter(|event| event.name == "exception");
    let text = exceptions.rev().find_map(|event| {
        match attribute(&event.attributes, "exception.message")? {
            Value::StringValue(text) => Some(text.as_str()),
            _ => None,
        }
    });
    text.unwrap_or_default()
}
