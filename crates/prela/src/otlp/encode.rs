//! A batch as OTLP's protobuf message, in one pass over borrowed data.
//!
//! Fields are written from the last to the first, and each message from its end to its start: so a
//! length is known when it has to be written, and nothing is measured or moved beforehand.

mod buffers;
#[cfg(test)]
mod tests;
mod writer;

use self::writer::Writer;
use super::{flags, kind, parent, status, unix_nano};
use crate::span::Batch;
use crate::{Event, Link, SpanData, Value};
use bytes::Bytes;
use opentelemetry::trace::SpanContext;
use opentelemetry::{InstrumentationScope, Key};
use std::sync::Arc;

/// The body of the `ExportTraceServiceRequest` that carries `batch`.
///
/// Its memory serves another request when the last clone of it is dropped.
///
/// Source: [OTLP `trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
pub(crate) fn request(batch: &Batch) -> Bytes {
    let mut writer = Writer::new(buffers::take());
    let resource_spans = writer.mark();
    let (first, others) = scopes(batch);
    for scope in others.into_iter().rev().chain(first) {
        scope_spans(&mut writer, scope, &batch.spans);
    }
    let resource = writer.mark();
    attributes(&mut writer, 0x0a, batch.resource.attributes());
    writer.message(0x0a, resource);
    writer.message(0x0a, resource_spans);
    buffers::lend(writer)
}

/// The scopes of a batch, in the order of their first spans: the first one, and the rarer others.
fn scopes(batch: &Batch) -> (Option<&Arc<InstrumentationScope>>, Vec<&Arc<InstrumentationScope>>) {
    let first = batch.spans.first().map(|span| &span.scope);
    let mut others: Vec<&Arc<InstrumentationScope>> = Vec::new();
    for span in &batch.spans {
        let is = |known: &Arc<_>| is_same(known, &span.scope);
        if !first.is_some_and(is) && !others.iter().any(|known| is(known)) {
            others.push(&span.scope);
        }
    }
    (first, others)
}

