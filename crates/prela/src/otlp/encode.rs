//! Spans as the body of a request: OTLP's protobuf message.
//!
//! The messages of the spans are written already, by whoever recorded them, so a request is what is
//! around them.

#[cfg(test)]
mod tests;

use crate::Resource;
use crate::span::wire::{Buffers, Writer, attribute, attributes_len, field_len};
use crate::span::{Batch, Blocks, Encoded, Rewritten};
use bytes::Bytes;
use opentelemetry::InstrumentationScope;
use opentelemetry::Key;
use std::mem;
use std::sync::Arc;

/// The body of the `ExportTraceServiceRequest` that carries these spans.
///
/// Its memory serves another request when the last clone of it is dropped.
///
/// Source: [OTLP `trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
pub(crate) fn request(resource: &Resource, spans: &[Encoded]) -> Bytes {
    let scopes: Vec<_> =
        scopes(spans).into_iter().map(|scope| ScopeSpans::new(scope, spans)).collect();
    let resource = resource.attributes();
    let resource_len = attributes_len(resource);
    let len = field_len(resource_len) + scopes.iter().map(|it| field_len(it.len)).sum::<usize>();
    let mut w = Writer::new(BUFFERS.take());
    w.reserve(field_len(len));
    w.length(0x0a, len);
    w.length(0x0a, resource_len);
    resource.iter().for_each(|(key, value)| attribute(&mut w, 0x0a, key, value));
    scopes.iter().for_each(|scope| scope.write(&mut w, spans));
    let (buffer, len) = w.into_parts();
    Bytes::from_owner(Lent { buffer, len })
}

/// The same for spans that were read, and may have been changed since.
pub(crate) fn batch(batch: &Batch) -> Bytes {
    let (mut blocks, mut rewritten) = (Blocks::default(), Rewritten::default());
    batch.spans.iter().for_each(|span| blocks.push(rewritten.write(span)));
    request(&batch.resource, &blocks.drain().collect::<Vec<_>>())
}

/// The scopes of the spans, in the order of their first ones.
fn scopes(spans: &[Encoded]) -> Vec<&Arc<InstrumentationScope>> {
    let mut scopes: Vec<&Arc<InstrumentationScope>> = Vec::new();
    for span in spans {
        let scope = span.ended().scope;
        if !scopes.iter().any(|known| is_same(known, scope)) {
            scopes.push(scope);
        }
    }
    scopes
}

fn is_same(a: &Arc<InstrumentationScope>, b: &Arc<InstrumentationScope>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The message `ScopeSpans`, before it is written.
struct ScopeSpans<'a> {
    scope: &'a Arc<InstrumentationScope>,
    attributes: Vec<(Key, crate::Value)>,
    scope_len: usize,
    len: usize,
}

impl<'a> ScopeSpans<'a> {
    fn new(scope: &'a Arc<InstrumentationScope>, spans: &[Encoded]) -> Self {
        let attributes =
            scope.attributes().map(|pair| (pair.key.clone(), pair.value.clone().into()));
        let attributes: Vec<_> = attributes.collect();
        let text_len = |text: &str| if text.is_empty() { 0 } else { field_len(text.len()) };
        let scope_len = text_len(scope.name())
            + text_len(scope.version().unwrap_or_default())
            + attributes_len(&attributes);
        let spans = of_scope(scope, spans).map(|span| field_len(span.ended().message.len()));
        let len = field_len(scope_len)
            + spans.sum::<usize>()
            + text_len(scope.schema_url().unwrap_or_default());
        Self { scope, attributes, scope_len, len }
    }

    fn write(&self, w: &mut Writer, spans: &[Encoded]) {
        let scope = self.scope;
        w.length(0x12, self.len);
        w.length(0x0a, self.scope_len);
        w.text(0x0a, scope.name().as_bytes());
        w.text(0x12, scope.version().unwrap_or_default().as_bytes());
        self.attributes.iter().for_each(|(key, value)| attribute(w, 0x1a, key, value));
        of_scope(scope, spans).for_each(|span| w.bytes(0x12, span.ended().message));
        w.text(0x1a, scope.schema_url().unwrap_or_default().as_bytes());
    }
}

fn of_scope<'a>(
    scope: &Arc<InstrumentationScope>,
    spans: &'a [Encoded],
) -> impl Iterator<Item = &'a Encoded> {
    spans.iter().filter(move |span| is_same(scope, span.ended().scope))
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

/// As many as there are requests under way in a usual program; one that grew for a rare large batch is
/// not kept.
static BUFFERS: Buffers = Buffers::new(4, 8 * 1024 * 1024);
