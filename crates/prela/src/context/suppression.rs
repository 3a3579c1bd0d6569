//! Where nothing is recorded: below [`suppress`](super::suppress) in the context, and on threads that work for the
//! exporters.
//!
//! A context says so by OpenTelemetry's flag, which snapshots carry and other libraries read. But code may
//! pass or attach another context, such as an empty one. So the thread says so too.

use super::current;
use super::unrecorded::{
    Unrecorded, is_anything_unrecorded, is_thread_unrecorded, is_unrecorded, unrecorded,
};
use crate::clock::Clock;
use crate::id::IdGenerator;
use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceId};
use std::time::{Duration, SystemTime};

/// Whether nothing is recorded here for an instance, whichever context is passed.
pub(crate) fn is_suppressed(instance: u64) -> bool {
    is_unrecorded(instance) || current::is_current_suppressed()
}

/// The passed context, suppressed if nothing is recorded here. To be called only while the thread has contexts.
#[inline]
pub(super) fn carried(cx: Context) -> Context {
    let is_suppressed = is_thread_unrecorded() || current::is_suppressed_while_alive();
    if is_suppressed && !cx.is_telemetry_suppressed() { cx.with_telemetry_suppressed() } else { cx }
}

/// The current context, suppressed if nothing is recorded here, for use elsewhere.
#[inline]
pub(super) fn taken_along(cx: Context) -> Context {
    if is_anything_unrecorded() && !cx.is_telemetry_suppressed() {
        cx.with_telemetry_suppressed()
    } else {
        cx
    }
}

/// Records nothing on this thread from now on.
pub(crate) fn suppress_thread() {
    std::mem::forget(Unrecorded::enter());
    // So that other libraries record neither spans nor logs.
    std::mem::forget(Context::enter_telemetry_suppressed_scope());
}

/// A clock or id generator whose spans are not recorded: they would call it again, without end.
#[derive(Debug)]
pub(crate) struct Suppressed<T>(pub(crate) T);

impl<C: Clock> Clock for Suppressed<C> {
    fn wall(&self) -> SystemTime {
        unrecorded(|| self.0.wall())
    }

    fn monotonic(&self) -> Duration {
        unrecorded(|| self.0.monotonic())
    }
}

impl<G: IdGenerator> IdGenerator for Suppressed<G> {
    fn new_trace_id(&self) -> TraceId {
        unrecorded(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        unrecorded(|| self.0.new_span_id())
    }

    fn is_random(&self) -> bool {
        unrecorded(|| self.0.is_random())
    }
}
