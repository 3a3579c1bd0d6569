//! The record of one span: what it began with, and what is written while it runs.

#[cfg(test)]
mod tests;

use super::details::Measurement;
use super::limits::SpanLimits;
use super::provider::Source;
use super::roots::{self, RootPlace};
use crate::clock::unix_nano;
use crate::context::Origin;
use crate::lock::BriefLock;
use crate::span::message::{EventParts, KeyHash, Link, Scalar, SpanMessage, Written};
use crate::value::ShortText;
use crate::{SpanType, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status};
use spin::MutexGuard;
use std::borrow::Cow;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::SystemTime;

/// The record of a span, as handles and contexts share it. Each start asks whether it is the only reference, so that
/// the memory can be used again: `triomphe` answers with a load, std with a locked operation.
pub(crate) type SharedRecord = triomphe::Arc<Record>;

/// A span that has started. Shared by every handle and context that refers to it.
pub(crate) struct Record {
    pub(in crate::span) source: Arc<Source>,
    pub(in crate::span) span_context: SpanContext,
    pub(in crate::span) parent_span_id: Option<SpanId>,
    /// What the span gives to its children.
    pub(in crate::span) origin: Origin,
    pub(super) root_place: RootPlace,
    /// Held while bytes are written or copied; no user code runs meanwhile.
    state: BriefLock<State>,
}

/// What changes while the span runs.
#[derive(Default)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Runs right before the span ends, once.
    pub(super) at_end: Option<Measurement>,
    /// Whether `at_end` runs now.
    pub(super) is_ending: bool,
}

#[derive(Default)]
pub(super) enum Phase {
    /// Not started, or ended.
    #[default]
    Idle,
    /// Not sampled, and not recorded.
    Unsampled,
    /// Recorded in this message.
    Recording(Box<SpanMessage>),
}

impl State {
    /// The message, while the span is recorded.
    #[inline(always)]
    fn message(&mut self) -> Option<&mut SpanMessage> {
        match &mut self.phase {
            Phase::Recording(message) => Some(message),
            Phase::Idle | Phase::Unsampled => None,
        }
    }
}

