//! Where nothing is recorded: below [`suppress`](super::suppress) in the context, and on threads that work for the
//! exporters.
//!
//! A context says so by OpenTelemetry's flag, which snapshots carry and other libraries read. But code may
//! pass or attach another context, such as an empty one. So the thread says so too.

use super::current;
use crate::clock::Clock;
use crate::id::IdGenerator;
use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceId};
use std::cell::Cell;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

thread_local! {
    /// The number of reasons to record nothing on this thread, and the bit [`PROCESSING`]. It is one cell
    /// because each span looks at it.
    static REASONS: Cell<u32> = const { Cell::new(0) };
    /// The instance whose processors run on this thread.
    static INSTANCE: Cell<u64> = const { Cell::new(0) };
}

/// Set while processors run on this thread. Their instance records nothing meanwhile; others may.
const PROCESSING: u32 = 1 << 31;

/// Whether this thread records nothing for an instance. The current context, which may say so too, is
/// ignored.
#[inline]
pub(crate) fn is_unrecorded(instance: u64) -> bool {
    let reasons = REASONS.with(Cell::get);
    reasons != 0 && (reasons != PROCESSING || INSTANCE.with(Cell::get) == instance)
}

/// Whether nothing is recorded here for an instance, whichever context is passed.
pub(crate) fn is_suppressed(instance: u64) -> bool {
    is_unrecorded(instance) || current::is_current_suppressed()
}

/// The passed context, suppressed if nothing is recorded here. To be called only while the thread has contexts.
#[inline]
pub(super) fn carried(cx: Context) -> Context {
    let is_suppressed =
        REASONS.with(Cell::get) & !PROCESSING != 0 || current::is_suppressed_while_alive();
    if is_suppressed && !cx.is_telemetry_suppressed() { cx.with_telemetry_suppressed() } else { cx }
}

/// The current context, suppressed if nothing is recorded here, for use elsewhere.
#[inline]
pub(super) fn taken_along(cx: Context) -> Context {
    let is_unrecorded = REASONS.with(Cell::get) != 0;
    if is_unrecorded && !cx.is_telemetry_suppressed() { cx.with_telemetry_suppressed() } else { cx }
}

/// A reason to record nothing on this thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct Unrecorded {
    not_send: PhantomData<*const ()>,
}

impl Unrecorded {
    #[inline]
    pub(crate) fn enter() -> Self {
        REASONS.with(|reasons| reasons.set(reasons.get() + 1));
        Self { not_send: PhantomData }
    }
}

impl Drop for Unrecorded {
    #[inline]
    fn drop(&mut self) {
        REASONS.with(|reasons| reasons.set(reasons.get() - 1));
    }
}

/// Runs user code that is not part of what is traced, and records no spans of it: they would run it again.
#[inline]
pub(crate) fn unrecorded<R>(hook: impl FnOnce() -> R) -> R {
    let _unrecorded = Unrecorded::enter();
    hook()
}

/// Runs processors of an instance. They may make spans of other instances, but the processors of those make
/// none.
pub(crate) fn processing<R>(instance: u64, hooks: impl FnOnce() -> R) -> R {
    let reasons = REASONS.with(Cell::get);
    if reasons & PROCESSING != 0 {
        return unrecorded(hooks);
    }
    INSTANCE.with(|it| it.set(instance));
    REASONS.with(|it| it.set(reasons | PROCESSING));
    let result = hooks();
    REASONS.with(|it| it.set(it.get() & !PROCESSING));
    result
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
