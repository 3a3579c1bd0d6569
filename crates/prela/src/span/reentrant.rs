//! A span that is entered and left many times before it ends, as those of the crate `tracing` are.

use super::lifecycle::{context_with, give_back_message};
use super::{Span, SpanBuilder};
use crate::clock::from_unix_nano;
use crate::context::{self, ContextScope};
use crate::{SpanType, TraceContext, semconv};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A span that has started, is current only while it is [entered](Entry::enter), and ends when this is
/// dropped. Its end time is that of the last thing that happened to it, since its holder may drop it
/// much later.
pub(crate) struct Reentrant {
    span: Span,
    /// That of the start, with the span current.
    cx: Context,
    /// When something happened last, in nanoseconds since 1970. 0: nothing yet.
    last: AtomicU64,
    /// Nanoseconds since 1970.
    start: u64,
    /// Nanoseconds between entering and leaving.
    busy: AtomicU64,
    /// False if somebody else ends the span.
    is_owner: bool,
}

impl Reentrant {
    pub(crate) fn start(builder: SpanBuilder) -> Self {
        let (span, cx) = builder.start_for_future();
        Self::of(span, cx, true)
    }

    /// A second name for a span that somebody else ends.
    pub(crate) fn alias(span: Span) -> Self {
        let cx = span.context().into();
        Self::of(span, cx, false)
    }

    fn of(span: Span, cx: Context, is_owner: bool) -> Self {
        let start = span.record().map_or(0, |record| record.now());
        Self { span, cx, last: AtomicU64::new(0), start, busy: AtomicU64::new(0), is_owner }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The context of the start, with the span current.
    pub(crate) fn context(&self) -> TraceContext {
        self.cx.clone().into()
    }

    /// What is needed to enter it, without keeping it.
    pub(crate) fn entry(&self) -> Entry {
        Entry { span: self.span.clone(), cx: self.cx.clone() }
    }

    /// Notes that something happened to the span now, and returns the time.
    pub(crate) fn touch(&self) -> u64 {
        let now = self.span.record().map_or(0, |record| record.now());
        self.last.fetch_max(now, Ordering::Relaxed);
        now
    }

    /// Notes that the span was left, and counts the time since it was `entered`, if known.
    pub(crate) fn leave(&self, entered: Option<u64>) {
        let now = self.touch();
        let busy = entered.map_or(0, |entered| now.saturating_sub(entered));
        self.busy.fetch_add(busy, Ordering::Relaxed);
    }

    /// Writes how long it was current, and how long not, between start and end.
    pub(crate) fn write_busy_time(&self) {
        let Some(record) = self.span.record() else { return };
        let last = self.last.load(Ordering::Relaxed);
        let end = if last > 0 { last } else { record.now() };
        let busy = self.busy.load(Ordering::Relaxed);
        let idle = end.saturating_sub(self.start).saturating_sub(busy);
        self.span.set_attributes([(semconv::BUSY_NS, busy), (semconv::IDLE_NS, idle)]);
    }

    /// Makes it a span of another type, with that type's attributes. Its span kind stays.
    pub(crate) fn set_type(&self, span_type: SpanType) {
        if let Some(record) = self.span.record() {
            record.set_span_type(span_type);
        }
    }
}

/// What makes a span current.
pub(crate) struct Entry {
    span: Span,
    cx: Context,
}

impl Entry {
    /// Makes the span current.
    ///
    /// Where its parent is current, the rest of the context stays: baggage may have been set there since the
    /// span started. Elsewhere, such as on another thread, the context of the start becomes current.
    pub(crate) fn enter(self) -> ContextScope {
        let Some(record) = self.span.record() else { return ContextScope::enter(self.cx) };
        let current = context::current();
        let is_below_parent = {
            let slot = current.span();
            let occupant = slot.span_context();
            record.parent_span_id == Some(occupant.span_id())
                && record.span_context.trace_id() == occupant.trace_id()
        };
        let cx = if is_below_parent { context_with(&current, record) } else { self.cx };
        ContextScope::of_span(cx, &record.origin)
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        let Some(record) = self.span.record().filter(|_| self.is_owner) else { return };
        let last = *self.last.get_mut();
        give_back_message(record.end((last > 0).then(|| from_unix_nano(last))));
    }
}

impl fmt::Debug for Reentrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reentrant").field(&self.span).finish()
    }
}