impl Record {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            span_context: SpanContext::NONE,
            parent_span_id: None,
            origin: Origin::NONE,
            root_place: RootPlace::nowhere(),
            state: BriefLock::default(),
        }
    }

    /// The state, without a lock, while nobody else refers to the record.
    #[inline(always)]
    pub(super) fn state_mut(&mut self) -> &mut State {
        self.state.get_mut()
    }

    /// The local root above this span, or the span itself.
    pub(in crate::span) fn root(&self) -> SpanId {
        self.origin.root
    }

    /// The instance of the span.
    #[cfg(feature = "tracing")]
    pub(crate) fn instance(&self) -> u64 {
        self.source.provider.id
    }

    /// Forgets that the span is a root that runs, right before it ends: then nobody refers to it any more by that.
    #[inline]
    pub(in crate::span) fn leave_roots(&self) {
        roots::remove(self);
    }

    /// Whether the span began as a local root that is recorded.
    #[inline]
    pub(super) fn is_root_and_recorded(&self) -> bool {
        self.origin.root == self.origin.span_id && self.is_recorded()
    }

    /// Whether the span is recorded, or was until it ended.
    #[inline]
    fn is_recorded(&self) -> bool {
        self.span_context.is_sampled() || self.source.provider.records_all
    }

    /// The time, in nanoseconds since 1970.
    #[inline]
    pub(in crate::span) fn now(&self) -> u64 {
        self.origin.anchor.now(&self.source.provider.clock)
    }

    pub(super) fn limits(&self) -> &SpanLimits {
        &self.source.provider.limits
    }

    #[inline(always)]
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Accesses the message, if the span is recorded.
    pub(in crate::span) fn with<R>(&self, access: impl FnOnce(&mut SpanMessage) -> R) -> Option<R> {
        self.state().message().map(access)
    }

    /// The message and what it may hold, without a lock, while nobody else refers to the record; none unless the span
    /// is recorded.
    #[inline(always)]
    pub(super) fn message_mut(&mut self) -> Option<(&mut SpanMessage, &SpanLimits)> {
        let limits = &self.source.provider.limits;
        Some((self.state.get_mut().message()?, limits))
    }

    /// The name, copied; none unless the span is recorded.
    pub(in crate::span) fn name(&self) -> Option<Cow<'static, str>> {
        self.with(|message| message.name())
    }

    pub(in crate::span) fn set_name(&self, name: &str) {
        self.with(|message| message.set_name(name));
    }

    pub(in crate::span) fn span_type(&self) -> Option<SpanType> {
        self.with(|message| message.span_type())
    }

    /// Makes it a span of another type, with that type's attributes.
    #[cfg(feature = "tracing")]
    pub(in crate::span) fn set_span_type(&self, span_type: SpanType) {
        let limits = self.limits();
        self.with(|message| {
            message.set_span_type(span_type);
            let conventions = self.source.provider.wording.conventions;
            span_type.write_attributes(conventions, |key, mut value| {
                limits.set(message, key.as_str(), &mut value)
            });
        });
    }

    /// Whether the status is an error; none unless the span is recorded.
    #[cfg(any(feature = "http", feature = "genai"))]
    pub(crate) fn is_failed(&self) -> Option<bool> {
        self.with(|message| matches!(message.status(), Status::Error { .. }))
    }

    pub(crate) fn is_recording(&self) -> bool {
        matches!(self.state().phase, Phase::Recording(_))
    }

    pub(in crate::span) fn set_attribute(&self, key: &Key, value: Value) {
        self.set_other(key.as_str(), ManuallyDrop::new(value));
    }

    #[inline(never)]
    fn set_other(&self, key: &str, mut value: ManuallyDrop<Value>) {
        self.with(|message| self.limits().set(message, key, &mut value));
        Value::discard(value);
    }

    /// Sets an attribute, where the compiler may know key and value: then their kinds and the key's hash are
    /// constants.
    #[inline(always)]
    pub(in crate::span) fn write_attribute(&self, key: &str, value: ManuallyDrop<Value>) {
        let hash = KeyHash::of(key.as_bytes());
        match Written::of(&value) {
            Written::Scalar(value) => self.set_scalar(key, hash, value),
            Written::Short(text) => self.set_short(key, hash, text),
            Written::Text(text) if self.set_text(key, hash, text) => Value::discard(value),
            Written::Text(_) | Written::Other => self.set_other(key, value),
        }
    }

    /// Sets an attribute to a value that is too short for any limit.
    #[inline(never)]
    pub(in crate::span) fn set_scalar(&self, key: &str, hash: KeyHash, value: Scalar) {
        if let Some(message) = self.state().message() {
            message.set_scalar(key.as_bytes(), hash, value);
        }
    }

    /// Sets an attribute to a short text.
    #[inline(never)]
    fn set_short(&self, key: &str, hash: KeyHash, text: ShortText) {
        if let Some(message) = self.state().message() {
            self.limits().set_short(message, key, hash, text);
        }
    }

    /// Sets an attribute to a text. False if there is a limit that the text may exceed.
    #[inline(never)]
    #[must_use]
    pub(in crate::span) fn set_text(&self, key: &str, hash: KeyHash, text: &[u8]) -> bool {
        match self.state().message() {
            Some(message) => message.set_text(key.as_bytes(), hash, text),
            None => true,
        }
    }

    pub(in crate::span) fn add_event<K: Into<Key>, V: Into<Value>>(
        &self,
        name: &str,
        time: Option<SystemTime>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) {
        if !self.is_recorded() {
            return;
        }
        let limits = self.limits();
        // Outside the lock: the iterator is the caller's code.
        let (attributes, dropped_attributes_count) =
            limits.collect(attributes, limits.attributes_per_event);
        let time = time.map_or_else(|| self.now(), unix_nano);
        let attributes = &attributes;
        let event = EventParts { name, time, attributes, dropped_attributes_count };
        self.with(|message| message.add_event(&event, limits.events));
    }

    pub(in crate::span) fn add_link<K: Into<Key>, V: Into<Value>>(
        &self,
        span_context: SpanContext,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) {
        if !span_context.is_valid() {
            return;
        }
        let limits = self.limits();
        let (attributes, dropped_attributes_count) =
            limits.collect(attributes, limits.attributes_per_link);
        let link = Link { span_context, attributes, dropped_attributes_count };
        self.with(|message| message.add_link(&link, limits.links));
    }

    /// Sets the status. `Ok` is final, `Unset` is ignored, and of two errors the last one stays.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#set-status>.
    pub(in crate::span) fn set_status(&self, status: Status) {
        self.with(|message| {
            if *message.status() != Status::Ok && status != Status::Unset {
                message.set_status(status);
            }
        });
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span")
            .field("name", &self.name().unwrap_or_default())
            .field("trace_id", &self.span_context.trace_id())
            .field("span_id", &self.span_context.span_id())
            .field("parent_span_id", &self.parent_span_id)
            .finish_non_exhaustive()
    }
}
