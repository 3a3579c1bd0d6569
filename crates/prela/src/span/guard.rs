//! A span that is current until a guard is dropped.

use super::builder::SpanBuilder;
use super::handle::{NONE, Span};
use super::lifecycle::{AnySpan, Guarded, Prepared, SharedRecord};
use crate::context::ContextScope;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ops::Deref;
use std::thread;

/// Keeps a span current on this thread; dropping it ends the span. From [`SpanBuilder::enter`].
///
/// Not `Send`. Dropped while the thread panics, it records the panic as the span's error.
#[must_use = "the span ends when this is dropped"]
pub struct SpanGuard {
    /// None without an instance. It is one word, so the code around a span has few registers to save.
    prepared: Option<Box<Prepared>>,
    not_send: PhantomData<*const ()>,
}

impl SpanGuard {
    #[inline(always)]
    pub(super) fn enter(builder: SpanBuilder) -> Self {
        let prepared = builder.into_prepared().map(enter);
        Self { prepared, not_send: PhantomData }
    }
}

impl Deref for SpanGuard {
    type Target = Span;

    #[inline]
    fn deref(&self) -> &Span {
        self.prepared.as_ref().map_or(&NONE, |prepared| &prepared.entered)
    }
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpanGuard").field(&**self).finish()
    }
}

impl Drop for SpanGuard {
    #[inline]
    fn drop(&mut self) {
        if let Some(prepared) = self.prepared.take() {
            leave(prepared);
        }
    }
}

#[inline(never)]
fn enter(mut prepared: Box<Prepared>) -> Box<Prepared> {
    let scope = prepared.enter();
    prepared.guarded = Guarded { scope: scope.into_id(), was_panicking: thread::panicking() };
    prepared
}

#[inline(never)]
fn leave(prepared: Box<Prepared>) {
    ContextScope::of(prepared.guarded.scope).leave();
    // A guard in a destructor that runs because of a panic has no panic of its own.
    if thread::panicking()
        && !prepared.guarded.was_panicking
        && let Some(record) = prepared.entered.record()
    {
        record.record_panic("panicked while the span was entered".to_owned());
    }
    finish(prepared);
}

/// Ends the span that was entered. Keeps its memory and that of its builder.
#[inline(always)]
pub(super) fn finish(mut prepared: Box<Prepared>) {
    match mem::replace(&mut prepared.entered, Span::none()).span {
        AnySpan::Own(record) => end(prepared, record),
        AnySpan::Inherited(cx) | AnySpan::Foreign(cx) => {
            drop(cx);
            prepared.keep();
        }
        AnySpan::None => prepared.keep(),
    }
}

#[inline(never)]
fn end(prepared: Box<Prepared>, mut record: SharedRecord) {
    record.leave_roots();
    let message = match SharedRecord::get_mut(&mut record) {
        Some(record) => record.end_alone(),
        None => record.end(None),
    };
    prepared.give_back_with(record, message);
}
