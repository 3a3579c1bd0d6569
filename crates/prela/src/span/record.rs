//! The record of one span while it runs: what was known at the start, and what is written later.

use super::message::{Scalar, SpanMessage};
use super::{EndedSpan, Event, Failure, Link, Source, SpanLimits, pool, roots};
use crate::clock::{Anchor, from_unix_nano, unix_nano};
use crate::context::Origin;
use crate::semconv;
use crate::{Sampler, SpanType, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanId, Status};
use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// One started span. Shared by every handle and context that refers to it.
pub(crate) struct Record {
    pub(super) source: Arc<Source>,
    pub(super) span_context: SpanContext,
    pub(super) parent_span_id: Option<SpanId>,
    /// The topmost span of this trace in this process; this one, if there is none above it.
    pub(super) root: SpanId,
    pub(super) anchor: Anchor,
    /// What the builder was given; empty from the start on.
    pub(super) given: StartData,
    pub(super) state: Mutex<State>,
}

/// What a builder was given beside the usual. It lives in the record, whose memory is used again.
#[derive(Default)]
pub(super) struct StartData {
    pub(super) attributes: Vec<(Key, Value)>,
    pub(super) links: Vec<SpanContext>,
    pub(super) start_time: Option<SystemTime>,
    /// Instead of the instance's, if a trace begins here.
    pub(super) sampler: Option<Sampler>,
}

