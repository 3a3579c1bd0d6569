//! JSON as attribute values.

use super::{DEEPEST, Value};
use opentelemetry::Key;
use serde_json::{Map, Number, Value as Json};

/// Converts objects to maps, `null` to no value, and numbers that are neither an `i64` nor a double to their
/// decimal text.
impl From<Json> for Value {
    fn from(json: Json) -> Self {
        value(json, DEEPEST)
    }
}

/// Copies the JSON value.
impl From<&Json> for Value {
    fn from(json: &Json) -> Self {
        copied(json, DEEPEST)
    }
}

impl From<Map<String, Json>> for Value {
    fn from(object: Map<String, Json>) -> Self {
        value(Json::Object(object), DEEPEST)
    }
}

/// Converts only to the depth that is recorded, since converting deeper JSON could overflow the stack.
fn value(json: Json, levels: usize) -> Value {
    match json {
        Json::Null => Value::Empty,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => of_number(&number),
        Json::String(text) => Value::from(text),
        Json::Array(_) | Json::Object(_) if levels == 0 => Value::from("…"),
        Json::Array(values) => {
            Value::Array(values.into_iter().map(|it| value(it, levels - 1)).collect())
        }
        Json::Object(entries) => {
            let entries = entries.into_iter();
            Value::Map(entries.map(|(key, it)| (Key::from(key), value(it, levels - 1))).collect())
        }
    }
}

fn copied(json: &Json, levels: usize) -> Value {
    match json {
        Json::Null => Value::Empty,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => of_number(number),
        Json::String(text) => Value::from(text),
        Json::Array(_) | Json::Object(_) if levels == 0 => Value::from("…"),
        Json::Array(values) => {
            Value::Array(values.iter().map(|it| copied(it, levels - 1)).collect())
        }
        Json::Object(entries) => {
            let entries = entries.iter();
            let copy = |(key, it): (&String, _)| (Key::from(key.clone()), copied(it, levels - 1));
            Value::Map(entries.map(copy).collect())
        }
    }
}

fn of_number(number: &Number) -> Value {
    match (number.as_i64(), number.as_f64()) {
        (Some(value), _) => Value::I64(value),
        (None, Some(value)) if number.is_f64() => Value::F64(value),
        _ => Value::from(number.to_string()),
    }
}
