//! A span's message as [`SpanData`], for exporters and processors that ask for that.

use super::fields::Fields;
use super::{HAS_IS_REMOTE, IS_REMOTE};
use crate::clock::from_unix_nano;
use crate::span::{Event, Link, SpanData};
use crate::{Text, Value};
use opentelemetry::Key;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use std::str::FromStr as _;

/// Reads a message of ours into `span`, which has nothing in it yet.
pub(in crate::span) fn read(message: &[u8], span: &mut SpanData) {
    let mut context = Context::default();
    for (number, field) in Fields::of(message) {
        match number {
            4 => span.parent_span_id = field.bytes().try_into().ok().map(SpanId::from_bytes),
            5 => span.name = field.text().into_owned().into(),
            6 => span.kind = kind(field.number()),
            7 => span.start_time = from_unix_nano(field.fixed64()),
            8 => span.end_time = from_unix_nano(field.fixed64()),
            9 => span.attributes.extend(attribute(field.bytes())),
            10 => span.dropped_attributes_count = field.count(),
            11 => span.events.push(event(field.bytes())),
            12 => span.dropped_events_count = field.count(),
            13 => span.links.push(link(field.bytes())),
            14 => span.dropped_links_count = field.count(),
            15 => span.status = status(field.bytes()),
            16 => context.flags = field.fixed32(),
            _ => context.read(number, field.bytes()),
        }
    }
    span.parent_is_remote = context.is_remote();
    // A span that was recorded here is never remote.
    span.span_context = context.span_context(false);
}

/// Of a span or a link.
#[derive(Default)]
struct Context {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    state: Option<TraceState>,
    flags: u32,
}

impl Context {
    fn read(&mut self, number: u64, bytes: &[u8]) {
        match number {
            1 => self.trace_id = bytes.try_into().unwrap_or_default(),
            2 => self.span_id = bytes.try_into().unwrap_or_default(),
            3 => {
                self.state = str::from_utf8(bytes).ok().and_then(|it| TraceState::from_str(it).ok())
            }
            _ => {}
        }
    }

    fn is_remote(&self) -> bool {
        self.flags & (HAS_IS_REMOTE | IS_REMOTE) == HAS_IS_REMOTE | IS_REMOTE
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
    let mut event = Event {
        name: "".into(),
        time: from_unix_nano(0),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
    };
    for (number, field) in Fields::of(message) {
        match number {
            1 => event.time = from_unix_nano(field.fixed64()),
            2 => event.name = field.text().into_owned().into(),
            3 => event.attributes.extend(attribute(field.bytes())),
            4 => event.dropped_attributes_count = field.count(),
            _ => {}
        }
    }
    event
}

fn link(message: &[u8]) -> Link {
    let (mut context, mut attributes, mut dropped_attributes_count) =
        (Context::default(), Vec::new(), 0);
    for (number, field) in Fields::of(message) {
        match number {
            4 => attributes.extend(attribute(field.bytes())),
            5 => dropped_attributes_count = field.count(),
            6 => context.flags = field.fixed32(),
            _ => context.read(number, field.bytes()),
        }
    }
    let is_remote = context.is_remote();
    Link { span_context: context.span_context(is_remote), attributes, dropped_attributes_count }
}

fn attribute(message: &[u8]) -> Option<(Key, Value)> {
    let mut fields = Fields::of(message);
    let (_, key) = fields.next()?;
    let (_, any) = fields.next()?;
    Some((Key::from(key.text().into_owned()), value(any.bytes())?))
}

/// None for a kind of value that is not known here.
fn value(message: &[u8]) -> Option<Value> {
    let Some((number, field)) = Fields::of(message).next() else { return Some(Value::Empty) };
    let entries = || Fields::of(field.bytes()).map(|(_, entry)| entry.bytes());
    Some(match number {
        1 => Value::String(Text::from(&*field.text())),
        2 => Value::Bool(field.number() != 0),
        3 => Value::I64(field.number()),
        4 => Value::F64(f64::from_bits(field.fixed64())),
        5 => Value::Array(entries().filter_map(value).collect()),
        6 => Value::Map(entries().filter_map(attribute).collect()),
        7 => Value::Bytes(field.bytes().into()),
        _ => return None,
    })
}

fn kind(number: i64) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn status(message: &[u8]) -> Status {
    let (mut code, mut description) = (0, String::new());
    for (number, field) in Fields::of(message) {
        match number {
            2 => description = field.text().into_owned(),
            3 => code = field.number(),
            _ => {}
        }
    }
    match code {
        1 => Status::Ok,
        2 => Status::error(description),
        _ => Status::Unset,
    }
}
