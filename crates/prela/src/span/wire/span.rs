//! The parts of a span's message, and the whole of one that is known.

use super::writer::{Guess, Writer};
use super::{ATTRIBUTES, attributes, flags, kind, parent, status};
use crate::clock::unix_nano;
use crate::span::{Event, Link, SpanData};
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceState};
use std::ops::Range;

/// What is known of a span when it starts, and perhaps its end.
pub(in crate::span) struct Head<'a> {
    pub(in crate::span) span_context: &'a SpanContext,
    pub(in crate::span) parent_span_id: Option<SpanId>,
    pub(in crate::span) name: &'a str,
    /// Its number.
    pub(in crate::span) kind: u8,
    /// Nanoseconds since 1970.
    pub(in crate::span) start_time: u64,
    pub(in crate::span) end_time: u64,
}

/// Writes a span's message, without what says its length.
pub(in crate::span) fn span(w: &mut Writer, span: &SpanData) {
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
    attributes(w, ATTRIBUTES, &span.attributes);
    w.count(0x50, span.dropped_attributes_count);
    span.events.iter().for_each(|it| event(w, it));
    w.count(0x60, span.dropped_events_count);
    span.links.iter().for_each(|it| link(w, it));
    w.count(0x70, span.dropped_links_count);
    foot(w, &span.status, flags(&span.span_context, span.parent_is_remote));
}

/// All fields before the attributes; the last eight bytes are the end time. Gives where the name is.
#[inline]
pub(super) fn head(w: &mut Writer, head: &Head<'_>) -> Range<usize> {
    ids(w, head.span_context);
    if let Some(parent) = head.parent_span_id {
        let [a, b, c, d, e, f, g, h] = parent.to_bytes();
        w.raw([0x22, 8, a, b, c, d, e, f, g, h]);
    }
    let from = w.len();
    w.text(NAME, head.name.as_bytes());
    let name = from..w.len();
    let mut times = [0; 20];
    times[..3].copy_from_slice(&[0x30, head.kind, 0x39]);
    times[3..11].copy_from_slice(&head.start_time.to_le_bytes());
    times[11] = 0x41;
    times[12..].copy_from_slice(&head.end_time.to_le_bytes());
    w.raw(times);
    name
}

/// The field of the name.
pub(super) const NAME: u8 = 0x2a;

/// The last fields: status and flags.
#[inline]
pub(super) fn foot(w: &mut Writer, its_status: &Status, flags: u32) {
    let [a, b, c, d] = flags.to_le_bytes();
    match status(its_status) {
        (0, _) => w.raw([0x7a, 0, 0x85, 0x01, a, b, c, d]),
        (code, description) => {
            w.message(0x7a, Guess::Small, |w| {
                w.text(0x12, description.as_bytes());
                w.raw([0x18, code]);
            });
            w.raw([0x85, 0x01, a, b, c, d]);
        }
    }
}

pub(super) fn event(w: &mut Writer, event: &Event) {
    w.message(0x5a, Guess::Small, |w| {
        w.raw([0x09]);
        w.raw(unix_nano(event.time).to_le_bytes());
        w.text(0x12, event.name.as_bytes());
        attributes(w, 0x1a, &event.attributes);
        w.count(0x20, event.dropped_attributes_count);
    });
}

pub(super) fn link(w: &mut Writer, link: &Link) {
    w.message(0x6a, Guess::Small, |w| {
        ids(w, &link.span_context);
        attributes(w, 0x22, &link.attributes);
        w.count(0x28, link.dropped_attributes_count);
        let [a, b, c, d] = flags(&link.span_context, link.span_context.is_remote()).to_le_bytes();
        w.raw([0x35, a, b, c, d]);
    });
}

/// The first three fields of spans and links alike.
#[inline(always)]
fn ids(w: &mut Writer, span_context: &SpanContext) {
    let mut ids = [0; 28];
    ids[..2].copy_from_slice(&[0x0a, 16]);
    ids[2..18].copy_from_slice(&span_context.trace_id().to_bytes());
    ids[18..20].copy_from_slice(&[0x12, 8]);
    ids[20..].copy_from_slice(&span_context.span_id().to_bytes());
    w.raw(ids);
    if let Some(state) = trace_state(span_context) {
        w.bytes(0x1a, state.as_bytes());
    }
}

/// Most spans have none, and the text of an empty one is an allocation nevertheless.
#[inline(always)]
fn trace_state(span_context: &SpanContext) -> Option<String> {
    let state = span_context.trace_state();
    if *state == TraceState::NONE {
        return None;
    }
    Some(state.header()).filter(|state| !state.is_empty())
}
