//! A request as OTLP's JSON: what is sent as `http/json`, and a line of the file exporter.
//!
//! Written by hand from the message: it needs neither serde nor a protobuf library, and writes doubles that
//! are not finite, which `opentelemetry-proto` gets wrong.

#[cfg(all(feature = "tracing", feature = "otlp-http"))]
mod logs;
#[cfg(all(feature = "metrics", feature = "otlp-http"))]
mod metrics;
#[cfg(feature = "otlp-http")]
pub(super) mod read;
#[cfg(test)]
mod tests;

use super::encode;
use crate::protobuf::fields::{any_value, event, key_value, link, list as of_list};
use crate::protobuf::fields::{resource, resource_spans, scope, scope_spans, span, status};
use crate::protobuf::{Content, Field, Reader, fields};
use crate::span::Batch;
use std::fmt::{self, Display, Formatter, Write as _};

/// The line for `batch`, without a line break.
///
/// Source: [OTLP file exporter](https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/).
pub(crate) fn line(batch: &Batch) -> String {
    request(&encode::request(batch.resource(), batch.encoded()))
}

/// An `ExportTraceServiceRequest` of ours, in JSON.
///
/// Fields that hold their default are left out, as protobuf's JSON allows, except ids and status.
///
/// Source: [OTLP JSON encoding](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
pub(super) fn request(message: &[u8]) -> String {
    Request { message, frame: &SPANS }.to_string()
}

/// An export request of any signal, in JSON.
#[cfg(feature = "otlp-http")]
pub(crate) fn request_of(signal: super::Signal, message: &[u8]) -> String {
    let frame = match signal {
        super::Signal::Traces => &SPANS,
        #[cfg(feature = "tracing")]
        super::Signal::Logs => &LOG_RECORDS,
        #[cfg(feature = "metrics")]
        super::Signal::Metrics => &METRICS,
    };
    Request { message, frame }.to_string()
}

struct Request<'a> {
    message: &'a [u8],
    frame: &'static Frame,
}

/// What is around the items of a request. Signals differ in the names only.
struct Frame {
    resources: &'static str,
    scopes: &'static str,
    items: &'static str,
    item: fn(&mut Formatter<'_>, &[u8]) -> fmt::Result,
}

const SPANS: Frame =
    Frame { resources: "resourceSpans", scopes: "scopeSpans", items: "spans", item: span };
#[cfg(all(feature = "tracing", feature = "otlp-http"))]
const LOG_RECORDS: Frame = Frame {
    resources: "resourceLogs",
    scopes: "scopeLogs",
    items: "logRecords",
    item: logs::log_record,
};

#[cfg(all(feature = "metrics", feature = "otlp-http"))]
const METRICS: Frame = Frame {
    resources: "resourceMetrics",
    scopes: "scopeMetrics",
    items: "metrics",
    item: metrics::of_metric,
};

impl Display for Request<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { message, frame } = self;
        write!(f, r#"{{"{}":"#, frame.resources)?;
        let resources = all(message, fields::request::RESOURCE_SPANS);
        list(f, resources, |f, message| of_resource(f, message, frame))?;
        f.write_str("}")
    }
}

