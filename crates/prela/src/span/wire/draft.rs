//! The message of a span while the span runs.

use super::attribute::scalar;
use super::keys::Keys;
use super::scalar::Scalar;
use super::type_attributes::TypeAttributes;
use super::writer::{Writer, count_len, field_len, text_len};
use super::{ATTRIBUTES, Fields, attribute, attributes_len, flags, kind, parent, status};
use crate::clock::unix_nano;
use crate::span::ended::Marks;
use crate::span::{Event, Link, SpanData};
use crate::{SpanType, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceState};
use std::borrow::Cow;
use std::ops::Range;

/// The message of a span, written as far as is known. Its memory is used again.
///
/// Attributes are written when they are set, and so is all that is known at the start. The end is a few
/// bytes more.
#[derive(Debug, Default)]
pub(in crate::span) struct Draft {
    /// All fields up to the attributes, and those. In the end, everything.
    message: Writer,
    name: Range<usize>,
    attributes_at: usize,
    attributes: usize,
    keys: Keys,
    flags: u32,
    marks: Marks,
    /// Whether there is something in `rare`.
    has_rare: bool,
    rare: Rare,
}

/// What most spans do not have.
#[derive(Debug, Default)]
struct Rare {
    dropped_attributes: u32,
    events: Fielded,
    links: Fielded,
    status: Status,
}

/// Fields of one kind.
#[derive(Debug, Default)]
struct Fielded {
    fields: Writer,
    count: usize,
    dropped: u32,
}

/// What is known of a span when it starts.
pub(in crate::span) struct Start<'a> {
    pub(in crate::span) span_context: &'a SpanContext,
    pub(in crate::span) parent_span_id: Option<SpanId>,
    pub(in crate::span) parent_is_remote: bool,
    pub(in crate::span) name: &'a str,
    pub(in crate::span) span_type: SpanType,
    /// Its number.
    pub(in crate::span) kind: u8,
    /// Nanoseconds since 1970.
    pub(in crate::span) time: u64,
}

impl Draft {
    /// Begins a message, over whatever there was before.
    #[inline]
    pub(in crate::span) fn begin(&mut self, start: &Start<'_>) {
        let &Start { span_context, parent_span_id, parent_is_remote, name, time, .. } = start;
        let w = &mut self.message;
        w.clear(LARGE);
        ids(w, span_context);
        if let Some(parent) = parent_span_id {
            let [a, b, c, d, e, f, g, h] = parent.to_bytes();
            w.raw([0x22, 8, a, b, c, d, e, f, g, h]);
        }
        self.name.start = w.len();
        w.text(0x2a, name.as_bytes());
        self.name.end = w.len();
        // The end is not known yet.
        let mut fields = [0; 20];
        fields[..3].copy_from_slice(&[0x30, start.kind, 0x39]);
        fields[3..11].copy_from_slice(&time.to_le_bytes());
        fields[11] = 0x41;
        w.raw(fields);
        self.attributes_at = w.len();
        self.attributes = 0;
        self.keys = Keys::default();
        self.flags = flags(span_context, parent_is_remote);
        self.marks = Marks {
            start_time: time,
            end_time: time,
            span_type: start.span_type,
            is_local_root: parent_span_id.is_none() || parent_is_remote,
            is_sampled: span_context.is_sampled(),
            is_error: false,
        };
        if self.has_rare {
            self.has_rare = false;
            self.rare.clear();
        }
    }

    /// Writes what a span of a type has, before all other attributes.
    #[inline]
    pub(in crate::span) fn set_type(&mut self, of_type: &TypeAttributes) {
        self.message.all(&of_type.fields);
        self.attributes = of_type.count;
        self.keys = of_type.keys;
    }

    /// Writes one attribute: over a value with the same key, else at the end if there is room.
    #[inline]
    pub(in crate::span) fn set(&mut self, key: &Key, value: &Value, most: usize) {
        self.write(key.as_str().as_bytes(), most, |w| attribute(w, ATTRIBUTES, key, value));
    }

    /// The same for a value that is known to be short.
    #[inline]
    pub(in crate::span) fn set_scalar(&mut self, key: &Key, value: Scalar, most: usize) {
        let key = key.as_str().as_bytes();
        self.write(key, most, |w| scalar(w, ATTRIBUTES, key, value));
    }

    #[inline(always)]
    fn write(&mut self, key: &[u8], most: usize, write: impl Fn(&mut Writer)) {
        if self.keys.insert(key)
            && let Some(known) = self.find(key)
        {
            self.replace(known, write);
        } else if self.attributes < most && !key.is_empty() {
            // A key is never empty: <https://opentelemetry.io/docs/specs/otel/common/#attribute>.
            self.attributes += 1;
            write(&mut self.message);
        } else {
            let dropped = &mut self.rare_mut().dropped_attributes;
            *dropped = dropped.saturating_add(1);
        }
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.has_rare = true;
        &mut self.rare
    }

    /// Where the attribute with this key is.
    #[cold]
    fn find(&self, key: &[u8]) -> Option<Range<usize>> {
        let end = self.message.len();
        let mut fields = Fields::of(&self.message.written()[self.attributes_at..]);
        loop {
            let from = end - fields.left();
            let (_, pair) = fields.next()?;
            let (_, its_key) = Fields::of(pair.bytes()).next()?;
            if its_key.bytes() == key {
                return Some(from..end - fields.left());
            }
        }
    }

    /// Writes something over a part of the message, which may be longer or shorter. Gives its length.
    #[cold]
    fn replace(&mut self, old: Range<usize>, write: impl FnOnce(&mut Writer)) -> usize {
        let w = &mut self.message;
        let before = w.len();
        write(w);
        let new = w.len() - before;
        let rest = &mut w.written_mut()[old.start..];
        rest.rotate_right(new);
        rest.copy_within(new + old.len().., new);
        w.truncate(before - old.len() + new);
        new
    }

