//! JSON objects, such as `_meta` of an MCP request.

use super::{Extractor, Injector};
use serde_json::{Map, Value};

impl Extractor for Map<String, Value> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| give(value, each)),
                value => give(value, each),
            }
        }
    }
}

/// What is no text is given as JSON, to be refused rather than not seen.
fn give(value: &Value, each: &mut dyn FnMut(&[u8])) {
    match value {
        Value::Null => {}
        Value::String(value) => each(value.as_bytes()),
        value => each(value.to_string().as_bytes()),
    }
}

impl Injector for Map<String, Value> {
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.insert(name.to_owned(), value.into());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}
