//! Carriers: what can be read from and written to.

#[cfg(any(feature = "__otlp", feature = "http"))]
mod headers;

#[cfg(feature = "json")]
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// A carrier that can be read, such as the headers of a request.
///
/// Implemented for `HashMap`, `BTreeMap`, lists of pairs (`Vec`, slices and arrays) whose values are
/// text or bytes, `http::HeaderMap`, tonic's `MetadataMap`, `serde_json::Map` (feature `json`), and
/// closures. A field is found in whichever case its name is written.
///
/// A closure takes a name in lower case and gives that field's values, so an `Option` will do:
///
/// ```
/// let properties = |name: &str| (name == "traceparent")
///     .then_some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
/// assert!(prela::extract(&properties).is_sampled());
///
/// // A map with several values for each name, as some gateways give it.
/// let headers = std::collections::HashMap::from([("baggage", vec!["a=1", "b=2"])]);
/// let cx = prela::extract(&|name: &str| headers.get(name).into_iter().flatten());
/// assert_eq!(cx.baggage().len(), 2);
/// ```
pub trait Extractor {
    /// Calls `each` with every value of a field, in the order in which they stand. The name is in
    /// lower case.
    ///
    /// Give all of them: a second `traceparent` makes both invalid, and several `baggage` or
    /// `tracestate` fields are one list.
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8]));
}

/// A carrier that can be written, such as the headers of a request.
///
/// Implemented for `HashMap`, `BTreeMap` and `Vec`s of pairs whose values can be made of a `String`
/// (`String`, `Vec<u8>`, ..), `http::HeaderMap`, tonic's `MetadataMap`, `serde_json::Map` (feature
/// `json`), and closures.
///
/// A closure takes a name and a value. It is not told what to remove, so it should begin with a carrier
/// that has no such fields:
///
/// ```
/// let mut sent = String::new();
/// prela::baggage::scope([("plan", "pro")], || {
///     prela::inject(&mut |name: &str, value: &str| sent.push_str(&format!("{name}: {value}\n")));
/// });
/// assert_eq!(sent, "baggage: plan=pro\n");
/// ```
pub trait Injector {
    /// Gives a field this one value, instead of those it has.
    ///
    /// The name is in lower case; the value is printable ASCII.
    fn set(&mut self, name: &'static str, value: String);

    /// Removes a field, however its name is written and however often it is there.
    fn remove(&mut self, name: &'static str);
}

impl<F, V> Extractor for F
where
    F: Fn(&str) -> V,
    V: IntoIterator<Item: AsRef<[u8]>>,
{
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for value in self(name) {
            each(value.as_ref());
        }
    }
}

impl<F: FnMut(&str, &str)> Injector for F {
    fn set(&mut self, name: &'static str, value: String) {
        self(name, &value);
    }

    fn remove(&mut self, _name: &'static str) {}
}

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
