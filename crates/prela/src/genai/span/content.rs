//! Content, which is text or JSON, and where it is written on a span.

use crate::genai::{Message, ToolCall};
use crate::semconv::{Conventions, genai, openinference as oi};
use crate::{Span, SpanType, Value, semconv};
use opentelemetry::Key;
use serde_json::{Map, Number, Value as Json};

/// What goes into an agent or a tool, or comes out of it: text or JSON.
///
/// Made from texts, numbers, booleans, `serde_json::Value` and references to it, [`Value`], messages and tool calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Content(Json);

impl Content {
    /// The text to write, and its MIME type.
    pub(super) fn written(&self) -> (String, &'static str) {
        match &self.0 {
            Json::String(text) => (text.clone(), oi::TEXT),
            json => (json.to_string(), oi::JSON),
        }
    }

    pub(super) fn as_json(&self) -> &Json {
        &self.0
    }
}

macro_rules! from {
    ($($from:ty),*) => {$(
        impl From<$from> for Content {
            fn from(value: $from) -> Self {
                Self(value.into())
            }
        }
    )*};
}

from!(&str, String, bool, i32, i64, u32, u64, usize, f64, Json, Map<String, Json>);

impl From<&String> for Content {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl From<&Json> for Content {
    fn from(json: &Json) -> Self {
        Self(json.clone())
    }
}

impl From<&ToolCall> for Content {
    fn from(call: &ToolCall) -> Self {
        Self(call.arguments.clone())
    }
}

impl From<&[Message]> for Content {
    fn from(messages: &[Message]) -> Self {
        Self(messages.iter().map(Message::to_json).collect())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Content {
    fn from(values: Vec<T>) -> Self {
        Self(values.into_iter().map(|value| value.into().0).collect())
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Content {
    fn from(values: [T; N]) -> Self {
        Self(values.into_iter().map(|value| value.into().0).collect())
    }
}

impl From<Value> for Content {
    fn from(value: Value) -> Self {
        Self(json_of(value))
    }
}

fn json_of(value: Value) -> Json {
    match value {
        Value::Empty => Json::Null,
        Value::Bool(value) => value.into(),
        Value::I64(value) => value.into(),
        Value::F64(value) => Number::from_f64(value).map_or(Json::Null, Json::Number),
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => values.into_iter().map(json_of).collect(),
        Value::Map(entries) => {
            let entries = entries.into_iter();
            Json::Object(entries.map(|(key, it)| (key.to_string(), json_of(it))).collect())
        }
        bytes @ Value::Bytes(_) => bytes.to_string().into(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

/// Writes what went in or came out, if content is captured on spans. Otherwise `content` is not called.
pub(super) fn record(span: &Span, side: Side, content: impl FnOnce() -> Content) {
    if span.content().is_on_spans() {
        write(span, side, &content().written());
    }
}

/// Writes content that was set under a name that backends do not read under those that they do.
pub(super) fn map(span: &Span, side: Side, is_query: bool, content: &Content) {
    let written = content.written();
    if is_query && span.is_of_type(SpanType::Retrieval) {
        span.set_attribute(genai::RETRIEVAL_QUERY, written.0.clone());
    } else if is_query && span.is_of_type(SpanType::Reranker) {
        span.set_attribute(oi::RERANKER_QUERY, written.0.clone());
    }
    write(span, side, &written);
}

/// Writes one side, and the other as empty if it is missing: a backend that finds one alone looks nowhere else
/// for the other.
///
/// The span of an incoming request gets what its first agent has, since lists of traces show that of the root.
pub(super) fn write(span: &Span, side: Side, written: &(String, &'static str)) {
    let root = crate::span::led_by(span);
    for span in [Some(span), root.as_ref()].into_iter().flatten() {
        let (text, mime_type) = written;
        let conventions = span.wording().map(|wording| wording.conventions).unwrap_or_default();
        let (own, other) = (Names::of(side), Names::of(side.other()));
        span.set_attribute(own.value, text.clone());
        span.set_attribute(own.mime_type, *mime_type);
        if conventions.contains(Conventions::TRACELOOP) {
            span.set_attribute(own.traceloop, text.clone());
        }
        if span.lacks(other.value) {
            span.set_attribute(other.value, "");
        }
    }
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Input => Self::Output,
            Self::Output => Self::Input,
        }
    }
}

struct Names {
    value: &'static str,
    mime_type: &'static str,
    traceloop: &'static str,
}

impl Names {
    fn of(side: Side) -> Self {
        match side {
            Side::Input => Self {
                value: oi::INPUT_VALUE,
                mime_type: oi::INPUT_MIME_TYPE,
                traceloop: semconv::TRACELOOP_ENTITY_INPUT,
            },
            Side::Output => Self {
                value: oi::OUTPUT_VALUE,
                mime_type: oi::OUTPUT_MIME_TYPE,
                traceloop: semconv::TRACELOOP_ENTITY_OUTPUT,
            },
        }
    }
}

/// Whether the span's instance also writes these conventions.
pub(super) fn follows(span: &Span, conventions: Conventions) -> bool {
    span.wording().is_some_and(|wording| wording.conventions.contains(conventions))
}

/// Writes attributes with numbers in their keys, unless they would leave too little room for all others: then
/// the list is there as a whole only, under other keys.
pub(super) fn write_list(span: &Span, attributes: Vec<(String, Value)>) {
    if attributes.len() <= span.most_attributes() / 2 {
        for (key, value) in attributes {
            span.set_attribute(Key::from(key), value);
        }
    }
}
