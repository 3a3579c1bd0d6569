//! Attributes: `KeyValue` and `AnyValue`.

use super::scalar::Scalar;
use super::writer::{Guess, SHORT_KEY, Writer};
use crate::Value;
use opentelemetry::Key;

/// Writes attributes as fields with this tag.
pub(crate) fn attributes(w: &mut Writer, tag: u8, pairs: &[(Key, Value)]) {
    for (key, value) in pairs {
        attribute(w, tag, key, value);
    }
}

/// Writes one attribute as a field with this tag.
#[inline(always)]
pub(crate) fn attribute(w: &mut Writer, tag: u8, key: &Key, value: &Value) {
    let key = key.as_str().as_bytes();
    // The common ones in one piece; what is too long for lengths of one byte, or nested, below.
    match value {
        Value::String(text) => {
            let text = text.as_bytes();
            match u8::try_from(text.len()) {
                Ok(len @ ..48) if key.len() < SHORT_KEY => {
                    w.short_pair(tag, key, Scalar::text(len), text);
                }
                _ => long_attribute(w, tag, key, value),
            }
        }
        Value::Bool(value) => scalar(w, tag, key, Scalar::bool(*value)),
        Value::I64(value) => scalar(w, tag, key, Scalar::i64(*value)),
        Value::F64(value) => scalar(w, tag, key, Scalar::f64(*value)),
        _ => long_attribute(w, tag, key, value),
    }
}

/// The same for a value that is known to be short.
#[inline(always)]
pub(super) fn scalar(w: &mut Writer, tag: u8, key: &[u8], value: Scalar) {
    if key.len() < SHORT_KEY {
        w.short_pair(tag, key, value, &[]);
    } else {
        scalar_of_long_key(w, tag, key, value);
    }
}

#[cold]
fn scalar_of_long_key(w: &mut Writer, tag: u8, key: &[u8], value: Scalar) {
    w.message(tag, Guess::Small, |w| {
        w.bytes(0x0a, key);
        w.bytes(0x12, &value.bytes[..value.len()]);
    });
}

#[cold]
fn long_attribute(w: &mut Writer, tag: u8, key: &[u8], value: &Value) {
    w.message(tag, Guess::of(key.len() + content_len(value)), |w| {
        w.bytes(0x0a, key);
        any_value(w, 0x12, value);
    });
}

fn any_value(w: &mut Writer, tag: u8, value: &Value) {
    match value {
        Value::Empty => w.bytes(tag, &[]),
        Value::Bool(value) => scalar_value(w, tag, Scalar::bool(*value)),
        Value::I64(value) => scalar_value(w, tag, Scalar::i64(*value)),
        Value::F64(value) => scalar_value(w, tag, Scalar::f64(*value)),
        Value::String(text) => {
            w.message(tag, Guess::of(text.len()), |w| w.bytes(0x0a, text.as_bytes()));
        }
        Value::Bytes(bytes) => w.message(tag, Guess::of(bytes.len()), |w| w.bytes(0x3a, bytes)),
        Value::Array(values) => w.message(tag, Guess::Small, |w| {
            w.message(0x2a, Guess::Small, |w| {
                values.iter().for_each(|value| any_value(w, 0x0a, value));
            });
        }),
        Value::Map(entries) => w.message(tag, Guess::Small, |w| {
            w.message(0x32, Guess::Small, |w| {
                attributes(w, 0x0a, entries);
            });
        }),
    }
}

/// Bytes of text and bytes: prompts can be long, and would be moved if their length were not foreseen.
fn content_len(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

fn scalar_value(w: &mut Writer, tag: u8, value: Scalar) {
    w.bytes(tag, &value.bytes[..value.len()]);
}
