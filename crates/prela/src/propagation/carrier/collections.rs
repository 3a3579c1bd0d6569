//! Maps, lists of pairs, and JSON objects as carriers.

use super::{Extractor, Injector};
#[cfg(feature = "json")]
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

// All keys are compared, without a look-up, since names that differ only in case are one field.

impl<K: AsRef<str>, V: AsRef<[u8]>, S> Extractor for HashMap<K, V, S> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)) {
            each(value.as_ref());
        }
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for BTreeMap<K, V> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)) {
            each(value.as_ref());
        }
    }
}

impl<K, V, S> Injector for HashMap<K, V, S>
where
    K: AsRef<str> + From<&'static str> + Eq + Hash,
    V: From<String>,
    S: BuildHasher,
{
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.insert(name.into(), value.into());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.as_ref().eq_ignore_ascii_case(name));
    }
}

impl<K, V> Injector for BTreeMap<K, V>
where
    K: AsRef<str> + From<&'static str> + Ord,
    V: From<String>,
{
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.insert(name.into(), value.into());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.as_ref().eq_ignore_ascii_case(name));
    }
}

/// Lists: headers of Kafka, AMQP and NATS messages, and of clients without a map.
impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for [(K, V)] {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)) {
            each(value.as_ref());
        }
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Extractor for [(K, V); N] {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.as_slice().values(name, each);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for Vec<(K, V)> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.as_slice().values(name, each);
    }
}

impl<K: AsRef<str> + From<&'static str>, V: From<String>> Injector for Vec<(K, V)> {
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.push((name.into(), value.into()));
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|(key, _)| !key.as_ref().eq_ignore_ascii_case(name));
    }
}

/// JSON objects, such as `_meta` of an MCP request.
#[cfg(feature = "json")]
impl Extractor for Map<String, Json> {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (_, value) in self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)) {
            match value {
                Json::Array(values) => values.iter().for_each(|value| give(value, each)),
                value => give(value, each),
            }
        }
    }
}

/// Passes a value on: text as it is, anything else as JSON, so that it is refused rather than overlooked.
#[cfg(feature = "json")]
fn give(value: &Json, each: &mut dyn FnMut(&[u8])) {
    match value {
        Json::Null => {}
        Json::String(value) => each(value.as_bytes()),
        value => each(value.to_string().as_bytes()),
    }
}

#[cfg(feature = "json")]
impl Injector for Map<String, Json> {
    fn set(&mut self, name: &'static str, value: String) {
        Injector::remove(self, name);
        self.insert(name.to_owned(), value.into());
    }

    fn remove(&mut self, name: &'static str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}
