//! The record of one span while it runs: what was known at the start, and what is written later.

use super::limits::Written;
use super::{Event, Link, Source, SpanData, SpanLimits};
use crate::clock::Anchor;
use crate::context::Origin;
use crate::semconv;
use crate::{Sampler, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// One started span. Shared by every handle and context that refers to it.
pub(crate) struct Record {
    pub(super) source: Arc<Source>,
    pub(super) span_context: SpanContext,
    pub(super) parent_span_id: Option<SpanId>,
    pub(super) anchor: Anchor,
    /// What the builder was given; empty from the start on.
    pub(super) given: Given,
    pub(super) state: Mutex<State>,
}

/// What a builder was given beside the usual. It lives in the record, whose memory is used again.
#[derive(Default)]
pub(super) struct Given {
    pub(super) attributes: Vec<(Key, Value)>,
    pub(super) links: Vec<SpanContext>,
    pub(super) start_time: Option<SystemTime>,
    /// Instead of the instance's, if a trace begins here.
    pub(super) sampler: Option<Sampler>,
}

#[derive(Default)]
pub(super) struct State {
    phase: Phase,
    /// While it is recorded. Nobody else refers to it, until it is handed on.
    data: Option<Arc<SpanData>>,
    /// Of the data, until it is handed on: so that an attribute needs no more than the lock.
    pub(super) written: Written,
    /// Run right before the span ends, once.
    at_end: Option<Hook>,
    is_ending: bool,
}

/// What measures a span from its start to its end.
type Hook = Box<dyn Fn(&Record) + Send + Sync>;

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// Before the start, and from the end on.
    #[default]
    Idle,
    /// Left out by the sampler.
    Unsampled,
    Recording,
}

impl Record {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            span_context: SpanContext::NONE,
            parent_span_id: None,
            anchor: Anchor::NONE,
            given: Given::default(),
            state: Mutex::default(),
        }
    }

    /// Starts a span that is not recorded.
    pub(super) fn start_unsampled(&mut self) {
        self.given = Given::default();
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).phase = Phase::Unsampled;
    }

    /// Starts a span that is recorded.
    pub(super) fn start(&mut self, data: Arc<SpanData>) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.phase = Phase::Recording;
        state.data = Some(data);
    }

    /// What its children need of it.
    pub(super) fn origin(&self) -> Origin {
        Origin {
            instance: self.source.provider.id,
            trace_id: self.span_context.trace_id(),
            span_id: self.span_context.span_id(),
            flags: self.span_context.trace_flags(),
            anchor: self.anchor,
        }
    }

    fn now(&self) -> SystemTime {
        self.anchor.now(&*self.source.provider.clock)
    }

    fn limits(&self) -> &SpanLimits {
        &self.source.provider.limits
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or writes the data but for its attributes, unless there is none any more.
    pub(crate) fn with<R>(&self, access: impl FnOnce(&mut SpanData) -> R) -> Option<R> {
        self.state().data.as_mut().and_then(Arc::get_mut).map(access)
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.state().phase == Phase::Recording
    }

    pub(super) fn set_attribute(&self, key: Key, value: Value) {
        let mut state = self.state();
        if state.phase == Phase::Recording {
            self.limits().set(&mut state.written, key, value);
        }
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
        let limits = self.limits();
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
        let limits = self.limits();
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

    /// Runs this right before the span ends.
    #[cfg(feature = "resources")]
    pub(super) fn at_end(&self, hook: Hook) {
        self.state().at_end = Some(hook);
    }

    /// Ends the span, once; later calls do nothing.
    pub(super) fn end(&self, time: Option<SystemTime>) {
        // Outside the lock: a clock may be the user's.
        let time = time.unwrap_or_else(|| self.now());
        let mut state = self.state();
        if state.is_ending {
            return;
        }
        if let Some(hook) = state.at_end.take() {
            state.is_ending = true;
            drop(state);
            hook(self);
            state = self.state();
            state.is_ending = false;
        }
        let phase = std::mem::take(&mut state.phase);
        let mut ended = state.data.take();
        if let Some(data) = ended.as_mut().and_then(Arc::get_mut) {
            // The list that the state has then is empty, and has no memory.
            std::mem::swap(&mut data.attributes, &mut state.written.attributes);
            data.dropped_attributes_count = state.written.dropped;
            data.end_time = time.max(data.start_time);
        }
        drop(state);
        let provider = &self.source.provider;
        let Some(ended) = ended else {
            if phase == Phase::Unsampled {
                provider.sink.on_unsampled();
            }
            return;
        };
        provider.each_processor(|processor| processor.on_end(&ended));
        provider.sink.on_end(ended);
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
