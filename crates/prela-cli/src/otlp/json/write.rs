//! From protobuf's bytes to JSON.

use super::schema::{ANY_VALUE, Field, Kind, Schema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Buf as _;
use prost::encoding::{WireType, decode_key, decode_varint};
use serde_json::{Map, Number, Value};

/// A message as OTLP's JSON. None if its bytes are no message.
///
/// Fields that the table does not have are left out: in JSON a field needs a name.
pub fn to_json(schema: Schema, bytes: &[u8]) -> Option<Value> {
    object(schema, bytes, MAX_DEPTH)
}

fn object(schema: Schema, mut bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut json = Map::new();
    while !bytes.is_empty() {
        let (number, wire) = decode_key(&mut bytes).ok()?;
        let field = schema.iter().find(|field| field.number == number);
        let value = match wire {
            WireType::Varint => varint(field, decode_varint(&mut bytes).ok()?),
            WireType::SixtyFourBit => sixty_four(field, bytes.try_get_u64_le().ok()?),
            WireType::ThirtyTwoBit => {
                let bits = bytes.try_get_u32_le().ok()?;
                field.filter(|it| matches!(it.kind, Kind::Fixed32)).map(|_| Value::from(bits))
            }
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
                let (inner, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                match field {
                    Some(field) => Some(delimited(field, inner, depth)?),
                    None => None,
                }
            }
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (Some(field), Some(value)) = (field, value) else { continue };
        if !field.is_repeated {
            json.insert(field.name.to_owned(), value);
            continue;
        }
        let list = json.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(value);
        }
    }
    // An empty list or map has no bytes, but must be written.
    let is_choice = std::ptr::eq(schema, ANY_VALUE);
    if !is_choice
        && let [field] = schema
        && field.is_repeated
    {
        json.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
    }
    Some(Value::Object(json))
}

fn varint(field: Option<&Field>, number: u64) -> Option<Value> {
    match field?.kind {
        Kind::Bool => Some(Value::Bool(number != 0)),
        Kind::Signed => Some(Value::String(number.cast_signed().to_string())),
        Kind::Unsigned(_) => Some(Value::from(number)),
        _ => None,
    }
}

fn sixty_four(field: Option<&Field>, bits: u64) -> Option<Value> {
    match field?.kind {
        Kind::Fixed64 => Some(Value::String(bits.to_string())),
        Kind::Double => {
            let number = f64::from_bits(bits);
            let text = if number.is_nan() {
                "NaN"
            } else if number.is_sign_positive() {
                "Infinity"
            } else {
                "-Infinity"
            };
            Some(Number::from_f64(number).map_or_else(|| Value::from(text), Value::Number))
        }
        _ => None,
    }
}

fn delimited(field: &Field, bytes: &[u8], depth: usize) -> Option<Value> {
    Some(match &field.kind {
        Kind::Message(schema) => object(schema(), bytes, depth)?,
        Kind::Text => Value::from(std::str::from_utf8(bytes).ok()?),
        Kind::Hex => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            Value::String(digits.collect())
        }
        Kind::Base64 => Value::String(STANDARD.encode(bytes)),
        _ => return None,
    })
}

/// The most layers of messages that can be stored.
const MAX_DEPTH: usize = 128;
