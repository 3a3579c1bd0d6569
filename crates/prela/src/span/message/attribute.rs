//! Writing attributes: `KeyValue` and `AnyValue`.

use super::scalar::{self, Scalar};
use crate::Value;
use crate::protobuf::fields::{any_value, key_value, list};
use crate::protobuf::{Field, Guess, Writer, copy};
use crate::value::ShortText;
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
        Value::String(value) => match value.as_short() {
            Some(value) => short_text(w, field, key, value),
            None => text(w, field, key, value.as_bytes()),
        },
        Value::Bool(value) => scalar(w, field, key, Scalar::bool(*value)),
        Value::I64(value) => scalar(w, field, key, Scalar::i64(*value)),
        Value::F64(value) => scalar(w, field, key, Scalar::f64(*value)),
        _ => long_attribute(w, field, key, value),
    }
}

/// Writes one attribute whose value is a scalar.
#[inline(always)]
pub(super) fn scalar(w: &mut Writer, field: Field, key: &[u8], value: Scalar) {
    short_value(w, field, key, value.len(), |out| {
        out[..scalar::LONGEST].copy_from_slice(&value.bytes());
    });
}

/// Writes one attribute whose value is a text that is passed in words.
#[inline(always)]
pub(super) fn short_text(w: &mut Writer, field: Field, key: &[u8], text: ShortText) {
    let ShortText { len, words: [first, second, third] } = text;
    short_value(w, field, key, 2 + usize::from(len), |out| {
        out[..2].copy_from_slice(&[any_value::STRING.tag(), len]);
        out[2..10].copy_from_slice(&first.to_le_bytes());
        out[10..18].copy_from_slice(&second.to_le_bytes());
        out[18..26].copy_from_slice(&third.to_le_bytes());
    });
}

/// Writes one attribute whose value is a text.
#[inline(always)]
pub(super) fn text(w: &mut Writer, field: Field, key: &[u8], text: &[u8]) {
    match text.len() {
        len if key.len() < SHORT_KEY && 6 + key.len() + len < 0x80 => {
            short_value(w, field, key, 2 + len, |out| {
                let [low, ..] = len.to_le_bytes();
                out[..2].copy_from_slice(&[any_value::STRING.tag(), low]);
                copy(&mut out[2..], text);
            });
        }
        0x80..MEDIUM_TEXT if key.len() < SHORT_KEY => medium_text(w, field, key, text),
        _ => long_text(w, field, key, text),
    }
}

/// Writes a `KeyValue` whose value `write` writes: up to this length what counts, and anything behind it, which is
/// overwritten by what comes next.
#[inline(always)]
fn short_value(
    w: &mut Writer,
    field: Field,
    key: &[u8],
    len: usize,
    write: impl FnOnce(&mut [u8; SHORT_VALUE]),
) {
    if key.len() >= SHORT_KEY {
        let mut value = [0; SHORT_VALUE];
        write(&mut value);
        return any_of_long_key(w, field, key, &value[..len]);
    }
    // All lengths take one byte.
    let [key_len, value_len] = [key.len(), len].map(|len| len.to_le_bytes()[0]);
    let out = w.spare(MOST_OF_PAIR);
    let Some(out) = out.first_chunk_mut::<MOST_OF_PAIR>() else { return };
    out[..4].copy_from_slice(&[
        field.tag(),
        4 + key_len + value_len,
        key_value::KEY.tag(),
        key_len,
    ]);
    copy(&mut out[4..], key);
    let value = out.get_mut(4 + key.len()..).and_then(|out| out.first_chunk_mut());
    let Some(value): Option<&mut [u8; 2 + SHORT_VALUE]> = value else { return };
    value[..2].copy_from_slice(&[key_value::VALUE.tag(), value_len]);
    if let Some(value) = value.last_chunk_mut() {
        write(value);
    }
    w.advance(6 + key.len() + len);
}

/// Writes one attribute whose value is written already.
#[cold]
fn any_of_long_key(w: &mut Writer, field: Field, key: &[u8], value: &[u8]) {
    w.message(field, Guess::Small, |w| {
        w.bytes(key_value::KEY, key);
        w.bytes(key_value::VALUE, value);
    });
}

/// Writes a pair with a short key and a text, where all lengths but that of the key take two bytes.
fn medium_text(w: &mut Writer, field: Field, key: &[u8], text: &[u8]) {
    const LEAD: usize = 5;
    const BETWEEN: usize = 6;
    let two_bytes = |len: usize| [len | 0x80, len >> 7].map(|byte| byte.to_le_bytes()[0]);
    let any_len = 3 + text.len();
    let [pair_low, pair_high] = two_bytes(2 + key.len() + 3 + any_len);
    let ([any_low, any_high], [low, high]) = (two_bytes(any_len), two_bytes(text.len()));
    let [key_len, ..] = key.len().to_le_bytes();
    let len = LEAD + key.len() + BETWEEN + text.len();
    let out = &mut w.spare(len)[..len];
    let Some((lead, rest)) = out.split_first_chunk_mut::<LEAD>() else { return };
    *lead = [field.tag(), pair_low, pair_high, key_value::KEY.tag(), key_len];
    copy(rest, key);
    let Some((between, rest)) = rest[key.len()..].split_first_chunk_mut::<BETWEEN>() else {
        return;
    };
    *between = [key_value::VALUE.tag(), any_low, any_high, any_value::STRING.tag(), low, high];
    rest.copy_from_slice(text);
    w.advance(len);
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
/// Values up to this many bytes are short: with a key of one byte, the pair's length takes one as well.
const SHORT_VALUE: usize = 0x80 - 5;
/// Below this many bytes, the lengths of a text and of its pair with a short key take two bytes at most.
const MEDIUM_TEXT: usize = 0x4000 - 2 * SHORT_KEY;
/// Of a pair with short key and value, with what is written and not used.
const MOST_OF_PAIR: usize = 4 + SHORT_KEY + 2 + SHORT_VALUE;
