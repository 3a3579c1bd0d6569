//! Cuts long values, and marks that they were cut.

use crate::Value;
use crate::semconv::{ORIGINAL_LENGTH_PREFIX, is_identifier};
use crate::span::SpanData;
use opentelemetry::Key;

/// Cuts each text and each bytes value of the span, its events and its links to `limit` bytes, at a character
/// boundary; identifiers stay whole.
///
/// A text that was cut ends in [`MARK`], and the attribute's length before is in an attribute of its
/// own.
pub(crate) fn limit(span: &mut SpanData, limit: usize) {
    pairs(&mut span.attributes, limit);
    for event in &mut span.events {
        pairs(&mut event.attributes, limit);
    }
    for link in &mut span.links {
        pairs(&mut link.attributes, limit);
    }
}

pub(super) fn pairs(attributes: &mut Vec<(Key, Value)>, limit: usize) {
    let mut lengths = Vec::new();
    for (key, value) in attributes.iter_mut() {
        if is_identifier(key.as_str()) {
            continue;
        }
        // Nothing inside is longer than the whole.
        let length = length(value);
        if length > limit && (shorten(key.as_str(), value, limit) || cut(value, limit)) {
            let key = format!("{ORIGINAL_LENGTH_PREFIX}{}", key.as_str());
            lengths.push((Key::from(key), Value::from(length)));
        }
    }
    attributes.extend(lengths);
}

/// Cuts within JSON that is written as text, so that it can still be read.
fn shorten(key: &str, value: &mut Value, limit: usize) -> bool {
    #[cfg(feature = "genai")]
    if let Value::String(text) = &*value
        && let Some(short) = crate::json_text::shortened(key, text.as_str(), limit, MARK)
    {
        *value = short.into();
        return true;
    }
    let _ = (key, value, limit);
    false
}

/// The length of all texts and bytes in a value.
fn length(value: &Value) -> usize {
    match value {
        Value::Empty | Value::Bool(_) | Value::I64(_) | Value::F64(_) => 0,
        Value::String(text) => text.as_str().len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(values) => values.iter().map(length).sum(),
        Value::Map(entries) => entries.iter().map(|(_, value)| length(value)).sum(),
    }
}

fn cut(value: &mut Value, limit: usize) -> bool {
    match value {
        Value::String(text) if text.as_str().len() > limit => {
            let text_was = text.as_str();
            let end = (0..=limit).rev().find(|end| text_was.is_char_boundary(*end)).unwrap_or(0);
            *text = format!("{}{MARK}", &text_was[..end]).into();
            true
        }
        Value::Bytes(bytes) if bytes.len() > limit => {
            *bytes = bytes[..limit].into();
            true
        }
        // All of them, not up to the first.
        Value::Array(values) => {
            values.iter_mut().fold(false, |is_cut, value| cut(value, limit) | is_cut)
        }
        Value::Map(entries) => {
            entries.iter_mut().fold(false, |is_cut, (_, value)| cut(value, limit) | is_cut)
        }
        _ => false,
    }
}

/// Ends a text that was cut.
const MARK: &str = "… [cut]";
