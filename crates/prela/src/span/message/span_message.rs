//! The message of a span while the span runs.

mod lookup;
mod rare;
#[cfg(test)]
mod tests;

use self::rare::Rare;
use super::attribute::{attribute, scalar, short_text, text};
use super::codes::{flags, local_flags};
use super::data::Link;
use super::ended_span::SpanSummary;
use super::keys::{KeyHash, Keys};
use super::parts::{ChildHead, EventParts, Head, child_head, event, foot, head, link, write_over};
use super::read::read_attributes;
use super::scalar::Scalar;
use super::type_attributes::TypeAttributes;
use crate::protobuf::fields::span::{ATTRIBUTES, NAME};
use crate::protobuf::{Reader, Writer};
use crate::value::ShortText;
use crate::{SpanType, Value};
use opentelemetry::Key;
use opentelemetry::trace::Status;
use std::borrow::Cow;
use std::ops::Range;

/// The message of a running span, written as far as the span has come. Its memory is reused.
///
/// The start writes the head, each attribute is written when it is set, and the end adds a few bytes.
#[derive(Debug, Default)]
pub(in crate::span) struct SpanMessage {
    /// All fields up to the attributes, and the attributes; once finished, everything.
    message: Writer,
    name: Range<usize>,
    attributes_at: usize,
    /// How many attributes there may be. There are as many as there are keys.
    most_attributes: usize,
    /// The most characters of a text.
    longest_text: usize,
    keys: Keys,
    flags: u32,
    summary: SpanSummary,
    /// Whether `rare` has anything in it.
    has_rare: bool,
    rare: Rare,
}

impl SpanMessage {
    /// Begins a message, in place of the previous one.
    #[inline]
    pub(in crate::span) fn begin(
        &mut self,
        start: &Head<'_>,
        span_type: SpanType,
        parent_is_remote: bool,
        most_attributes: usize,
        longest_text: usize,
    ) {
        self.message.clear();
        self.name = head(&mut self.message, start);
        self.attributes_at = self.message.len();
        self.most_attributes = most_attributes;
        self.longest_text = longest_text;
        self.keys.clear(most_attributes);
        self.flags = flags(start.span_context, parent_is_remote);
        self.summary = summary(start, span_type, parent_is_remote);
        if self.has_rare {
            self.has_rare = false;
            self.rare.clear();
        }
    }

    /// Completes a child's message that was begun before its ids and start were known.
    #[inline(always)]
    pub(in crate::span) fn complete_child(&mut self, start: &ChildHead<'_>) {
        self.set_start(start);
        let head = self.message.written_mut().get_mut(..self.attributes_at);
        head.into_iter().for_each(|head| write_over(head, start));
    }

    /// Completes a message that was begun before ids and start were known, of a span that is not a usual child.
    pub(in crate::span) fn complete(
        &mut self,
        start: &Head<'_>,
        span_type: SpanType,
        parent_is_remote: bool,
    ) {
        let mut name = 0..0;
        self.attributes_at = self.replace(0..self.attributes_at, |w| {
            let before = w.len();
            name = head(w, start);
            name = name.start - before..name.end - before;
        });
        self.name = name;
        self.flags = flags(start.span_context, parent_is_remote);
        self.summary = summary(start, span_type, parent_is_remote);
    }

    /// The attributes so far, except the type's own.
    pub(in crate::span) fn read_attributes(&self, of_type: &TypeAttributes) -> Vec<(Key, Value)> {
        read_attributes(&self.message.written()[self.attributes_at..], &of_type.fields)
    }

    /// Takes the attributes out, except the type's own, to be written again after others.
    pub(in crate::span) fn take_attributes(
        &mut self,
        of_type: &TypeAttributes,
    ) -> Vec<(Key, Value)> {
        let attributes = self.read_attributes(of_type);
        self.message.truncate(self.attributes_at);
        self.message.all(&of_type.fields);
        self.keys.start_with(&of_type.keys, self.most_attributes);
        attributes
    }