    pub(in crate::span) fn add_event(&mut self, it: &Event, most: usize) {
        self.rare_mut().events.add(most, |w| event(w, it));
    }

    pub(in crate::span) fn add_link(&mut self, it: &Link, most: usize) {
        self.rare_mut().links.add(most, |w| link(w, it));
    }

    /// A copy of the name.
    pub(in crate::span) fn name(&self) -> Cow<'static, str> {
        let field = Fields::of(&self.message.written()[self.name.clone()]).next();
        field.map_or("".into(), |(_, name)| name.text().into_owned().into())
    }

    pub(in crate::span) fn set_name(&mut self, name: &str) {
        let old = self.name.clone();
        let new = self.replace(old.clone(), |w| w.text(0x2a, name.as_bytes()));
        self.name.end = old.start + new;
        self.attributes_at = self.attributes_at - old.len() + new;
    }

    pub(in crate::span) fn span_type(&self) -> SpanType {
        self.marks.span_type
    }

    pub(in crate::span) fn status(&self) -> &Status {
        &self.rare.status
    }

    pub(in crate::span) fn set_status(&mut self, status: Status) {
        self.rare_mut().status = status;
    }

    /// Completes the message. `end_time` in nanoseconds since 1970; not before the start.
    #[inline]
    pub(in crate::span) fn finish(&mut self, end_time: u64) {
        self.marks.end_time = end_time.max(self.marks.start_time);
        let (w, end) = (&mut self.message, self.attributes_at);
        w.written_mut()[end - 8..end].copy_from_slice(&self.marks.end_time.to_le_bytes());
        let mut code = 0;
        if self.has_rare {
            self.marks.is_error = matches!(self.rare.status, Status::Error { .. });
            code = self.rare.finish(w);
        }
        let [a, b, c, d] = self.flags.to_le_bytes();
        match code {
            0 => w.raw([0x7a, 0, 0x85, 0x01, a, b, c, d]),
            _ => w.raw([0x18, code, 0x85, 0x01, a, b, c, d]),
        }
    }

    /// Writes a whole span.
    pub(in crate::span) fn copy(&mut self, span: &SpanData) {
        self.begin(&Start {
            span_context: &span.span_context,
            parent_span_id: parent(span),
            parent_is_remote: span.parent_is_remote,
            name: &span.name,
            span_type: span.span_type,
            kind: kind(&span.kind),
            time: unix_nano(span.start_time),
        });
        for (key, value) in &span.attributes {
            attribute(&mut self.message, ATTRIBUTES, key, value);
        }
        span.events.iter().for_each(|event| self.add_event(event, usize::MAX));
        span.links.iter().for_each(|link| self.add_link(link, usize::MAX));
        let rare = self.rare_mut();
        rare.dropped_attributes = span.dropped_attributes_count;
        rare.events.dropped = span.dropped_events_count;
        rare.links.dropped = span.dropped_links_count;
        rare.status = span.status.clone();
        self.finish(unix_nano(span.end_time));
    }

    /// Once it is finished.
    pub(in crate::span) fn message(&self) -> &[u8] {
        self.message.written()
    }

    /// Once it is finished.
    pub(in crate::span) fn marks(&self) -> Marks {
        self.marks
    }
}

impl Rare {
    /// Writes all of it, up to the code of a status that is not unset, which it gives.
    #[cold]
    fn finish(&self, w: &mut Writer) -> u8 {
        w.count(0x50, self.dropped_attributes);
        w.all(self.events.fields.written());
        w.count(0x60, self.events.dropped);
        w.all(self.links.fields.written());
        w.count(0x70, self.links.dropped);
        let (code, text) = status(&self.status);
        if code != 0 {
            w.length(0x7a, text_len(text.as_bytes()) + 2);
            w.text(0x12, text.as_bytes());
        }
        code
    }

    fn clear(&mut self) {
        self.dropped_attributes = 0;
        self.events.clear();
        self.links.clear();
        self.status = Status::Unset;
    }
}

impl Fielded {
    fn add(&mut self, most: usize, write: impl FnOnce(&mut Writer)) {
        if self.count < most {
            self.count += 1;
            write(&mut self.fields);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    fn clear(&mut self) {
        self.fields.clear(LARGE);
        self.count = 0;
        self.dropped = 0;
    }
}

fn event(w: &mut Writer, event: &Event) {
    let Event { name, time, attributes, dropped_attributes_count } = event;
    let attributes_len = attributes_len(attributes);
    w.length(
        0x5a,
        9 + text_len(name.as_bytes()) + attributes_len + count_len(*dropped_attributes_count),
    );
    w.raw([0x09]);
    w.raw(unix_nano(*time).to_le_bytes());
    w.text(0x12, name.as_bytes());
    attributes.iter().for_each(|(key, value)| attribute(w, 0x1a, key, value));
    w.count(0x20, *dropped_attributes_count);
}

fn link(w: &mut Writer, link: &Link) {
    let Link { span_context, attributes, dropped_attributes_count } = link;
    let state = trace_state(span_context).map_or(0, |state| field_len(state.len()));
    let len = 28 + state + attributes_len(attributes) + count_len(*dropped_attributes_count) + 5;
    w.length(0x6a, len);
    ids(w, span_context);
    attributes.iter().for_each(|(key, value)| attribute(w, 0x22, key, value));
    w.count(0x28, *dropped_attributes_count);
    let [a, b, c, d] = flags(span_context, span_context.is_remote()).to_le_bytes();
    w.raw([0x35, a, b, c, d]);
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

/// Memory that is not kept for the next span.
const LARGE: usize = 16 * 1024;
