//! Writing attributes: `KeyValue` and `AnyValue`.

use super::scalar::{self, Scalar};
use crate::Value;
use crate::protobuf::fields::{any_value, key_value, list};
use crate::protobuf::{Field, Guess, Writer, copy};
use opentelemetry::Key;

/// Writes attributes as this field.
pub(crate) fn attributes(w: &mut Writer, field: Field, pairs: &[(Key, Value)]) {
    for (key, value) in pairs {
        attribute(w, field, key.as_str(), value);
    }
}

/// Writes one attribute as this field.
pub(crate) fn attribute(w: &mut Writer, field: Field, key: &str, value: &Value) {
    let key = key.as_bytes();
    match value {
        Value::String(value) => text(w, field, key, value.as_bytes()),
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

/// Writes one attribute whose value is a text.
#[inline(always)]
pub(super) fn text(w: &mut Writer, field: Field, key: &[u8], text: &[u8]) {
    match u8::try_from(text.len()) {
        // The lengths take one byte each.
        Ok(len @ ..48) if key.len() < SHORT_KEY => {
            short_pair(w, field, key, Scalar::text(len), text);
        }
        _ => long_text(w, field, key, text),
    }
}

/// Writes a `KeyValue` with a short key and one-byte lengths. Its value is `head` and then `tail`.
#[inline(always)]
fn short_pair(w: &mut Writer, field: Field, key: &[u8], head: Scalar, tail: &[u8]) {
    // All bytes of `head` are written; what comes next overwrites the unused ones.
    const MOST: usize = 4 + SHORT_KEY + 2 + scalar::LONGEST;
    let [key_len, value_len] = [key.len(), head.len() + tail.len()].map(|len| len.to_le_bytes()[0]);
    let out = w.spare(MOST + tail.len());
    let Some((front, _)) = out.split_first_chunk_mut::<MOST>() else { return };
    front[..4].copy_from_slice(&[
        field.tag(),
        4 + key_len + value_len,
        key_value::KEY.tag(),
        key_len,
    ]);
    copy(&mut front[4..], key);
    let value = front.get_mut(4 + key.len()..).and_then(|it| it.first_chunk_mut());
    let Some(value): Option<&mut [u8; 2 + scalar::LONGEST]> = value else { return };
    value[..2].copy_from_slice(&[key_value::VALUE.tag(), value_len]);
    value[2..].copy_from_slice(&head.bytes());
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
        w.bytes(key_value::VALUE, &value.bytes()[..value.len()]);
    });
}

/// Writes a pair with a text of any length. All lengths are computed first: prompts are long, and would
/// otherwise be moved.
fn long_text(w: &mut Writer, field: Field, key: &[u8], text: &[u8]) {
    let any_len = Writer::len_of_bytes(text.len());
    let pair_len = Writer::len_of_bytes(key.len()) + Writer::len_of_bytes(any_len);
    w.reserve(Writer::len_of_bytes(pair_len));
    w.begin_bytes(field, pair_len);
    w.bytes(key_value::KEY, key);
    w.begin_bytes(key_value::VALUE, any_len);
    w.bytes(any_value::STRING, text);
}

#[cold]
fn long_attribute(w: &mut Writer, field: Field, key: &[u8], value: &Value) {
    let content = if let Value::Bytes(bytes) = value { bytes.len() } else { 0 };
    w.message(field, Guess::of(key.len() + content), |w| {
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
            w.begin_bytes(field, Writer::len_of_bytes(text.len()));
            w.bytes(any_value::STRING, text.as_bytes());
        }
        Value::Bytes(bytes) => {
            w.begin_bytes(field, Writer::len_of_bytes(bytes.len()));
            w.bytes(any_value::BYTES, bytes);
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

fn scalar_value(w: &mut Writer, field: Field, value: Scalar) {
    w.bytes(field, &value.bytes()[..value.len()]);
}

/// Keys below this many bytes are short.
const SHORT_KEY: usize = 64;
