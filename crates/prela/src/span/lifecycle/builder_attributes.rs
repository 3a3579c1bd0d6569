//! Attributes that a builder is given, before the span starts.
//!
//! They are written to the message at once, after the head of a child, which the start overwrites or replaces. So
//! `.attr()` costs what setting an attribute later costs, and less than keeping what will not be wanted: nothing is
//! moved, and nothing has to be freed. They are kept as they are only where attributes of the baggage precede them, or
//! a type's own attributes may exceed the limit.

use super::new_span::{Early, NewSpan};
use super::pool::Blank;
use super::provider::Provider;
use crate::Value;
use crate::span::message::{ChildHead, KeyHash, Scalar, TypeAttributes, Written};
use crate::value::ShortText;
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
use opentelemetry::{Key, KeyValue};
#[cfg(feature = "genai")]
use std::borrow::Cow;
use std::mem::ManuallyDrop;

impl NewSpan {
    /// Sets an attribute of a span that has not started. `Empty` sets nothing. For the form of key and value see
    /// [`Value::discard`].
    #[inline(always)]
    pub(in crate::span) fn write_attribute(
        &mut self,
        blank: &mut Blank,
        key: ManuallyDrop<Key>,
        value: ManuallyDrop<Value>,
    ) {
        match self.early {
            Early::None => self.begin(blank),
            Early::Written | Early::Kept => {}
        }
        if self.early == Early::Kept {
            return self.keep(ManuallyDrop::into_inner(key), ManuallyDrop::into_inner(value));
        }
        let name = key.as_str();
        let hash = KeyHash::of(name.as_bytes());
        match Written::of(&value) {
            Written::Scalar(value) => self.write_scalar(blank, name, hash, value),
            Written::Short(text) => self.write_short(blank, name, hash, text),
            Written::Text(text) if self.write_text(blank, name, hash, text) => {
                Value::discard(value);
            }
            Written::Text(_) | Written::Other => self.write_other(blank, name, value),
        }
        drop(ManuallyDrop::into_inner(key));
    }

    #[inline(never)]
    fn write_scalar(&self, blank: &mut Blank, key: &str, hash: KeyHash, value: Scalar) {
        blank.message().set_scalar(key.as_bytes(), hash, value);
    }

    #[inline(never)]
    fn write_short(&self, blank: &mut Blank, key: &str, hash: KeyHash, text: ShortText) {
        let (provider, message) = blank.provider_and_message();
        provider.limits.set_short(message, key, hash, text);
    }

    /// False if the text may have to be cut.
    #[inline(never)]
    fn write_text(&self, blank: &mut Blank, key: &str, hash: KeyHash, text: &[u8]) -> bool {
        blank.message().set_text(key.as_bytes(), hash, text)
    }

    #[inline(never)]
    fn write_other(&self, blank: &mut Blank, key: &str, mut value: ManuallyDrop<Value>) {
        let (provider, message) = blank.provider_and_message();
        provider.limits.set(message, key, &mut value);
        Value::discard(value);
    }

    #[inline(always)]
    fn keep(&mut self, key: Key, value: Value) {
        if !matches!(value, Value::Empty) {
            self.details().attributes.push((key, value));
        }
    }

    /// Sets an attribute of OpenTelemetry's API, as [`write_attribute`](Self::write_attribute) does.
    pub(in crate::span) fn write_otel_attribute(&mut self, blank: &mut Blank, it: KeyValue) {
        if self.early == Early::None {
            self.begin(blank);
        }
        if self.early == Early::Kept {
            return self.keep(it.key, it.value.into());
        }
        let name = it.key.as_str();
        let hash = KeyHash::of(name.as_bytes());
        match Written::of_otel(&it.value) {
            Written::Scalar(value) => self.write_scalar(blank, name, hash, value),
            Written::Short(text) => self.write_short(blank, name, hash, text),
            Written::Text(text) if self.write_text(blank, name, hash, text) => {}
            Written::Text(_) | Written::Other => {
                self.write_other(blank, name, ManuallyDrop::new(it.value.into()));
            }
        }
    }

    /// Begins the message, unless attributes are to be kept.
    #[inline(never)]
    fn begin(&mut self, blank: &mut Blank) {
        let provider = blank.provider();
        let others_precede = !provider.baggage_to_attributes.is_empty();
        if others_precede || !provider.admits_type() {
            self.early = Early::Kept;
            return;
        }
        self.early = Early::Written;
        let is_short = self.name.len() < ChildHead::LONGEST_NAME;
        let start = ChildHead {
            trace_id: TraceId::INVALID,
            span_id: SpanId::INVALID,
            parent_span_id: SpanId::INVALID,
            name: if is_short { &self.name } else { "" },
            kind: 0,
            start_time: 0,
            flags: TraceFlags::default(),
            span_type: self.span_type,
        };
        let (provider, message) = blank.provider_and_message();
        let (of_type, limits) = (self.type_attributes(provider), &provider.limits);
        message.begin_child(&start, of_type, limits.attributes, limits.longest_text());
    }

    /// Gives the span another name, before it starts.
    #[cfg(feature = "genai")]
    pub(in crate::span) fn rename(&mut self, blank: Option<&mut Blank>, name: Cow<'static, str>) {
        self.name = name;
        if let Some(blank) = blank.filter(|_| self.early == Early::Written) {
            let is_short = self.name.len() < ChildHead::LONGEST_NAME;
            blank.message().set_name(if is_short { &self.name } else { "" });
        }
    }

    /// The attributes that the builder was given so far, as samplers see them.
    pub(super) fn attributes(&self, blank: &Blank) -> Vec<(Key, Value)> {
        if self.early != Early::Written {
            return Vec::new();
        }
        blank.message_ref().read_attributes(self.type_attributes(blank.provider()))
    }

    /// The attributes that every span of the type has.
    #[inline]
    pub(super) fn type_attributes<'a>(&self, provider: &'a Provider) -> &'a TypeAttributes {
        let types = &provider.types;
        if self.omits_type { types.none() } else { types.of(self.span_type) }
    }
}
