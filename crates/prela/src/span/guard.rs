//! A span that is current until a guard is dropped.

use super::builder::SpanBuilder;
use super::handle::Span;
use super::lifecycle::Prepared;
use super::scope;
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
    span: Span,
    scope: Option<ContextScope>,
    /// The memory of the builder, to be given back with that of the span.
    prepared: Option<Box<Prepared>>,
    /// Whether the thread was panicking already: a guard in a destructor then has no panic of its own.
    was_panicking: bool,
    not_send: PhantomData<*const ()>,
}

impl SpanGuard {
    #[inline(always)]
    pub(super) fn enter(builder: SpanBuilder) -> Self {
        let not_send = PhantomData;
        let Some(mut prepared) = builder.into_prepared() else {
            let (span, was_panicking) = (Span::none(), false);
            return Self { span, scope: None, prepared: None, was_panicking, not_send };
        };
        let (span, scope) = scope::enter(&mut prepared);
        let (scope, prepared) = (Some(scope), Some(prepared));
        Self { span, scope, prepared, was_panicking: thread::panicking(), not_send }
    }

    #[inline(never)]
    fn leave(&mut self, prepared: Box<Prepared>) {
        if let Some(scope) = self.scope.take() {
            scope.leave();
        }
        if thread::panicking()
            && !self.was_panicking
            && let Some(record) = self.span.record()
        {
            record.record_panic("panicked while the span was entered".to_owned());
        }
        mem::replace(&mut self.span, Span::none()).finish_with(prepared);
    }
}

impl Deref for SpanGuard {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpanGuard").field(&self.span).finish()
    }
}

impl Drop for SpanGuard {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(prepared) = self.prepared.take() {
            self.leave(prepared);
        }
    }
}
