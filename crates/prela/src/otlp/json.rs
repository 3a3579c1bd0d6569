//! A batch as one line of OTLP's JSON.
//!
//! Written by hand: it needs neither serde nor a protobuf library, and gets right what the JSON form
//! of `opentelemetry-proto` does not, doubles that are not finite.

#[cfg(test)]
mod tests;

use super::by_scope;
use crate::clock::unix_nano;
use crate::span::Batch;
use crate::span::wire::{flags, kind, parent, status};
use crate::{Event, Link, SpanData, Value};
use opentelemetry::trace::SpanContext;
use opentelemetry::{InstrumentationScope, Key};
use std::fmt::{self, Display, Formatter, Write as _};

/// The line for `batch`, without a line break.
///
/// Fields that hold their default are left out, as protobuf's JSON allows, except ids and status.
///
/// Sources: [OTLP file exporter](https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/),
/// [OTLP JSON encoding](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
pub(crate) fn line(batch: &Batch) -> String {
    Line(batch).to_string()
}

struct Line<'a>(&'a Batch);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(r#"{"resourceSpans":[{"resource":{"#)?;
        let attributes = self.0.resource().attributes();
        if !attributes.is_empty() {
            f.write_str(r#""attributes":"#)?;
            list(f, attributes, attribute)?;
        }
        f.write_str(r#"},"scopeSpans":"#)?;
        list(f, by_scope(self.0), |f, (scope, spans)| {
            f.write_str(r#"{"scope":"#)?;
            instrumentation_scope(f, scope)?;
            f.write_str(r#","spans":"#)?;
            list(f, spans, span)?;
            if let Some(url) = scope.schema_url() {
                write!(f, r#","schemaUrl":{}"#, Text(url))?;
            }
            f.write_str("}")
        })?;
        f.write_str("}]}")
    }
}

fn instrumentation_scope(f: &mut Formatter<'_>, scope: &InstrumentationScope) -> fmt::Result {
    write!(f, r#"{{"name":{}"#, Text(scope.name()))?;
    if let Some(version) = scope.version() {
        write!(f, r#","version":{}"#, Text(version))?;
    }
    if scope.attributes().next().is_some() {
        f.write_str(r#","attributes":"#)?;
        list(f, scope.attributes(), |f, pair| key_value(f, &pair.key, &pair.value.clone().into()))?;
    }
    f.write_str("}")
}

fn span(f: &mut Formatter<'_>, span: &SpanData) -> fmt::Result {
    f.write_str("{")?;
    ids(f, &span.span_context)?;
    f.write_str(r#","parentSpanId":""#)?;
    if let Some(parent) = parent(span) {
        write!(f, "{parent}")?;
    }
    write!(f, r#"","flags":{}"#, flags(&span.span_context, span.parent_is_remote))?;
    write!(f, r#","name":{},"kind":{}"#, Text(&span.name), kind(&span.kind))?;
    write!(f, r#","startTimeUnixNano":"{}""#, unix_nano(span.start_time))?;
    write!(f, r#","endTimeUnixNano":"{}""#, unix_nano(span.end_time))?;
    attributes(f, &span.attributes, span.dropped_attributes_count)?;
    if !span.events.is_empty() {
        f.write_str(r#","events":"#)?;
        list(f, &span.events, event)?;
    }
    count(f, "droppedEventsCount", span.dropped_events_count)?;
    if !span.links.is_empty() {
        f.write_str(r#","links":"#)?;
        list(f, &span.links, link)?;
    }
    count(f, "droppedLinksCount", span.dropped_links_count)?;
    match status(&span.status) {
        (0, _) => f.write_str(r#","status":{}}"#),
        (code, "") => write!(f, r#","status":{{"code":{code}}}}}"#),
        (code, text) => write!(f, r#","status":{{"message":{},"code":{code}}}}}"#, Text(text)),
    }
}

fn event(f: &mut Formatter<'_>, event: &Event) -> fmt::Result {
    write!(f, r#"{{"timeUnixNano":"{}""#, unix_nano(event.time))?;
    write!(f, r#","name":{}"#, Text(&event.name))?;
    attributes(f, &event.attributes, event.dropped_attributes_count)?;
    f.write_str("}")
}

fn link(f: &mut Formatter<'_>, link: &Link) -> fmt::Result {
    f.write_str("{")?;
    ids(f, &link.span_context)?;
    attributes(f, &link.attributes, link.dropped_attributes_count)?;
    write!(f, r#","flags":{}}}"#, flags(&link.span_context, link.span_context.is_remote()))
}

fn ids(f: &mut Formatter<'_>, context: &SpanContext) -> fmt::Result {
    write!(f, r#""traceId":"{}","spanId":"{}""#, context.trace_id(), context.span_id())?;
    match context.trace_state().header() {
        state if state.is_empty() => Ok(()),
        state => write!(f, r#","traceState":{}"#, Text(&state)),
    }
}

fn attributes(f: &mut Formatter<'_>, attributes: &[(Key, Value)], dropped: u32) -> fmt::Result {
    if !attributes.is_empty() {
        f.write_str(r#","attributes":"#)?;
        list(f, attributes, attribute)?;
    }
    count(f, "droppedAttributesCount", dropped)
}

fn attribute(f: &mut Formatter<'_>, (key, value): &(Key, Value)) -> fmt::Result {
    key_value(f, key, value)
}

fn key_value(f: &mut Formatter<'_>, key: &Key, value: &Value) -> fmt::Result {
    write!(f, r#"{{"key":{},"value":"#, Text(key.as_str()))?;
    any_value(f, value)?;
    f.write_str("}")
}

fn any_value(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Bool(value) => write!(f, r#"{{"boolValue":{value}}}"#),
        // 64-bit integers are text, for readers whose numbers are doubles.
        Value::I64(value) => write!(f, r#"{{"intValue":"{value}"}}"#),
        Value::F64(value) if value.is_nan() => f.write_str(r#"{"doubleValue":"NaN"}"#),
        Value::F64(f64::INFINITY) => f.write_str(r#"{"doubleValue":"Infinity"}"#),
        Value::F64(f64::NEG_INFINITY) => f.write_str(r#"{"doubleValue":"-Infinity"}"#),
        // `Debug` has an exponent for the very large and small, which `Display` writes out.
        Value::F64(value) => write!(f, r#"{{"doubleValue":{value:?}}}"#),
        Value::String(value) => write!(f, r#"{{"stringValue":{}}}"#, Text(value.as_str())),
        Value::Bytes(bytes) => write!(f, r#"{{"bytesValue":"{}"}}"#, Base64(bytes)),
        Value::Array(values) => {
            f.write_str(r#"{"arrayValue":{"values":"#)?;
            list(f, values, any_value)?;
            f.write_str("}}")
        }
        Value::Map(entries) => {
            f.write_str(r#"{"kvlistValue":{"values":"#)?;
            list(f, entries, attribute)?;
            f.write_str("}}")
        }
    }
}

fn count(f: &mut Formatter<'_>, name: &str, count: u32) -> fmt::Result {
    if count == 0 { Ok(()) } else { write!(f, r#","{name}":{count}"#) }
}

fn list<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (i, it) in items.into_iter().enumerate() {
        f.write_str(if i == 0 { "" } else { "," })?;
        item(f, it)?;
    }
    f.write_str("]")
}

/// A JSON string.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut rest = self.0;
        while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            let (plain, from) = rest.split_at(at);
            f.write_str(plain)?;
            match from.as_bytes()[0] {
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\t' => f.write_str("\\t")?,
                other @ (b'"' | b'\\') => write!(f, "\\{}", char::from(other))?,
                control => write!(f, "\\u{control:04x}")?,
            }
            rest = &from[1..];
        }
        f.write_str(rest)?;
        f.write_str("\"")
    }
}

/// RFC 4648 base64 with padding.
struct Base64<'a>(&'a [u8]);

impl Display for Base64<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for chunk in self.0.chunks(3) {
            let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for i in 0..4 {
                let sextet = (bits >> (18 - 6 * i)) & 0x3f;
                // One byte has two digits, two have three.
                f.write_char(match i <= chunk.len() {
                    true => char::from(ALPHABET[sextet as usize]),
                    false => '=',
                })?;
            }
        }
        Ok(())
    }
}