#[derive(Default)]
pub(super) struct State {
    phase: Phase,
    /// The message, while the span is recorded.
    message: Option<Box<SpanMessage>>,
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

impl State {
    /// Starts a span that is recorded, and gives the message to begin.
    #[inline]
    pub(super) fn record(&mut self) -> &mut SpanMessage {
        self.phase = Phase::Recording;
        self.message.get_or_insert_with(pool::span_message)
    }
}

impl Record {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            span_context: SpanContext::NONE,
            parent_span_id: None,
            root: SpanId::INVALID,
            anchor: Anchor::NONE,
            given: StartData::default(),
            state: Mutex::default(),
        }
    }

    /// Starts a span that is not recorded.
    pub(super) fn start_unsampled(&mut self) {
        self.given = StartData::default();
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).phase = Phase::Unsampled;
    }

    /// What its children need of it.
    pub(super) fn origin(&self) -> Origin {
        Origin {
            instance: self.source.provider.id,
            trace_id: self.span_context.trace_id(),
            span_id: self.span_context.span_id(),
            root: self.root,
            flags: self.span_context.trace_flags(),
            anchor: self.anchor,
        }
    }

    /// Whether this is a local root, by what it began with, and is recorded until it ends.
    #[inline]
    pub(super) fn is_root_and_recorded(&self) -> bool {
        self.root == self.span_context.span_id()
            && (self.span_context.is_sampled() || self.source.provider.records_all)
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.anchor.now(&*self.source.provider.clock)
    }

    fn limits(&self) -> &SpanLimits {
        &self.source.provider.limits
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or writes what is recorded, if the span is.
    pub(super) fn with<R>(&self, access: impl FnOnce(&mut SpanMessage) -> R) -> Option<R> {
        let mut state = self.state();
        let is_recording = state.phase == Phase::Recording;
        state.message.as_deref_mut().filter(|_| is_recording).map(access)
    }

    /// A copy of the name, while the span is recorded.
    pub(super) fn name(&self) -> Option<Cow<'static, str>> {
        self.with(|message| message.name())
    }

    pub(super) fn set_name(&self, name: &str) {
        self.with(|message| message.set_name(name));
    }

    pub(super) fn span_type(&self) -> Option<SpanType> {
        self.with(|message| message.span_type())
    }

    /// Whether it has failed so far; none if it is not recorded.
    #[cfg(any(feature = "http", feature = "genai"))]
    pub(crate) fn is_failed(&self) -> Option<bool> {
        self.with(|message| matches!(message.status(), Status::Error { .. }))
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.state().phase == Phase::Recording
    }

    pub(super) fn set_attribute(&self, key: &Key, mut value: Value) {
        let mut state = self.state();
        if state.phase == Phase::Recording
            && let Some(message) = &mut state.message
        {
            self.limits().set(message, key, &mut value);
        }
        drop(state);
        value.discard();
    }

    /// The same for a value that no limit of its length concerns.
    pub(super) fn set_scalar(&self, key: &Key, value: Scalar) {
        let mut state = self.state();
        if state.phase == Phase::Recording
            && let Some(message) = &mut state.message
        {
            message.set_scalar(key, value, self.limits().attributes);
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
        let time = time.unwrap_or_else(|| from_unix_nano(self.now()));
        let event = Event { name, time, attributes, dropped_attributes_count };
        self.with(|message| message.add_event(&event, limits.events));
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
        let link = Link { span_context, attributes, dropped_attributes_count };
        self.with(|message| message.add_link(&link, limits.links));
    }

    /// `Ok` is final, `Unset` is ignored, and of two errors the last one stays.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#set-status>.
    pub(super) fn set_status(&self, status: Status) {
        self.with(|message| {
            if *message.status() != Status::Ok && status != Status::Unset {
                message.set_status(status);
            }
        });
    }

    /// An error that the span ends in: its status, `error.type` and an `exception` event.
    pub(crate) fn record_error(&self, error_type: String, failure: Failure) {
        self.fail(semconv::EXCEPTION_EVENT, error_type, failure, false);
    }

    /// The same for a panic that leaves the span's scope.
    pub(super) fn record_panic(&self, message: String) {
        let failure = Failure { message, stacktrace: None };
        self.fail(semconv::EXCEPTION_EVENT, semconv::PANIC.to_owned(), failure, true);
    }

    /// The future or stream of this span was dropped before its end.
    pub(crate) fn record_cancelled(&self) {
        self.set_attribute(&semconv::ERROR_TYPE.into(), semconv::CANCELLED.into());
        self.add_event(semconv::CANCELLED.into(), None, [] as [(Key, Value); 0]);
        self.set_status(Status::error("dropped before it was done"));
    }

    fn fail(&self, event: &'static str, error_type: String, failure: Failure, escaped: bool) {
        if !self.is_recording() {
            return;
        }
        let Failure { message, stacktrace } = failure;
        self.set_attribute(&semconv::ERROR_TYPE.into(), error_type.clone().into());
        let mut attributes: Vec<(Key, Value)> = vec![
            (semconv::EXCEPTION_TYPE.into(), error_type.into()),
            (semconv::EXCEPTION_MESSAGE.into(), message.clone().into()),
        ];
        if let Some(stacktrace) = stacktrace {
            attributes.push((semconv::EXCEPTION_STACKTRACE.into(), stacktrace.into()));
        }
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

    /// Ends the span, once; later calls do nothing. Gives the memory of its message, if there is any, for
    /// another span.
    #[inline]
    pub(super) fn end(&self, time: Option<SystemTime>) -> Option<Box<SpanMessage>> {
        // Outside the lock: a clock may be the user's.
        let time = time.map_or_else(|| self.now(), unix_nano);
        let mut state = self.state();
        if state.is_ending {
            return None;
        }
        if let Some(hook) = state.at_end.take() {
            state.is_ending = true;
            drop(state);
            hook(self);
            state = self.state();
            state.is_ending = false;
        }
        let phase = mem::take(&mut state.phase);
        let provider = &self.source.provider;
        match phase {
            Phase::Idle => return None,
            Phase::Unsampled => {
                drop(state);
                provider.intake.on_unsampled();
                return None;
            }
            Phase::Recording => {}
        }
        let mut message = state.message.take()?;
        drop(state);
        if self.is_root_and_recorded() {
            roots::remove(self);
        }
        message.finish(time);
        let scope = &self.source.scope;
        let ended = EndedSpan { message: message.message(), scope, summary: message.summary() };
        if !provider.processors.is_empty() {
            let data = ended.to_data();
            provider.each_processor(|processor| processor.on_end(&data));
        }
        provider.intake.on_end(ended);
        message.trim();
        Some(message)
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