    #[inline(always)]
    fn set_start(&mut self, start: &ChildHead<'_>) {
        self.flags = local_flags(start.flags);
        self.summary = SpanSummary {
            start_time: start.start_time,
            end_time: start.start_time,
            span_type: start.span_type,
            is_local_root: false,
            is_sampled: start.flags.is_sampled(),
            is_error: false,
        };
    }

    /// Begins the message of a child, with the attributes of its type; see [`SpanMessage::begin`].
    #[inline(always)]
    pub(in crate::span) fn begin_child(
        &mut self,
        start: &ChildHead<'_>,
        of_type: &TypeAttributes,
        most_attributes: usize,
        longest_text: usize,
    ) {
        self.message.clear();
        self.name = child_head(&mut self.message, start, &of_type.fields);
        self.attributes_at = self.message.len() - of_type.fields.len();
        self.most_attributes = most_attributes;
        self.longest_text = longest_text;
        self.keys.start_with(&of_type.keys, most_attributes);
        self.set_start(start);
        if self.has_rare {
            self.has_rare = false;
            self.rare.clear();
        }
    }

    /// Writes the attributes of a span type, before all others.
    #[inline]
    pub(in crate::span) fn set_type(&mut self, of_type: &TypeAttributes) {
        self.message.all(&of_type.fields);
        self.keys.start_with(&of_type.keys, self.most_attributes);
    }

    /// Writes one attribute: over the value of the same key, or else at the end, if the limit allows it.
    pub(in crate::span) fn set(&mut self, key: &str, value: &Value) {
        let name = key.as_bytes();
        if self.admits(name, KeyHash::of(name)) {
            attribute(&mut self.message, ATTRIBUTES, key, value);
        } else {
            self.set_again(name, |w| attribute(w, ATTRIBUTES, key, value));
        }
    }

    /// Writes one attribute whose value is a scalar; see [`SpanMessage::set`].
    #[inline(always)]
    pub(in crate::span) fn set_scalar(&mut self, key: &[u8], hash: KeyHash, value: Scalar) {
        if self.admits(key, hash) {
            scalar(&mut self.message, ATTRIBUTES, key, value);
        } else {
            self.set_again(key, move |w| scalar(w, ATTRIBUTES, key, value));
        }
    }

    /// Writes one attribute whose value is a text; see [`SpanMessage::set`]. False, and nothing is written, if
    /// the text may have to be cut.
    #[inline(always)]
    #[must_use]
    pub(in crate::span) fn set_text(&mut self, key: &[u8], hash: KeyHash, value: &[u8]) -> bool {
        if value.len() > self.longest_text {
            return false;
        }
        if self.admits(key, hash) {
            text(&mut self.message, ATTRIBUTES, key, value);
        } else {
            self.set_again(key, move |w| text(w, ATTRIBUTES, key, value));
        }
        true
    }

    /// Writes one attribute whose value is a short text; see [`SpanMessage::set_text`].
    #[inline(always)]
    #[must_use]
    pub(in crate::span) fn set_short(
        &mut self,
        key: &[u8],
        hash: KeyHash,
        value: ShortText,
    ) -> bool {
        if usize::from(value.len) > self.longest_text {
            return false;
        }
        if self.admits(key, hash) {
            short_text(&mut self.message, ATTRIBUTES, key, value);
        } else {
            self.set_again(key, move |w| short_text(w, ATTRIBUTES, key, value));
        }
        true
    }

    /// Whether a key is certainly new and within the limit. If so, it is noted, and its attribute goes to the end.
    #[inline(always)]
    fn admits(&mut self, key: &[u8], hash: KeyHash) -> bool {
        // A key is never empty: <https://opentelemetry.io/docs/specs/otel/common/#attribute>.
        !key.is_empty() && self.keys.add_new(hash)
    }

