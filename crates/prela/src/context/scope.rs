//! The scopes that Prela has open on this thread.
//!
//! The current context itself is OpenTelemetry's. What is kept here is only which scope of Prela's is
//! innermost, so that [`baggage::set`](crate::baggage::set) knows where its effect ends.

use opentelemetry::trace::{SpanId, TraceContextExt as _};
use opentelemetry::{Context, ContextGuard};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem;

/// A context that is current until this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Scope {
    id: u64,
    /// Pops the context. Before it, what `set` attached on top must go.
    guard: Option<ContextGuard>,
    not_send: PhantomData<*const ()>,
}

struct Frame {
    id: u64,
    /// The span that was current when the scope was entered.
    span_id: SpanId,
    /// The context that replaced the scope's own.
    replacement: Option<ContextGuard>,
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = {
        // OpenTelemetry's thread-local must outlive this one: destructors run in reverse order of
        // first use, and the guards in the frames reach for it.
        drop(Context::current());
        const { RefCell::new(Vec::new()) }
    };
    static NEXT_ID: Cell<u64> = const { Cell::new(0) };
}

/// The current context; an empty one while the thread's locals are being destroyed, where
/// `Context::current` would panic.
pub(crate) fn current() -> Context {
    if FRAMES.try_with(|_| ()).is_ok() { Context::current() } else { Context::new() }
}

impl Scope {
    pub(crate) fn enter(cx: Context) -> Self {
        let span_id = cx.span().span_context().span_id();
        let id = NEXT_ID.with(|next| next.replace(next.get().wrapping_add(1)));
        let entered = FRAMES.try_with(|frames| {
            frames.borrow_mut().push(Frame { id, span_id, replacement: None });
        });
        let guard = entered.is_ok().then(|| cx.attach());
        Self { id, guard, not_send: PhantomData }
    }

    /// Leaves the scope. Gives the context that replaced the scope's own, if there is one.
    pub(crate) fn exit(mut self) -> Option<Context> {
        self.leave()
    }

    fn leave(&mut self) -> Option<Context> {
        let guard = self.guard.take()?;
        // A guard may be dropped out of order, so the frame need not be the last one.
        let frame = FRAMES.try_with(|frames| {
            let mut frames = frames.borrow_mut();
            let position = frames.iter().rposition(|frame| frame.id == self.id)?;
            Some(frames.remove(position))
        });
        let Ok(frame) = frame else {
            // The thread's locals are being destroyed, and popping would panic.
            mem::forget(guard);
            return None;
        };
        let replacement = frame.and_then(|frame| frame.replacement);
        let changed = replacement.is_some().then(Context::current);
        drop(replacement);
        drop(guard);
        changed
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Replaces the current context until the innermost scope ends. False if no scope of Prela's is
/// open, or if another library attached a span since: then nothing would bound the effect.
pub(super) fn replace_current(change: impl FnOnce(&Context) -> Option<Context>) -> bool {
    let innermost =
        FRAMES.try_with(|frames| frames.borrow().last().map(|frame| (frame.id, frame.span_id)));
    let Ok(Some((id, span_id))) = innermost else { return false };
    let cx = Context::current();
    if cx.span().span_context().span_id() != span_id {
        return false;
    }
    let Some(cx) = change(&cx) else { return false };
    // The previous one goes first. Dropped from below the new one, it would leave a gap in
    // OpenTelemetry's stack of contexts, which has room for 65,534. And the borrow must be over when
    // it is dropped: that drops values of contexts.
    let previous = with_frame(id, |frame| frame.replacement.take());
    drop(previous);
    let replacement = cx.attach();
    with_frame(id, |frame| frame.replacement = Some(replacement));
    true
}

fn with_frame<R>(id: u64, access: impl FnOnce(&mut Frame) -> R) -> Option<R> {
    let found = FRAMES.try_with(|frames| {
        frames.borrow_mut().iter_mut().rfind(|frame| frame.id == id).map(access)
    });
    found.ok().flatten()
}
