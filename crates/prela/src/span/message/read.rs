//! Reading a span's message back, for exporters and processors that ask for a [`SpanData`].

use super::codes::{is_remote, kind_of, status_of};
use super::data::{Event, Link, SpanData};
use crate::clock::from_unix_nano;
use crate::protobuf::fields::{self, any_value};
use crate::protobuf::{Field, Reader};
use crate::semconv::GEN_AI_OPERATION_NAME;
use crate::{Text, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState};
use std::str::FromStr as _;

/// Reads a message that was written here into `span`, which is blank.
pub(super) fn read(message: &[u8], span: &mut SpanData) {
    use fields::span::*;
    let mut context = Context::default();
    for (field, content) in Reader::of(message) {
        match field {
            PARENT_SPAN_ID => {
                span.parent_span_id = content.bytes().try_into().ok().map(SpanId::from_bytes);
            }
            NAME => span.name = content.text().into_owned().into(),
            KIND => span.kind = kind_of(content.int()),
            START_TIME => span.start_time = from_unix_nano(content.fixed64()),
            END_TIME => span.end_time = from_unix_nano(content.fixed64()),
            ATTRIBUTES => span.attributes.extend(attribute(content.bytes())),
            DROPPED_ATTRIBUTES => span.dropped_attributes_count = content.count(),
            EVENTS => span.events.push(event(content.bytes())),
            DROPPED_EVENTS => span.dropped_events_count = content.count(),
            LINKS => span.links.push(link(content.bytes())),
            DROPPED_LINKS => span.dropped_links_count = content.count(),
            STATUS => span.status = status(content.bytes()),
            FLAGS => context.flags = content.fixed32(),
            _ => context.read(field, content.bytes()),
        }
    }
    span.parent_is_remote = is_remote(context.flags);
    // A recorded span belongs to this process.
    span.span_context = context.span_context(false);
}

/// The ids, flags and trace state of a span or a link.
#[derive(Default)]
struct Context {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    state: Option<TraceState>,
    flags: u32,
}

impl Context {
    fn read(&mut self, field: Field, bytes: &[u8]) {
        use fields::span::{SPAN_ID, TRACE_ID, TRACE_STATE};
        match field {
            TRACE_ID => self.trace_id = bytes.try_into().unwrap_or_default(),
            SPAN_ID => self.span_id = bytes.try_into().unwrap_or_default(),
            TRACE_STATE => {
                self.state = str::from_utf8(bytes).ok().and_then(|it| TraceState::from_str(it).ok())
            }
            _ => {}
        }
    }

    fn span_context(self, is_remote: bool) -> SpanContext {
        let [flags, ..] = self.flags.to_le_bytes();
        SpanContext::new(
            TraceId::from_bytes(self.trace_id),
            SpanId::from_bytes(self.span_id),
            TraceFlags::new(flags),
            is_remote,
            self.state.unwrap_or_default(),
        )
    }
}

fn event(message: &[u8]) -> Event {
    use fields::event::{ATTRIBUTES, DROPPED_ATTRIBUTES, NAME, TIME};
    let mut event = Event {
        name: "".into(),
        time: from_unix_nano(0),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
    };
    for (field, content) in Reader::of(message) {
        match field {
            TIME => event.time = from_unix_nano(content.fixed64()),
            NAME => event.name = content.text().into_owned().into(),
            ATTRIBUTES => event.attributes.extend(attribute(content.bytes())),
            DROPPED_ATTRIBUTES => event.dropped_attributes_count = content.count(),
            _ => {}
        }
    }
    event
}

fn link(message: &[u8]) -> Link {
    use fields::link::{ATTRIBUTES, DROPPED_ATTRIBUTES, FLAGS};
    let (mut context, mut attributes, mut dropped_attributes_count) =
        (Context::default(), Vec::new(), 0);
    for (field, content) in Reader::of(message) {
        match field {
            ATTRIBUTES => attributes.extend(attribute(content.bytes())),
            DROPPED_ATTRIBUTES => dropped_attributes_count = content.count(),
            FLAGS => context.flags = content.fixed32(),
            _ => context.read(field, content.bytes()),
        }
    }
    let is_remote = is_remote(context.flags);
    Link { span_context: context.span_context(is_remote), attributes, dropped_attributes_count }
}

/// The attributes among a message's fields, except those also among `others`. The operation is always included:
/// rules of samplers ask for it.
pub(super) fn read_attributes(fields: &[u8], others: &[u8]) -> Vec<(Key, Value)> {
    let is_other = |pair: &[u8]| Reader::of(others).any(|(_, other)| other.bytes() == pair);
    let is_told = |key: &Key, pair| key.as_str() == GEN_AI_OPERATION_NAME || !is_other(pair);
    let pairs = Reader::of(fields).map(|(_, pair)| pair.bytes());
    let told = pairs.filter_map(|pair| attribute(pair).filter(|(key, _)| is_told(key, pair)));
    told.collect()
}

pub(super) fn attribute(message: &[u8]) -> Option<(Key, Value)> {
    let mut fields = Reader::of(message);
    let (_, key) = fields.next()?;
    let (_, any) = fields.next()?;
    Some((Key::from(key.text().into_owned()), value(any.bytes())?))
}

/// The value, or none if its kind is unknown.
fn value(message: &[u8]) -> Option<Value> {
    let Some((field, content)) = Reader::of(message).next() else { return Some(Value::Empty) };
    let entries = || Reader::of(content.bytes()).map(|(_, entry)| entry.bytes());
    Some(match field {
        any_value::STRING => Value::String(Text::from(&*content.text())),
        any_value::BOOL => Value::Bool(content.int() != 0),
        any_value::INT => Value::I64(content.int()),
        any_value::DOUBLE => Value::F64(f64::from_bits(content.fixed64())),
        any_value::ARRAY => Value::Array(entries().filter_map(value).collect()),
        any_value::MAP => Value::Map(entries().filter_map(attribute).collect()),
        any_value::BYTES => Value::Bytes(content.bytes().into()),
        _ => return None,
    })
}

fn status(message: &[u8]) -> Status {
    let (mut code, mut description) = (0, String::new());
    for (field, content) in Reader::of(message) {
        match field {
            fields::status::MESSAGE => description = content.text().into_owned(),
            fields::status::CODE => code = content.int(),
            _ => {}
        }
    }
    status_of(code, description)
}