    /// Writes an attribute whose key may be there already, or that may be one too many.
    #[cold]
    #[inline(never)]
    fn set_again(&mut self, key: &[u8], write: impl Fn(&mut Writer)) {
        let hash = KeyHash::of(key);
        if self.keys.may_have(hash)
            && let Some(known) = self.find(key)
        {
            self.replace(known, write);
        } else if self.keys.len() < self.most_attributes && !key.is_empty() {
            self.keys.insert(hash);
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

    /// The place of the attribute with this key.
    #[cold]
    fn find(&self, key: &[u8]) -> Option<Range<usize>> {
        let end = self.message.len();
        let mut fields = Reader::of(&self.message.written()[self.attributes_at..]);
        loop {
            let from = end - fields.left();
            let (_, pair) = fields.next()?;
            let (_, its_key) = Reader::of(pair.bytes()).next()?;
            if its_key.bytes() == key {
                return Some(from..end - fields.left());
            }
        }
    }

    /// Replaces a part of the message, whatever the new length, and returns that length.
    #[cold]
    fn replace(&mut self, old: Range<usize>, write: impl FnOnce(&mut Writer)) -> usize {
        let w = &mut self.message;
        let before = w.len();
        write(w);
        let new = w.len() - before;
        if new == old.len() {
            w.written_mut().copy_within(before.., old.start);
        } else {
            let rest = &mut w.written_mut()[old.start..];
            rest.rotate_right(new);
            rest.copy_within(new + old.len().., new);
        }
        w.truncate(before - old.len() + new);
        new
    }

    pub(in crate::span) fn add_event(&mut self, it: &EventParts<'_>, most: usize) {
        self.rare_mut().events.add(most, |w| event(w, it));
    }

    pub(in crate::span) fn add_link(&mut self, it: &Link, most: usize) {
        self.rare_mut().links.add(most, |w| link(w, it));
    }

    /// The name, copied.
    pub(in crate::span) fn name(&self) -> Cow<'static, str> {
        let field = Reader::of(&self.message.written()[self.name.clone()]).next();
        field.map_or("".into(), |(_, name)| name.text().into_owned().into())
    }

    pub(in crate::span) fn set_name(&mut self, name: &str) {
        let old = self.name.clone();
        let new = self.replace(old.clone(), |w| w.text(NAME, name.as_bytes()));
        self.name.end = old.start + new;
        self.attributes_at = self.attributes_at - old.len() + new;
    }

    pub(in crate::span) fn span_type(&self) -> SpanType {
        self.summary.span_type
    }

    /// Sets the type alone; its attributes are up to the caller.
    #[cfg(feature = "tracing")]
    pub(in crate::span) fn set_span_type(&mut self, span_type: SpanType) {
        self.summary.span_type = span_type;
    }

    pub(in crate::span) fn status(&self) -> &Status {
        &self.rare.status
    }

    pub(in crate::span) fn set_status(&mut self, status: Status) {
        self.rare_mut().status = status;
    }

    /// Completes the message. `end_time` is in nanoseconds since 1970; one before the start becomes the start.
    #[inline]
    pub(in crate::span) fn finish(&mut self, end_time: u64) {
        self.summary.end_time = end_time.max(self.summary.start_time);
        let (w, end) = (&mut self.message, self.attributes_at);
        w.written_mut()[end - 8..end].copy_from_slice(&self.summary.end_time.to_le_bytes());
        if self.has_rare {
            #[cfg(feature = "genai")]
            self.rare.add_pending();
            self.rare.finish(w, self.flags);
            self.summary.is_error = matches!(self.rare.status, Status::Error { .. });
        } else {
            foot(w, &Status::Unset, self.flags);
        }
    }

    /// Frees memory that is too large to be kept for the next span.
    #[inline]
    pub(in crate::span) fn trim(&mut self) {
        self.message.trim(LARGE);
        if self.has_rare {
            self.rare.events.fields.trim(LARGE);
            self.rare.links.fields.trim(LARGE);
        }
    }

    /// The finished message.
    pub(in crate::span) fn message(&self) -> &[u8] {
        self.message.written()
    }

    /// The summary of the finished span.
    pub(in crate::span) fn summary(&self) -> &SpanSummary {
        &self.summary
    }
}

fn summary(start: &Head<'_>, span_type: SpanType, parent_is_remote: bool) -> SpanSummary {
    SpanSummary {
        start_time: start.start_time,
        end_time: start.end_time,
        span_type,
        is_local_root: start.parent_span_id.is_none() || parent_is_remote,
        is_sampled: start.span_context.is_sampled(),
        is_error: false,
    }
}

/// The largest buffer that is kept for the next span.
const LARGE: usize = 16 * 1024;
