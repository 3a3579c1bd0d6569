//! Writing attributes: `KeyValue` and `AnyValue`.

use super::scalar::{self, Scalar};
use crate::Value;
use crate::protobuf::fields::{any_value, key_value, list};
use crate::protobuf::{Field, Guess, Writer, copy};
use opentelemetry::Key;

/// Writes attributes as this field.
pub(crate) fn attributes(w: &mut Writer, field: Field, pairs: &[(Key, Value)]) {
    for (key, value) in pairs {
        attribute(w, field, key, value);
    }
}

/// Writes one attribute as this field.
#[inline(always)]
pub(crate) fn attribute(w: &mut Writer, field: Field, key: &Key, value: &Value) {
    let key = key.as_str().as_bytes();
    // Common values are written in one piece; long and nested ones, whose lengths take more bytes, below.
    match value {
        Value::String(text) => {
            let text = text.as_bytes();
            match u8::try_from(text.len()) {
                Ok(len @ ..48) if key.len() < SHORT_KEY => {
                    short_pair(w, field, key, Scalar::text(len), text);
                }
                _ => long_attribute(w, field, key, value),
            }
        }
        Value::Bool(value) => scalar(w, field, key, Scalar::bool(*value)),
        Value::I64(value) => scalar(w, field, key, Scalar::i64(*value)),
        Value::F64(value) => scalar(w, field, key, Scalar::f64(*value)),
        _ => long_attribute(w, field, key, value),
    }
}

/// Writes one attribute whose value is a scalar.
#[inline(always)]
pub(super) fn scalar(w: &mut Writer, field: Field, key: &[u8], value: Scalar) {
    if key.len() < SHORT_KEY {
        short_pair(w, field, key, value, &[]);
    } else {
        scalar_of_long_key(w, field, key, value);
    }
}

/// Writes a `KeyValue` with a short key and one-byte lengths. Its value is `head` and then `tail`.
#[inline(always)]
fn short_pair(w: &mut Writer, field: Field, key: &[u8], head: Scalar, tail: &[u8]) {
    // All bytes of `head` are written; what comes next overwrites the unused ones.
    const MOST: usize = 4 + SHORT_KEY + 2 + scalar::LONGEST;
    let value_len = head.len() + tail.len();
    let [key_len, head_and_tail] = [key.len(), value_len].map(|len| len.to_le_bytes()[0]);
    let out = w.spare(MOST + tail.len());
    let Some((front, _)) = out.split_first_chunk_mut::<MOST>() else { return };
    let pair_len = 4 + key_len + head_and_tail;
    front[..4].copy_from_slice(&[field.tag(), pair_len, key_value::KEY.tag(), key_len]);
    copy(&mut front[4..], key);
    let value = &mut front[4 + key.len()..];
    value[..2].copy_from_slice(&[key_value::VALUE.tag(), head_and_tail]);
    value[2..2 + scalar::LONGEST].copy_from_slice(&head.bytes);
    let from = 6 + key.len() + head.len();
    if !tail.is_empty() {
        copy(&mut out[from..], tail);
    }
    w.advance(from + tail.len());
}

#[cold]
fn scalar_of_long_key(w: &mut Writer, field: Field, key: &[u8], value: Scalar) {
    w.message(field, Guess::Small, |w| {
        w.bytes(key_value::KEY, key);
        w.bytes(key_value::VALUE, &value.bytes[..value.len()]);
    });
}

#[cold]
fn long_attribute(w: &mut Writer, field: Field, key: &[u8], value: &Value) {
    w.message(field, Guess::of(key.len() + content_len(value)), |w| {
        w.bytes(key_value::KEY, key);
        any(w, key_value::VALUE, value);
    });
}

/// Writes an `AnyValue` as this field.
pub(crate) fn any(w: &mut Writer, field: Field, value: &Value) {
    match value {
        Value::Empty => w.bytes(field, &[]),
        Value::Bool(value) => scalar_value(w, field, Scalar::bool(*value)),
        Value::I64(value) => scalar_value(w, field, Scalar::i64(*value)),
        Value::F64(value) => scalar_value(w, field, Scalar::f64(*value)),
        Value::String(text) => {
            w.message(field, Guess::of(text.len()), |w| {
                w.bytes(any_value::STRING, text.as_bytes())
            });
        }
        Value::Bytes(bytes) => {
            w.message(field, Guess::of(bytes.len()), |w| w.bytes(any_value::BYTES, bytes))
        }
        Value::Array(values) => w.message(field, Guess::Small, |w| {
            w.message(any_value::ARRAY, Guess::Small, |w| {
                values.iter().for_each(|value| any(w, list::VALUES, value));
            });
        }),
        Value::Map(entries) => w.message(field, Guess::Small, |w| {
            w.message(any_value::MAP, Guess::Small, |w| {
                attributes(w, list::VALUES, entries);
            });
        }),
    }
}

/// The length of a text or of bytes: a prompt is long, and would be moved if its length were guessed wrong.
fn content_len(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

fn scalar_value(w: &mut Writer, field: Field, value: Scalar) {
    w.bytes(field, &value.bytes[..value.len()]);
}

/// Keys below this many bytes are short.
const SHORT_KEY: usize = 64;
