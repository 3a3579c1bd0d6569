//! Carriers: what can be read from and written to.

mod collections;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http", feature = "http"))]
mod headers;

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
