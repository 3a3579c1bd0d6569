//! HTTP headers and gRPC metadata.

use super::{Extractor, Injector};
use http::{HeaderMap, HeaderName, HeaderValue};

impl Extractor for HeaderMap {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for value in self.get_all(name) {
            each(value.as_bytes());
        }
    }
}

impl Injector for HeaderMap {
    fn set(&mut self, name: &'static str, value: String) {
        let (Some(name), Ok(value)) = (header_name(name), HeaderValue::try_from(value)) else {
            return;
        };
        // Fails in a map with 32,768 fields, where `insert` would panic.
        let _ = self.try_insert(name, value);
    }

    fn remove(&mut self, name: &'static str) {
        Self::remove(self, name);
    }
}

/// The name without a copy of it. `from_static` panics on what is none.
fn header_name(name: &'static str) -> Option<HeaderName> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_name = !name.is_empty() && name.bytes().all(is_plain);
    is_name.then(|| HeaderName::from_static(name))
}

#[cfg(feature = "grpc")]
impl Extractor for tonic::metadata::MetadataMap {
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        Extractor::values(AsRef::<HeaderMap>::as_ref(self), name, each);
    }
}

#[cfg(feature = "grpc")]
impl Injector for tonic::metadata::MetadataMap {
    fn set(&mut self, name: &'static str, value: String) {
        AsMut::<HeaderMap>::as_mut(self).set(name, value);
    }

    fn remove(&mut self, name: &'static str) {
        Injector::remove(AsMut::<HeaderMap>::as_mut(self), name);
    }
}
