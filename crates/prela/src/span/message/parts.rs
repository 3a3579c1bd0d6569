//! The parts of a span's message, and the whole message of a [`SpanData`].

use super::attribute::attributes;
use super::codes::{flags, kind, parent, status};
use super::data::{Event, Link, SpanData};
use crate::clock::unix_nano;
use crate::protobuf::fields;
use crate::protobuf::{Guess, Writer, copy};
use crate::{SpanType, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState};
use std::ops::Range;

/// What the message says before the attributes: all that is known when a span starts.
pub(in crate::span) struct Head<'a> {
    pub(in crate::span) span_context: &'a SpanContext,
    pub(in crate::span) parent_span_id: Option<SpanId>,
    pub(in crate::span) name: &'a str,
    /// The number of the `SpanKind`.
    pub(in crate::span) kind: u8,
    /// Nanoseconds since 1970.
    pub(in crate::span) start_time: u64,
    pub(in crate::span) end_time: u64,
}

/// What the message of a child without trace state says before the attributes.
pub(in crate::span) struct ChildHead<'a> {
    pub(in crate::span) trace_id: TraceId,
    pub(in crate::span) span_id: SpanId,
    pub(in crate::span) parent_span_id: SpanId,
    /// Below [`ChildHead::LONGEST_NAME`].
    pub(in crate::span) name: &'a str,
    /// The number of the `SpanKind`.
    pub(in crate::span) kind: u8,
    /// Nanoseconds since 1970.
    pub(in crate::span) start_time: u64,
    pub(in crate::span) flags: TraceFlags,
    pub(in crate::span) span_type: SpanType,
}

impl ChildHead<'_> {
    /// Names from this length on have a length of two bytes.
    pub(in crate::span) const LONGEST_NAME: usize = 0x80;
}

/// The bytes of the ids of a child, and of what begins its name.
const IDS: usize = 40;
/// The bytes of the kind and of the times.
const TIMES: usize = 20;

/// Writes what [`head`] writes, and then `more`, in one piece. Returns where the name is.
#[inline(always)]
pub(super) fn child_head(w: &mut Writer, head: &ChildHead<'_>, more: &[u8]) -> Range<usize> {
    let name = head.name.as_bytes();
    // An empty name is the default, and left out.
    let name_len = if name.is_empty() { 0 } else { 2 + name.len() };
    let len = IDS - 2 + name_len + TIMES;
    let out = w.spare(IDS + len + more.len());
    let [low, ..] = name.len().to_le_bytes();
    if let Some(front) = out.first_chunk_mut::<IDS>() {
        front[IDS - 2..].copy_from_slice(&[fields::span::NAME.tag(), low]);
        copy(&mut out[IDS..], name);
        write_over(&mut out[..len], head);
        copy(&mut out[len..], more);
    }
    w.advance(len + more.len());
    IDS - 2..IDS - 2 + name_len
}

/// Writes everything but the name over the head of a child, whose name has the same length.
#[inline(always)]
pub(super) fn write_over(out: &mut [u8], head: &ChildHead<'_>) {
    use fields::span::{END_TIME, KIND, PARENT_SPAN_ID, SPAN_ID, START_TIME, TRACE_ID};
    if let Some(ids) = out.first_chunk_mut::<{ IDS - 2 }>() {
        ids[..2].copy_from_slice(&[TRACE_ID.tag(), 16]);
        ids[2..18].copy_from_slice(&head.trace_id.to_bytes());
        ids[18..20].copy_from_slice(&[SPAN_ID.tag(), 8]);
        ids[20..28].copy_from_slice(&head.span_id.to_bytes());
        ids[28..30].copy_from_slice(&[PARENT_SPAN_ID.tag(), 8]);
        ids[30..].copy_from_slice(&head.parent_span_id.to_bytes());
    }
    if let Some(times) = out.last_chunk_mut::<TIMES>() {
        times[..3].copy_from_slice(&[KIND.tag(), head.kind, START_TIME.tag()]);
        times[3..11].copy_from_slice(&head.start_time.to_le_bytes());
        times[11] = END_TIME.tag();
        times[12..].copy_from_slice(&head.start_time.to_le_bytes());
    }
}

/// Writes a span's message, without tag and length in front.
pub(super) fn span(w: &mut Writer, span: &SpanData) {
    head(
        w,
        &Head {
            span_context: &span.span_context,
            parent_span_id: parent(span),
            name: &span.name,
            kind: kind(&span.kind),
            start_time: unix_nano(span.start_time),
            end_time: unix_nano(span.end_time),
        },
    );
    attributes(w, fields::span::ATTRIBUTES, &span.attributes);
    w.count(fields::span::DROPPED_ATTRIBUTES, span.dropped_attributes_count);
    span.events.iter().for_each(|it| event(w, &it.into()));
    w.count(fields::span::DROPPED_EVENTS, span.dropped_events_count);
    span.links.iter().for_each(|it| link(w, it));
    w.count(fields::span::DROPPED_LINKS, span.dropped_links_count);
    foot(w, &span.status, flags(&span.span_context, span.parent_is_remote));
}

