//! What a span takes in memory, about.

use crate::{SpanData, Value};
use opentelemetry::Key;
use opentelemetry::trace::Status;

/// Bytes that a span keeps occupied, about: its text and its lists, without what is shared with
/// others.
///
/// Cost: a few instructions an attribute; strings are not read.
pub(in crate::pipeline) fn span_size(span: &SpanData) -> usize {
    let mut size = size_of::<SpanData>() + span.name.len() + pairs(&span.attributes);
    for event in &span.events {
        size += size_of::<crate::Event>() + event.name.len() + pairs(&event.attributes);
    }
    for link in &span.links {
        size += size_of::<crate::Link>() + pairs(&link.attributes);
    }
    if let Status::Error { description } = &span.status {
        size += description.len();
    }
    size
}

fn pairs(attributes: &[(Key, Value)]) -> usize {
    attributes
        .iter()
        .map(|(key, value)| size_of::<(Key, Value)>() + key.as_str().len() + heap(value))
        .sum()
}

/// Bytes behind a value.
fn heap(value: &Value) -> usize {
    match value {
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => 0,
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(values) => values.iter().map(|value| size_of::<Value>() + heap(value)).sum(),
        Value::Map(entries) => pairs(entries),
    }
}
