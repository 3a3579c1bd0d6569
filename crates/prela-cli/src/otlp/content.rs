//! What attributes say, as people read it: values as JSON, messages of models as a conversation.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value as Json;

/// Something that was said to a model, or by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who said it, such as `user`.
    pub role: String,
    /// What.
    pub text: String,
}

/// A value of an attribute as JSON. Bytes become their number, and numbers that JSON lacks a text.
pub fn json_of(value: &AnyValue) -> Json {
    match &value.value {
        Some(Value::StringValue(text)) => text.as_str().into(),
        Some(Value::BoolValue(value)) => (*value).into(),
        Some(Value::IntValue(number)) => (*number).into(),
        // JSON has no NaN; people have.
        Some(Value::DoubleValue(number)) if !number.is_finite() => number.to_string().into(),
        Some(Value::DoubleValue(number)) => (*number).into(),
        Some(Value::BytesValue(bytes)) => format!("{} bytes", bytes.len()).into(),
        Some(Value::ArrayValue(list)) => list.values.iter().map(json_of).collect(),
        Some(Value::KvlistValue(map)) => {
            let pair = |pair: &KeyValue| (pair.key.clone(), value_of(pair));
            Json::Object(map.values.iter().map(pair).collect())
        }
        _ => Json::Null,
    }
}

/// The value of a pair as JSON.
pub fn value_of(pair: &KeyValue) -> Json {
    pair.value.as_ref().map_or(Json::Null, json_of)
}

/// A value as text: a text as it is, all else as JSON.
pub fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Who said what, if a value is a list of messages; they come as structures, or as a text of JSON.
pub fn conversation(value: &Json) -> Option<Vec<Said>> {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let all = parsed.as_ref().unwrap_or(value).as_array().filter(|all| !all.is_empty())?;
    let message = |message: &Json| {
        let role = message.get("role")?.as_str()?.to_owned();
        let parts = ["parts", "content", "tool_calls"].iter().filter_map(|key| message.get(*key));
        let parts: Vec<_> = parts.map(part).filter(|text| !text.is_empty()).collect();
        Some(Said { role, text: parts.join("\n") })
    };
    all.iter().map(message).collect()
}

/// What a part of a message says: its text, else all of it.
fn part(part: &Json) -> String {
    match part {
        Json::Array(parts) => parts.iter().map(self::part).collect::<Vec<_>>().join("\n"),
        Json::Object(fields) => {
            let text = ["content", "text"].iter().find_map(|key| fields.get(*key)?.as_str());
            text.map_or_else(|| part.to_string(), str::to_owned)
        }
        Json::Null => String::new(),
        other => plain(other),
    }
}