fn of_resource(f: &mut Formatter<'_>, message: &[u8], frame: &Frame) -> fmt::Result {
    f.write_str(r#"{"resource":{"#)?;
    let resource = last(message, resource_spans::RESOURCE);
    let mut attributes = all(resource, resource::ATTRIBUTES).peekable();
    if attributes.peek().is_some() {
        f.write_str(r#""attributes":"#)?;
        list(f, attributes, attribute)?;
    }
    write!(f, r#"}},"{}":"#, frame.scopes)?;
    list(f, all(message, resource_spans::SCOPE_SPANS), |f, message| {
        f.write_str(r#"{"scope":"#)?;
        instrumentation_scope(f, last(message, scope_spans::SCOPE))?;
        write!(f, r#","{}":"#, frame.items)?;
        list(f, all(message, scope_spans::SPANS), frame.item)?;
        text(f, "schemaUrl", last(message, scope_spans::SCHEMA_URL))?;
        f.write_str("}")
    })?;
    f.write_str("}")
}

fn instrumentation_scope(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    write!(f, r#"{{"name":{}"#, Text(&String::from_utf8_lossy(last(message, scope::NAME))))?;
    text(f, "version", last(message, scope::VERSION))?;
    attributes(f, message, scope::ATTRIBUTES)?;
    f.write_str("}")
}

fn span(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    f.write_str("{")?;
    ids(f, message)?;
    let parent = last(message, span::PARENT_SPAN_ID);
    let is_root = parent.iter().all(|byte| *byte == 0);
    write!(f, r#","parentSpanId":"{}""#, Hex(if is_root { &[] } else { parent }))?;
    write!(f, r#","flags":{}"#, content(message, span::FLAGS).map_or(0, Content::fixed32))?;
    write!(f, r#","name":{}"#, Text(&String::from_utf8_lossy(last(message, span::NAME))))?;
    write!(f, r#","kind":{}"#, content(message, span::KIND).map_or(0, Content::int))?;
    let time = |field| content(message, field).map_or(0, Content::fixed64);
    let (start, end) = (time(span::START_TIME), time(span::END_TIME));
    write!(f, r#","startTimeUnixNano":"{}","endTimeUnixNano":"{}""#, start, end)?;
    attributes(f, message, span::ATTRIBUTES)?;
    count(f, "droppedAttributesCount", message, span::DROPPED_ATTRIBUTES)?;
    let mut events = all(message, span::EVENTS).peekable();
    if events.peek().is_some() {
        f.write_str(r#","events":"#)?;
        list(f, events, event)?;
    }
    count(f, "droppedEventsCount", message, span::DROPPED_EVENTS)?;
    let mut links = all(message, span::LINKS).peekable();
    if links.peek().is_some() {
        f.write_str(r#","links":"#)?;
        list(f, links, link)?;
    }
    count(f, "droppedLinksCount", message, span::DROPPED_LINKS)?;
    let its_status = last(message, span::STATUS);
    let code = content(its_status, status::CODE).map_or(0, Content::int);
    let description = last(its_status, status::MESSAGE);
    f.write_str(r#","status":{"#)?;
    if code != 0 {
        if !description.is_empty() {
            write!(f, r#""message":{},"#, Text(&String::from_utf8_lossy(description)))?;
        }
        write!(f, r#""code":{code}"#)?;
    }
    f.write_str("}}")
}

fn event(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    write!(
        f,
        r#"{{"timeUnixNano":"{}""#,
        content(message, event::TIME).map_or(0, Content::fixed64)
    )?;
    write!(f, r#","name":{}"#, Text(&String::from_utf8_lossy(last(message, event::NAME))))?;
    attributes(f, message, event::ATTRIBUTES)?;
    count(f, "droppedAttributesCount", message, event::DROPPED_ATTRIBUTES)?;
    f.write_str("}")
}

fn link(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    f.write_str("{")?;
    ids(f, message)?;
    attributes(f, message, link::ATTRIBUTES)?;
    count(f, "droppedAttributesCount", message, link::DROPPED_ATTRIBUTES)?;
    write!(f, r#","flags":{}}}"#, content(message, link::FLAGS).map_or(0, Content::fixed32))
}

/// The ids and the state of a span or a link.
fn ids(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    write!(
        f,
        r#""traceId":"{}","spanId":"{}""#,
        Hex(last(message, span::TRACE_ID)),
        Hex(last(message, span::SPAN_ID))
    )?;
    text(f, "traceState", last(message, span::TRACE_STATE))
}

fn attributes(f: &mut Formatter<'_>, message: &[u8], field: Field) -> fmt::Result {
    let mut attributes = all(message, field).peekable();
    if attributes.peek().is_none() {
        return Ok(());
    }
    f.write_str(r#","attributes":"#)?;
    list(f, attributes, attribute)
}

fn attribute(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    write!(
        f,
        r#"{{"key":{},"value":"#,
        Text(&String::from_utf8_lossy(last(message, key_value::KEY)))
    )?;
    any_value(f, last(message, key_value::VALUE))?;
    f.write_str("}")
}

fn any_value(f: &mut Formatter<'_>, message: &[u8]) -> fmt::Result {
    let Some((field, content)) = Reader::of(message).next() else { return f.write_str("{}") };
    match field {
        any_value::STRING => write!(f, r#"{{"stringValue":{}}}"#, Text(&content.text())),
        any_value::BOOL => write!(f, r#"{{"boolValue":{}}}"#, content.int() != 0),
        // 64-bit integers are text, for readers whose numbers are doubles.
        any_value::INT => write!(f, r#"{{"intValue":"{}"}}"#, content.int()),
        any_value::DOUBLE => match f64::from_bits(content.fixed64()) {
            value if value.is_nan() => f.write_str(r#"{"doubleValue":"NaN"}"#),
            f64::INFINITY => f.write_str(r#"{"doubleValue":"Infinity"}"#),
            f64::NEG_INFINITY => f.write_str(r#"{"doubleValue":"-Infinity"}"#),
            // `Debug` has an exponent for the very large and small, which `Display` writes out.
            value => write!(f, r#"{{"doubleValue":{value:?}}}"#),
        },
        any_value::ARRAY => {
            f.write_str(r#"{"arrayValue":{"values":"#)?;
            list(f, all(content.bytes(), of_list::VALUES), any_value)?;
            f.write_str("}}")
        }
        any_value::MAP => {
            f.write_str(r#"{"kvlistValue":{"values":"#)?;
            list(f, all(content.bytes(), of_list::VALUES), attribute)?;
            f.write_str("}}")
        }
        any_value::BYTES => write!(f, r#"{{"bytesValue":"{}"}}"#, Base64(content.bytes())),
        _ => f.write_str("{}"),
    }
}

fn content(message: &[u8], field: Field) -> Option<Content<'_>> {
    Reader::last(message, field)
}

/// The text, bytes or message in a field; empty without it.
fn last(message: &[u8], field: Field) -> &[u8] {
    Reader::last_bytes(message, field)
}

fn all(message: &[u8], field: Field) -> impl Iterator<Item = &[u8]> {
    Reader::all(message, field).map(Content::bytes)
}

/// A field of text, unless that is empty.
fn text(f: &mut Formatter<'_>, name: &str, text: &[u8]) -> fmt::Result {
    if text.is_empty() {
        return Ok(());
    }
    write!(f, r#","{name}":{}"#, Text(&String::from_utf8_lossy(text)))
}

fn count(f: &mut Formatter<'_>, name: &str, message: &[u8], field: Field) -> fmt::Result {
    match content(message, field).map_or(0, Content::int) {
        0 => Ok(()),
        count => write!(f, r#","{name}":{count}"#),
    }
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

/// An id.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
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
