//! Prela's span as a span of the OpenTelemetry API, and the way back from there.

use super::pool;
use super::record::Record;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, SpanContext, SpanRef, Status};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// A Prela span as `opentelemetry` sees it: what [`TracerProvider`](crate::tracer::TracerProvider) gives to
/// OpenTelemetry-native libraries, and what sits in a context's span slot.
pub struct ContextSpan(Repr);

enum Repr {
    /// In the slot of a context that a scope of Prela's made. The scope ends it.
    Scoped(Arc<Record>),
    /// Of a library that uses OpenTelemetry's API, where a span ends when its last owner drops it.
    Owned(Arc<Record>),
    /// Without an instance: the parent's, so that propagation goes on.
    Fallback(Box<SpanContext>),
}

thread_local! {
    /// Set while [`record_of`] asks the span in a context's slot who it is.
    static HAIL: RefCell<Hail> = const { RefCell::new(Hail::Silent) };
    /// Spans that are ending by OpenTelemetry's API, which holds the slot's lock meanwhile: a
    /// processor that asks for the current span would wait for ever.
    static ENDING: RefCell<Vec<Arc<Record>>> = const { RefCell::new(Vec::new()) };
}

enum Hail {
    Silent,
    Asked,
    Answered(Arc<Record>),
}

/// Prela's record in a context's span slot; none if another library's span is there.
///
/// `SpanRef` offers no downcast, so the question goes through its API: setting the status to `Unset`
/// is a no-op for every span by specification, and Prela's own span answers it with its record.
pub(super) fn record_of(span: &SpanRef<'_>) -> Option<Arc<Record>> {
    let is_it = |record: &&Arc<Record>| record.span_context == *span.span_context();
    let ending = ENDING.try_with(|ending| ending.borrow().iter().find(is_it).cloned()).ok()?;
    if ending.is_some() {
        return ending;
    }
    HAIL.try_with(|hail| *hail.borrow_mut() = Hail::Asked).ok()?;
    span.set_status(Status::Unset);
    match HAIL.try_with(|hail| hail.replace(Hail::Silent)).ok()? {
        Hail::Answered(record) => Some(record),
        Hail::Silent | Hail::Asked => None,
    }
}

impl ContextSpan {
    /// For the slot of a context that a Prela scope attaches.
    pub(super) fn in_scope(record: Arc<Record>) -> Self {
        Self(Repr::Scoped(record))
    }

    /// For a library that uses the OpenTelemetry API.
    pub(super) fn owned(record: Arc<Record>) -> Self {
        Self(Repr::Owned(record))
    }

    /// The same without an instance, or under suppression.
    pub(super) fn fallback(parent: SpanContext) -> Self {
        Self(Repr::Fallback(Box::new(parent)))
    }

    fn record(&self) -> Option<&Arc<Record>> {
        match &self.0 {
            Repr::Scoped(record) | Repr::Owned(record) => Some(record),
            Repr::Fallback(_) => None,
        }
    }
}

impl ContextSpan {
    fn end_at(&self, time: Option<SystemTime>) {
        let Some(record) = self.record() else { return };
        // Nothing below unwinds: hooks are caught.
        let _ = ENDING.try_with(|ending| ending.borrow_mut().push(record.clone()));
        pool::give_back_message(record.end(time));
        let _ = ENDING.try_with(|ending| ending.borrow_mut().pop());
    }
}

impl Span for ContextSpan {
    fn add_event_with_timestamp<T>(&mut self, name: T, time: SystemTime, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        if let Some(record) = self.record() {
            record.add_event(name.into(), Some(time), pairs(attributes));
        }
    }

    fn span_context(&self) -> &SpanContext {
        match &self.0 {
            Repr::Scoped(record) | Repr::Owned(record) => &record.span_context,
            Repr::Fallback(span_context) => span_context,
        }
    }

    fn is_recording(&self) -> bool {
        self.record().is_some_and(|record| record.is_recording())
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        if let Some(record) = self.record() {
            record.set_attribute(&attribute.key, attribute.value.into());
        }
    }

    fn set_status(&mut self, status: Status) {
        let Some(record) = self.record() else { return };
        if status == Status::Unset {
            let _ = HAIL.try_with(|hail| {
                let mut hail = hail.borrow_mut();
                if matches!(*hail, Hail::Asked) {
                    *hail = Hail::Answered(record.clone());
                }
            });
        }
        record.set_status(status);
    }

    fn update_name<T: Into<Cow<'static, str>>>(&mut self, name: T) {
        if let Some(record) = self.record() {
            record.set_name(&name.into());
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(record) = self.record() {
            record.add_link(span_context, pairs(attributes));
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
        if let Repr::Owned(_) = &self.0 {
            self.end();
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

pub(super) fn pairs(
    attributes: Vec<KeyValue>,
) -> impl Iterator<Item = (opentelemetry::Key, crate::Value)> {
    attributes.into_iter().map(|KeyValue { key, value, .. }| (key, value.into()))
}