/// Writes all fields before the attributes; the last eight bytes are the end time. Returns where the name is.
#[inline]
pub(super) fn head(w: &mut Writer, head: &Head<'_>) -> Range<usize> {
    use fields::span::{END_TIME, KIND, NAME, PARENT_SPAN_ID, START_TIME};
    ids(w, head.span_context);
    if let Some(parent) = head.parent_span_id {
        let [a, b, c, d, e, f, g, h] = parent.to_bytes();
        w.raw([PARENT_SPAN_ID.tag(), 8, a, b, c, d, e, f, g, h]);
    }
    let from = w.len();
    w.text(NAME, head.name.as_bytes());
    let name = from..w.len();
    let mut times = [0; 20];
    times[..3].copy_from_slice(&[KIND.tag(), head.kind, START_TIME.tag()]);
    times[3..11].copy_from_slice(&head.start_time.to_le_bytes());
    times[11] = END_TIME.tag();
    times[12..].copy_from_slice(&head.end_time.to_le_bytes());
    w.raw(times);
    name
}

/// Writes the last fields: status and flags.
#[inline]
pub(super) fn foot(w: &mut Writer, its_status: &Status, flags: u32) {
    use fields::span::{FLAGS, STATUS};
    let [a, b, c, d] = flags.to_le_bytes();
    let [low, high] = FLAGS.long_tag();
    match status(its_status) {
        (0, _) => w.raw([STATUS.tag(), 0, low, high, a, b, c, d]),
        (code, description) => {
            w.message(STATUS, Guess::Small, |w| {
                w.text(fields::status::MESSAGE, description.as_bytes());
                w.raw([fields::status::CODE.tag(), code]);
            });
            w.raw([low, high, a, b, c, d]);
        }
    }
}

/// An event as it is written.
pub(in crate::span) struct EventParts<'a> {
    pub(in crate::span) name: &'a str,
    /// Nanoseconds since 1970.
    pub(in crate::span) time: u64,
    pub(in crate::span) attributes: &'a [(Key, Value)],
    pub(in crate::span) dropped_attributes_count: u32,
}

impl<'a> From<&'a Event> for EventParts<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            name: &event.name,
            time: unix_nano(event.time),
            attributes: &event.attributes,
            dropped_attributes_count: event.dropped_attributes_count,
        }
    }
}

pub(super) fn event(w: &mut Writer, event: &EventParts<'_>) {
    use fields::event::{ATTRIBUTES, DROPPED_ATTRIBUTES, NAME, TIME};
    w.message(fields::span::EVENTS, Guess::Small, |w| {
        w.raw([TIME.tag()]);
        w.raw(event.time.to_le_bytes());
        w.text(NAME, event.name.as_bytes());
        attributes(w, ATTRIBUTES, event.attributes);
        w.count(DROPPED_ATTRIBUTES, event.dropped_attributes_count);
    });
}

pub(super) fn link(w: &mut Writer, link: &Link) {
    use fields::link::{ATTRIBUTES, DROPPED_ATTRIBUTES, FLAGS};
    w.message(fields::span::LINKS, Guess::Small, |w| {
        ids(w, &link.span_context);
        attributes(w, ATTRIBUTES, &link.attributes);
        w.count(DROPPED_ATTRIBUTES, link.dropped_attributes_count);
        let [a, b, c, d] = flags(&link.span_context, link.span_context.is_remote()).to_le_bytes();
        w.raw([FLAGS.tag(), a, b, c, d]);
    });
}

/// Writes the first three fields, which spans and links have in common.
#[inline(always)]
fn ids(w: &mut Writer, span_context: &SpanContext) {
    use fields::span::{SPAN_ID, TRACE_ID, TRACE_STATE};
    let mut ids = [0; 28];
    ids[..2].copy_from_slice(&[TRACE_ID.tag(), 16]);
    ids[2..18].copy_from_slice(&span_context.trace_id().to_bytes());
    ids[18..20].copy_from_slice(&[SPAN_ID.tag(), 8]);
    ids[20..].copy_from_slice(&span_context.span_id().to_bytes());
    w.raw(ids);
    if let Some(state) = trace_state(span_context) {
        w.bytes(TRACE_STATE, state.as_bytes());
    }
}

/// The trace state, if there is one. An empty one is not asked for its text, which would be an allocation.
#[inline(always)]
fn trace_state(span_context: &SpanContext) -> Option<String> {
    let state = span_context.trace_state();
    if *state == TraceState::NONE {
        return None;
    }
    Some(state.header()).filter(|state| !state.is_empty())
}
