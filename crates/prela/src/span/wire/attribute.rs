//! Attributes: `KeyValue` and `AnyValue`.

use super::scalar::Scalar;
use super::writer::{SHORT_KEY, Writer, field_len, varint_len};
use crate::Value;
use opentelemetry::Key;

/// Writes one attribute as a field with this tag.
#[inline]
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
    w.length(tag, field_len(key.len()) + field_len(value.len));
    w.bytes(0x0a, key);
    w.bytes(0x12, &value.bytes[..value.len]);
}

#[cold]
fn long_attribute(w: &mut Writer, tag: u8, key: &[u8], value: &Value) {
    w.length(tag, attribute_len(key, value));
    w.bytes(0x0a, key);
    any_value(w, 0x12, value);
}

/// Bytes of attributes as fields, each with a tag of one byte.
pub(crate) fn attributes_len(attributes: &[(Key, Value)]) -> usize {
    let len = |(key, value): &(Key, Value)| attribute_len(key.as_str().as_bytes(), value);
    attributes.iter().map(|pair| field_len(len(pair))).sum()
}

fn attribute_len(key: &[u8], value: &Value) -> usize {
    field_len(key.len()) + field_len(any_value_len(value))
}

fn any_value(w: &mut Writer, tag: u8, value: &Value) {
    w.length(tag, any_value_len(value));
    match value {
        Value::Bool(value) => w.raw([0x10, u8::from(*value)]),
        // Two's complement, as protobuf's `int64` is.
        Value::I64(value) => w.number(0x18, value.cast_unsigned()),
        Value::F64(value) => {
            w.raw([0x21]);
            w.raw(value.to_bits().to_le_bytes());
        }
        Value::String(text) => w.bytes(0x0a, text.as_bytes()),
        Value::Bytes(bytes) => w.bytes(0x3a, bytes),
        Value::Array(values) => {
            w.length(0x2a, array_len(values));
            values.iter().for_each(|value| any_value(w, 0x0a, value));
        }
        Value::Map(entries) => {
            w.length(0x32, attributes_len(entries));
            entries.iter().for_each(|(key, value)| attribute(w, 0x0a, key, value));
        }
    }
}

/// Bytes inside of an `AnyValue`.
fn any_value_len(value: &Value) -> usize {
    match value {
        Value::Bool(_) => 2,
        Value::I64(value) => 1 + varint_len(value.cast_unsigned()),
        Value::F64(_) => 9,
        Value::String(text) => field_len(text.len()),
        Value::Bytes(bytes) => field_len(bytes.len()),
        Value::Array(values) => field_len(array_len(values)),
        Value::Map(entries) => field_len(attributes_len(entries)),
    }
}

fn array_len(values: &[Value]) -> usize {
    values.iter().map(|value| field_len(any_value_len(value))).sum()
}