fn is_same(a: &Arc<InstrumentationScope>, b: &Arc<InstrumentationScope>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn scope_spans(w: &mut Writer, scope: &Arc<InstrumentationScope>, spans: &[Arc<SpanData>]) {
    let scope_spans = w.mark();
    w.text(0x1a, scope.schema_url().unwrap_or_default().as_bytes());
    for it in spans.iter().rev().filter(|span| is_same(scope, &span.scope)) {
        span(w, it);
    }
    let message = w.mark();
    let pairs: Vec<_> = scope.attributes().collect();
    for pair in pairs.into_iter().rev() {
        attribute(w, 0x1a, &pair.key, &pair.value.clone().into());
    }
    w.text(0x12, scope.version().unwrap_or_default().as_bytes());
    w.text(0x0a, scope.name().as_bytes());
    w.message(0x0a, message);
    w.message(0x12, scope_spans);
}

fn span(w: &mut Writer, span: &SpanData) {
    let context = &span.span_context;
    let message = w.mark();
    let [a, b, c, d] = flags(context, span.parent_is_remote).to_le_bytes();
    match status(&span.status) {
        (0, _) => w.raw([0x7a, 0, 0x85, 0x01, a, b, c, d]),
        (code, text) => {
            w.raw([0x85, 0x01, a, b, c, d]);
            let status = w.mark();
            w.raw([0x18, code.to_le_bytes()[0]]);
            w.text(0x12, text.as_bytes());
            w.message(0x7a, status);
        }
    }
    w.count(0x70, span.dropped_links_count);
    span.links.iter().rev().for_each(|it| link(w, it));
    w.count(0x60, span.dropped_events_count);
    span.events.iter().rev().for_each(|it| event(w, it));
    w.count(0x50, span.dropped_attributes_count);
    attributes(w, 0x4a, &span.attributes);
    let mut times = [0; 20];
    times[..2].copy_from_slice(&[0x30, kind(&span.kind).to_le_bytes()[0]]);
    times[2] = 0x39;
    times[3..11].copy_from_slice(&unix_nano(span.start_time).to_le_bytes());
    times[11] = 0x41;
    times[12..].copy_from_slice(&unix_nano(span.end_time).to_le_bytes());
    w.raw(times);
    w.text(0x2a, span.name.as_bytes());
    if let Some(parent) = parent(span) {
        w.id(0x22, parent.to_bytes());
    }
    ids(w, context);
    w.message(0x12, message);
}

fn event(w: &mut Writer, event: &Event) {
    let message = w.mark();
    w.count(0x20, event.dropped_attributes_count);
    attributes(w, 0x1a, &event.attributes);
    w.text(0x12, event.name.as_bytes());
    w.fixed64(0x09, unix_nano(event.time));
    w.message(0x5a, message);
}

fn link(w: &mut Writer, link: &Link) {
    let message = w.mark();
    let context = &link.span_context;
    let [a, b, c, d] = flags(context, context.is_remote()).to_le_bytes();
    w.raw([0x35, a, b, c, d]);
    w.count(0x28, link.dropped_attributes_count);
    attributes(w, 0x22, &link.attributes);
    ids(w, context);
    w.message(0x6a, message);
}

/// The first three fields of spans and links alike.
fn ids(w: &mut Writer, context: &SpanContext) {
    let state = context.trace_state();
    // Most spans have none, and the text of an empty one is an allocation nevertheless.
    if *state != opentelemetry::trace::TraceState::NONE {
        w.text(0x1a, state.header().as_bytes());
    }
    let mut ids = [0; 28];
    ids[..2].copy_from_slice(&[0x0a, 16]);
    ids[2..18].copy_from_slice(&context.trace_id().to_bytes());
    ids[18..20].copy_from_slice(&[0x12, 8]);
    ids[20..].copy_from_slice(&context.span_id().to_bytes());
    w.raw(ids);
}

fn attributes(w: &mut Writer, tag: u8, attributes: &[(Key, Value)]) {
    for (key, value) in attributes.iter().rev() {
        attribute(w, tag, key, value);
    }
}

fn attribute(w: &mut Writer, tag: u8, key: &Key, value: &Value) {
    let name = key.as_str().as_bytes();
    // The common ones in one piece each; what is too long for lengths of one byte, or nested, below.
    let is_written = name.len() < 64
        && match value {
            Value::String(text) if text.as_bytes().len() < 48 => {
                let text = text.as_bytes();
                w.pair(tag, name, [0x0a, text.len().to_le_bytes()[0]], text);
                true
            }
            Value::Bool(value) => {
                w.pair(tag, name, [0x10, u8::from(*value)], &[]);
                true
            }
            Value::I64(value @ 0..0x80) => {
                w.pair(tag, name, [0x18, value.to_le_bytes()[0]], &[]);
                true
            }
            Value::I64(value @ 0x80..0x4000) => {
                let [low, high] = [value & 0x7f | 0x80, value >> 7].map(|it| it.to_le_bytes()[0]);
                w.pair(tag, name, [0x18, low, high], &[]);
                true
            }
            Value::F64(value) => {
                let [a, b, c, d, e, f, g, h] = value.to_bits().to_le_bytes();
                w.pair(tag, name, [0x21, a, b, c, d, e, f, g, h], &[]);
                true
            }
            _ => false,
        };
    if is_written {
        return;
    }
    let message = w.mark();
    any_value(w, 0x12, value);
    w.bytes(0x0a, name);
    w.message(tag, message);
}

fn any_value(w: &mut Writer, tag: u8, value: &Value) {
    let message = w.mark();
    match value {
        Value::Bool(value) => w.raw([0x10, u8::from(*value)]),
        Value::I64(value) => {
            // Two's complement, as protobuf's `int64` is.
            w.varint(u64::from_le_bytes(value.to_le_bytes()));
            w.raw([0x18]);
        }
        Value::F64(value) => w.fixed64(0x21, value.to_bits()),
        Value::String(text) => w.bytes(0x0a, text.as_bytes()),
        Value::Bytes(bytes) => w.bytes(0x3a, bytes),
        Value::Array(values) => {
            let list = w.mark();
            values.iter().rev().for_each(|value| any_value(w, 0x0a, value));
            w.message(0x2a, list);
        }
        Value::Map(entries) => {
            let list = w.mark();
            attributes(w, 0x0a, entries);
            w.message(0x32, list);
        }
    }
    w.message(tag, message);
}
