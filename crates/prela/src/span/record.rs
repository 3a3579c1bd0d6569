//! The record of one span while it runs: what was known at the start, and what is written later.

use super::provider::Provider;
use super::{Event, Link, SpanData};
use crate::Value;
use crate::clock::Anchor;
use crate::semconv;
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status};
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// One started span. Shared by every handle and context that refers to it.
pub(crate) struct Record {
    pub(super) provider: Arc<Provider>,
    pub(super) span_context: SpanContext,
    pub(super) parent_span_id: Option<SpanId>,
    pub(super) anchor: Anchor,
    ended: AtomicBool,
    /// None when the span is not sampled, and from its end on.
    data: Mutex<Option<SpanData>>,
}

impl Record {
    pub(super) fn new(
        provider: Arc<Provider>,
        span_context: SpanContext,
        parent_span_id: Option<SpanId>,
        anchor: Anchor,
        data: Option<SpanData>,
    ) -> Self {
        let (ended, data) = (AtomicBool::new(false), Mutex::new(data));
        Self { provider, span_context, parent_span_id, anchor, ended, data }
    }

    fn now(&self) -> SystemTime {
        self.anchor.now(&*self.provider.clock)
    }

    /// Reads or writes the data, unless there is none any more.
    pub(crate) fn with<R>(&self, access: impl FnOnce(&mut SpanData) -> R) -> Option<R> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(access)
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.with(|_| ()).is_some()
    }

    pub(super) fn set_attribute(&self, key: Key, value: Value) {
        let limits = &self.provider.limits;
        self.with(|data| {
            let dropped = &mut data.dropped_attributes_count;
            limits.set(&mut data.attributes, dropped, limits.attributes, key, value);
        });
    }

    pub(super) fn add_event<K: Into<Key>, V: Into<Value>>(
        &self,
        name: Cow<'static, str>,
        time: Option<SystemTime>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) {
        if !self.is_recording() {
            return;
        }
        let limits = &self.provider.limits;
        // Outside the lock: the iterator is the caller's code.
        let (attributes, dropped_attributes_count) =
            limits.collect(attributes, limits.attributes_per_event);
        let time = time.unwrap_or_else(|| self.now());
        self.with(|data| {
            if data.events.len() < limits.events {
                data.events.push(Event { name, time, attributes, dropped_attributes_count });
            } else {
                data.dropped_events_count += 1;
            }
        });
    }

    pub(super) fn add_link<K: Into<Key>, V: Into<Value>>(
        &self,
        span_context: SpanContext,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) {
        if !span_context.is_valid() {
            return;
        }
        let limits = &self.provider.limits;
        let (attributes, dropped_attributes_count) =
            limits.collect(attributes, limits.attributes_per_link);
        self.with(|data| {
            if data.links.len() < limits.links {
                data.links.push(Link { span_context, attributes, dropped_attributes_count });
            } else {
                data.dropped_links_count += 1;
            }
        });
    }

    /// `Ok` is final, `Unset` is ignored, and of two errors the last one stays.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#set-status>.
    pub(super) fn set_status(&self, status: Status) {
        self.with(|data| {
            if data.status != Status::Ok && status != Status::Unset {
                data.status = status;
            }
        });
    }

    /// An error that the span ends in: its status, `error.type` and an `exception` event.
    pub(crate) fn record_error(&self, error_type: String, message: String) {
        self.fail(semconv::EXCEPTION_EVENT, error_type, message, false);
    }

    /// The same for a panic that leaves the span's scope.
    pub(super) fn record_panic(&self, message: String) {
        self.fail(semconv::EXCEPTION_EVENT, semconv::PANIC.to_owned(), message, true);
    }

    /// The future or stream of this span was dropped before its end.
    pub(crate) fn record_cancelled(&self) {
        self.set_attribute(semconv::ERROR_TYPE.into(), semconv::CANCELLED.into());
        self.add_event(semconv::CANCELLED.into(), None, [] as [(Key, Value); 0]);
        self.set_status(Status::error("dropped before it was done"));
    }

    fn fail(&self, event: &'static str, error_type: String, message: String, escaped: bool) {
        if !self.is_recording() {
            return;
        }
        self.set_attribute(semconv::ERROR_TYPE.into(), error_type.clone().into());
        let mut attributes: Vec<(Key, Value)> = vec![
            (semconv::EXCEPTION_TYPE.into(), error_type.into()),
            (semconv::EXCEPTION_MESSAGE.into(), message.clone().into()),
        ];
        if escaped {
            attributes.push((semconv::EXCEPTION_ESCAPED.into(), true.into()));
        }
        self.add_event(event.into(), None, attributes);
        self.set_status(Status::error(message));
    }

    /// Ends the span, once; later calls do nothing.
    pub(super) fn end(&self, time: Option<SystemTime>) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut data) = data else {
            self.provider.sink.on_unsampled();
            return;
        };
        data.end_time = time.unwrap_or_else(|| self.now()).max(data.start_time);
        self.provider.each_processor(|processor| processor.on_end(&data));
        self.provider.sink.on_end(Arc::new(data));
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span")
            .field("name", &self.with(|data| data.name.clone()).unwrap_or_default())
            .field("trace_id", &self.span_context.trace_id())
            .field("span_id", &self.span_context.span_id())
            .field("parent_span_id", &self.parent_span_id)
            .finish_non_exhaustive()
    }
}
