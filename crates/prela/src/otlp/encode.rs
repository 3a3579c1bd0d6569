//! Spans as the body of a request: OTLP's protobuf message.
//!
//! The messages of spans were written when the spans were recorded: a request puts a frame around them.

#[cfg(test)]
mod tests;

use crate::Resource;
use crate::protobuf::{Buffers, Guess, Writer, fields};
use crate::span::EncodedSpan;
use crate::span::message::{attribute, attributes};
use bytes::Bytes;
use opentelemetry::InstrumentationScope;
use std::mem;
use std::sync::Arc;

/// The body of the `ExportTraceServiceRequest` that carries these spans.
///
/// Its memory is used for another request once the last clone of it is dropped.
///
/// Source: [OTLP `trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
pub(crate) fn request(resource: &Resource, spans: &[EncodedSpan]) -> Bytes {
    let mut w = Writer::new(BUFFERS.take());
    w.message(fields::request::RESOURCE_SPANS, Guess::Large, |w| {
        w.message(fields::resource_spans::RESOURCE, Guess::Medium, |w| {
            attributes(w, fields::resource::ATTRIBUTES, resource.attributes());
        });
        for scope in scopes(spans) {
            w.message(fields::resource_spans::SCOPE_SPANS, Guess::Large, |w| {
                scope_spans(w, scope, spans);
            });
        }
    });
    let (buffer, len) = w.into_parts();
    Bytes::from_owner(Lent { buffer, len })
}

/// The scopes of the spans, in the order of their first ones.
fn scopes(spans: &[EncodedSpan]) -> Vec<&Arc<InstrumentationScope>> {
    let mut scopes: Vec<&Arc<InstrumentationScope>> = Vec::new();
    for span in spans {
        if !scopes.iter().any(|known| is_same(known, span.ended().scope)) {
            scopes.push(span.ended().scope);
        }
    }
    scopes
}

fn is_same(a: &Arc<InstrumentationScope>, b: &Arc<InstrumentationScope>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn scope_spans(w: &mut Writer, scope: &Arc<InstrumentationScope>, spans: &[EncodedSpan]) {
    w.message(fields::scope_spans::SCOPE, Guess::Small, |w| {
        w.text(fields::scope::NAME, scope.name().as_bytes());
        w.text(fields::scope::VERSION, scope.version().unwrap_or_default().as_bytes());
        for pair in scope.attributes() {
            attribute(w, fields::scope::ATTRIBUTES, pair.key.as_str(), &pair.value.clone().into());
        }
    });
    spans
        .iter()
        .filter(|span| is_same(scope, span.ended().scope))
        .map(EncodedSpan::ended)
        .for_each(|span| w.bytes(fields::scope_spans::SPANS, span.message));
    w.text(fields::scope_spans::SCHEMA_URL, scope.schema_url().unwrap_or_default().as_bytes());
}

/// A buffer that comes back when the last clone of the bytes in it is dropped.
struct Lent {
    buffer: Vec<u8>,
    len: usize,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        BUFFERS.give_back(mem::take(&mut self.buffer));
    }
}

/// Buffers for as many requests as are under way in a usual program; one that grew for a rare large batch is
/// not kept.
static BUFFERS: Buffers = Buffers::new(4, 8 * 1024 * 1024);
