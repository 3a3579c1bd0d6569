//! HTTP headers and gRPC metadata.

use super::{Extractor, Injector};
use http::{HeaderMap, HeaderName, HeaderValue};

impl Extractor for HeaderMap {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        let values = match known(name) {
            Some(name) => self.get_all(name),
            None => self.get_all(name),
        };
        for value in values {
            each(value.as_bytes());
        }
    }
}

impl Injector for HeaderMap {
    fn set(&mut self, name: &'static str, value: String) {
        let name = known(name).cloned().or_else(|| HeaderName::try_from(name).ok());
        let (Some(name), Ok(value)) = (name, HeaderValue::try_from(value)) else { return };
        // Fails in a map with 32,768 fields, where `insert` would panic.
        let _ = self.try_insert(name, value);
    }

    fn remove(&mut self, name: &'static str) {
        match known(name) {
            Some(name) => Self::remove(self, name),
            None => Self::remove(self, name),
        };
    }
}

/// The usual names, parsed once: a name given as text is parsed at each use.
fn known(name: &str) -> Option<&'static HeaderName> {
    static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
    static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
    static BAGGAGE: HeaderName = HeaderName::from_static("baggage");
    match name {
        "traceparent" => Some(&TRACEPARENT),
        "tracestate" => Some(&TRACESTATE),
        "baggage" => Some(&BAGGAGE),
        _ => None,
    }
}

#[cfg(feature = "otlp-grpc")]
impl Extractor for tonic::metadata::MetadataMap {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        Extractor::values(AsRef::<HeaderMap>::as_ref(self), name, each);
    }
}

#[cfg(feature = "otlp-grpc")]
impl Injector for tonic::metadata::MetadataMap {
    fn set(&mut self, name: &'static str, value: String) {
        AsMut::<HeaderMap>::as_mut(self).set(name, value);
    }

    fn remove(&mut self, name: &'static str) {
        Injector::remove(AsMut::<HeaderMap>::as_mut(self), name);
    }
}
