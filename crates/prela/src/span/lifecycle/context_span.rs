//! Prela's span as a span of OpenTelemetry's API, and how a context's span is found to be Prela's.

use super::native;
use super::pool;
use super::record::{Record, SharedRecord};
use crate::Value;
use crate::clock::unix_nano;
use opentelemetry::trace::{Span, SpanContext, SpanRef, Status};
use opentelemetry::{Key, KeyValue};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::time::SystemTime;

/// A Prela span as `opentelemetry` sees it: what [`TracerProvider`](crate::tracer::TracerProvider) gives to
/// OpenTelemetry-native libraries, and what sits in a context's span slot.
pub struct ContextSpan(Repr);

enum Repr {
    /// In the slot of a context that Prela made. Whoever started the span ends it.
    Scoped(SharedRecord),
    /// Of a library that uses OpenTelemetry's API, where a span ends when its owner drops it.
    Owned(SharedRecord),
    /// Of no instance: it has the parent's ids, so that propagation goes on.
    Fallback(Box<SpanContext>),
    /// Dropped by its owner.
    Ended,
}

thread_local! {
    /// How far [`record_of`] has come with its question.
    static QUESTION: RefCell<Question> = const { RefCell::new(Question::NotAsked) };
    /// Spans that OpenTelemetry's API is ending. It holds the slot's lock meanwhile, so a processor that
    /// asked the slot for the current span would wait for ever.
    static ENDING: RefCell<Vec<SharedRecord>> = const { RefCell::new(Vec::new()) };
}

static NONE: SpanContext = SpanContext::NONE;

/// The question whether the span in a context's slot is Prela's.
enum Question {
    NotAsked,
    Asked,
    Answered(SharedRecord),
}

/// The record of Prela's span in a context's slot; none if another library's span is there.
///
/// `SpanRef` offers no downcast, so the question is put through its API: setting the status to `Unset` is
/// a no-op for every span by specification, and Prela's own span answers it with its record.
pub(in crate::span) fn record_of(span: &SpanRef<'_>) -> Option<SharedRecord> {
    let is_it = |record: &&SharedRecord| record.span_context == *span.span_context();
    let ending = ENDING.try_with(|ending| ending.borrow().iter().find(is_it).cloned()).ok()?;
    if ending.is_some() {
        return ending;
    }
    QUESTION.try_with(|question| *question.borrow_mut() = Question::Asked).ok()?;
    span.set_status(Status::Unset);
    match QUESTION.try_with(|question| question.replace(Question::NotAsked)).ok()? {
        Question::Answered(record) => Some(record),
        Question::NotAsked | Question::Asked => None,
    }
}

impl ContextSpan {
    /// The span as it sits in the slot of a context that Prela makes.
    pub(super) fn in_scope(record: SharedRecord) -> Self {
        Self(Repr::Scoped(record))
    }

    /// The span as libraries that use OpenTelemetry's API get it.
    pub(in crate::span) fn owned(record: SharedRecord) -> Self {
        Self(Repr::Owned(record))
    }

    /// What such a library gets without an instance, or under suppression.
    pub(in crate::span) fn fallback(parent: SpanContext) -> Self {
        Self(Repr::Fallback(Box::new(parent)))
    }

    fn record(&self) -> Option<&SharedRecord> {
        match &self.0 {
            Repr::Scoped(record) | Repr::Owned(record) => Some(record),
            Repr::Fallback(_) | Repr::Ended => None,
        }
    }

    fn end_at(&mut self, time: Option<SystemTime>) {
        let (Repr::Scoped(record) | Repr::Owned(record)) = &mut self.0 else { return };
        let alone = SharedRecord::get_mut(record).and_then(Record::stop_alone);
        // Nothing in between unwinds: the user's hooks are caught.
        let _ = ENDING.try_with(|ending| ending.borrow_mut().push(record.clone()));
        let message = match alone {
            Some(message) => {
                let time = time.map_or_else(|| record.now(), unix_nano);
                Some(record.deliver(message, time))
            }
            None => record.end(time),
        };
        pool::give_back_message(message);
        let _ = ENDING.try_with(|ending| ending.borrow_mut().pop());
    }
}

impl Span for ContextSpan {
    fn add_event_with_timestamp<T>(&mut self, name: T, time: SystemTime, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        if let Some(record) = self.record() {
            record.add_event(&name.into(), Some(time), attribute_pairs(attributes));
        }
    }

    fn span_context(&self) -> &SpanContext {
        match &self.0 {
            Repr::Scoped(record) | Repr::Owned(record) => &record.span_context,
            Repr::Fallback(span_context) => span_context,
            Repr::Ended => &NONE,
        }
    }

    fn is_recording(&self) -> bool {
        self.record().is_some_and(|record| record.is_recording())
    }

    fn set_attribute(&mut self, mut attribute: KeyValue) {
        let (Repr::Scoped(record) | Repr::Owned(record)) = &mut self.0 else { return };
        // Mostly nobody else refers to the record, and no lock is needed.
        match SharedRecord::get_mut(record) {
            Some(alone) => {
                if let Some((message, limits)) = alone.message_mut() {
                    native::write_attribute(message, limits, &mut attribute);
                }
            }
            None => {
                record.with(|message| {
                    native::write_attribute(message, record.limits(), &mut attribute)
                });
            }
        }
    }

    fn set_status(&mut self, status: Status) {
        let Some(record) = self.record() else { return };
        if status != Status::Unset {
            return record.set_status(status);
        }
        let _ = QUESTION.try_with(|question| {
            let mut question = question.borrow_mut();
            if matches!(*question, Question::Asked) {
                *question = Question::Answered(record.clone());
            }
        });
    }

    fn update_name<T: Into<Cow<'static, str>>>(&mut self, name: T) {
        if let Some(record) = self.record() {
            record.set_name(&name.into());
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(record) = self.record() {
            record.add_link(span_context, attribute_pairs(attributes));
        }
    }

    fn end(&mut self) {
        self.end_at(None);
    }

    fn end_with_timestamp(&mut self, time: SystemTime) {
        self.end_at(Some(time));
    }
}

impl Drop for ContextSpan {
    fn drop(&mut self) {
        if let Repr::Owned(mut record) = mem::replace(&mut self.0, Repr::Ended) {
            // It is in no context's slot any more, so no lock is held.
            let message = match SharedRecord::get_mut(&mut record) {
                Some(alone) => alone.end_alone(),
                None => record.end(None),
            };
            pool::give_back(record, message);
        }
    }
}

impl fmt::Debug for ContextSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record() {
            Some(record) => record.fmt(f),
            None => f.write_str("Span(none)"),
        }
    }
}

/// OpenTelemetry's attributes with Prela's values.
pub(in crate::span) fn attribute_pairs(
    attributes: Vec<KeyValue>,
) -> impl Iterator<Item = (Key, Value)> {
    attributes.into_iter().map(|KeyValue { key, value, .. }| (key, value.into()))
}
