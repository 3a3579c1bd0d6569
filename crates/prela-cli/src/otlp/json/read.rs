//! From JSON to protobuf's bytes.

use super::schema::{ANY_VALUE, Field, Kind, RESOURCE, SCOPE, Schema, Signal};
use crate::ids::bytes_of_hex;
use crate::otlp::{Envelope, Resource, Scope};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::{Map, Value};
use std::fmt;

/// Why a text is not OTLP's JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

/// Reads an export request, or a line of a file that the Collector wrote. Also returns how many of its
/// records are malformed; these are left out.
///
/// # Errors
///
/// [`JsonError`] if it is not JSON, or its outer layers are not OTLP's.
pub fn read_request(signal: Signal, json: &[u8]) -> Result<(Envelope, u64), JsonError> {
    let json: Value = serde_json::from_slice(json).map_err(|error| JsonError(error.to_string()))?;
    let mut malformed = 0;
    let mut resources = Vec::new();
    for json in objects(object(&json, "request")?, signal.resources)? {
        let mut scopes = Vec::new();
        for json in objects(json, signal.scopes)? {
            let mut records = Vec::new();
            for json in list(json, signal.records)? {
                match json.as_object().and_then(|json| message(signal.record, json).ok()) {
                    Some(record) => records.push(Bytes::from(record)),
                    None => malformed += 1,
                }
            }
            let scope = part(json, "scope", SCOPE)?;
            scopes.push(Scope { scope, records, schema_url: text(json, "schemaUrl")? });
        }
        let resource = part(json, "resource", RESOURCE)?;
        resources.push(Resource { resource, scopes, schema_url: text(json, "schemaUrl")? });
    }
    Ok((Envelope { resources }, malformed))
}

fn object<'a>(json: &'a Value, name: &str) -> Result<&'a Map<String, Value>, JsonError> {
    json.as_object().ok_or_else(|| JsonError(format!("`{name}` is not an object")))
}

fn list<'a>(json: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], JsonError> {
    match json.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(JsonError(format!("`{name}` is not a list"))),
    }
}

fn objects<'a>(
    json: &'a Map<String, Value>,
    name: &str,
) -> Result<Vec<&'a Map<String, Value>>, JsonError> {
    list(json, name)?.iter().map(|json| object(json, name)).collect()
}

fn text(json: &Map<String, Value>, name: &str) -> Result<String, JsonError> {
    match json.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(JsonError(format!("`{name}` is not a string"))),
    }
}

fn part(json: &Map<String, Value>, name: &str, schema: Schema) -> Result<Option<Bytes>, JsonError> {
    match json.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(json) => Ok(Some(message(schema, object(json, name)?)?.into())),
    }
}

/// Encodes a message. Fields that its table does not have, of later versions, are left out, and so are zeros
/// and empty texts, except as the chosen value of an `AnyValue`.
fn message(schema: Schema, json: &Map<String, Value>) -> Result<Vec<u8>, JsonError> {
    let is_choice = std::ptr::eq(schema, ANY_VALUE);
    let mut bytes = Vec::new();
    for field in schema {
        match json.get(field.name) {
            None | Some(Value::Null) => {}
            Some(Value::Array(values)) if field.is_repeated => {
                values.iter().try_for_each(|value| write(field, value, &mut bytes))?;
            }
            Some(_) if field.is_repeated => {
                return Err(JsonError(format!("`{}` is not a list", field.name)));
            }
            Some(value) => {
                let before = bytes.len();
                write(field, value, &mut bytes)?;
                let is_default =
                    !matches!(field.kind, Kind::Message(_)) && is_zero(field, &bytes[before..]);
                if is_default && !is_choice {
                    bytes.truncate(before);
                }
            }
        }
    }
    Ok(bytes)
}

/// Whether a field's bytes after its key are all zero.
fn is_zero(field: &Field, bytes: &[u8]) -> bool {
    let key = prost::encoding::key_len(field.number);
    bytes[key..].iter().all(|byte| *byte == 0)
}

fn write(field: &Field, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let wrong = || JsonError(format!("`{}` has a value of another type", field.name));
    let mut bytes = |bytes: &[u8]| {
        encode_key(field.number, WireType::LengthDelimited, out);
        encode_varint(bytes.len() as u64, out);
        out.extend(bytes);
    };
    match &field.kind {
        Kind::Message(schema) => bytes(&message(schema(), object(json, field.name)?)?),
        Kind::Text => bytes(json.as_str().ok_or_else(wrong)?.as_bytes()),
        Kind::Hex => bytes(&json.as_str().and_then(bytes_of_hex).ok_or_else(wrong)?),
        Kind::Base64 => {
            let text = json.as_str().ok_or_else(wrong)?;
            let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
            bytes(&decoded.map_err(|_| wrong())?);
        }
        Kind::Bool => {
            encode_key(field.number, WireType::Varint, out);
            encode_varint(u64::from(json.as_bool().ok_or_else(wrong)?), out);
        }
        Kind::Signed => {
            encode_key(field.number, WireType::Varint, out);
            encode_varint(signed(json).ok_or_else(wrong)?.cast_unsigned(), out);
        }
        Kind::Unsigned(names) => {
            let number = json
                .as_str()
                .and_then(|text| names.iter().position(|name| *name == text))
                .map_or_else(|| unsigned(json), |place| Some(place as u64))
                .filter(|number| *number <= u64::from(u32::MAX));
            encode_key(field.number, WireType::Varint, out);
            encode_varint(number.ok_or_else(wrong)?, out);
        }
        Kind::Fixed64 => {
            encode_key(field.number, WireType::SixtyFourBit, out);
            out.extend(unsigned(json).ok_or_else(wrong)?.to_le_bytes());
        }
        Kind::Fixed32 => {
            let number = unsigned(json).and_then(|number| u32::try_from(number).ok());
            encode_key(field.number, WireType::ThirtyTwoBit, out);
            out.extend(number.ok_or_else(wrong)?.to_le_bytes());
        }
        Kind::Double => {
            encode_key(field.number, WireType::SixtyFourBit, out);
            out.extend(double(json).ok_or_else(wrong)?.to_le_bytes());
        }
    }
    Ok(())
}

/// Reads an integer. Protobuf's JSON writes large ones as texts, but many encoders write numbers.
fn signed(json: &Value) -> Option<i64> {
    match json {
        Value::String(text) => text.parse().ok(),
        json => json.as_i64().or_else(|| whole(json.as_f64()?)),
    }
}

fn unsigned(json: &Value) -> Option<u64> {
    match json {
        Value::String(text) => text.parse().ok(),
        json => json.as_u64().or_else(|| u64::try_from(whole(json.as_f64()?)?).ok()),
    }
}

/// A whole number written with a fraction, such as `1.0`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only what has no fraction and fits gets there"
)]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e18).then_some(number as i64)
}

fn double(json: &Value) -> Option<f64> {
    match json {
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        json => json.as_f64(),
    }
}
