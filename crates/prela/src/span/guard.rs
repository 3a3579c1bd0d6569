//! A span that is current until a guard is dropped.

use super::builder::SpanBuilder;
use super::handle::{NONE, Span};
use super::lifecycle::Prepared;
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
    /// None without an instance.
    entered: Option<Entered>,
    not_send: PhantomData<*const ()>,
}

/// A span that was entered, to be left when this is dropped.
struct Entered {
    span: Span,
    scope: ContextScope,
    /// The memory of the builder, to be given back with that of the span.
    prepared: Option<Box<Prepared>>,
    /// Whether the thread was panicking already: a guard in a destructor then has no panic of its own.
    was_panicking: bool,
}

impl SpanGuard {
    #[inline(always)]
    pub(super) fn enter(builder: SpanBuilder) -> Self {
        match builder.into_prepared() {
            Some(prepared) => Self::entered(prepared),
            None => Self { entered: None, not_send: PhantomData },
        }
    }

    #[inline(never)]
    fn entered(mut prepared: Box<Prepared>) -> Self {
        let (span, scope) = enter(&mut prepared);
        let prepared = Some(prepared);
        let entered = Entered { span, scope, prepared, was_panicking: thread::panicking() };
        Self { entered: Some(entered), not_send: PhantomData }
    }
}

impl Deref for SpanGuard {
    type Target = Span;

    #[inline]
    fn deref(&self) -> &Span {
        self.entered.as_ref().map_or(&NONE, |entered| &entered.span)
    }
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SpanGuard").field(&**self).finish()
    }
}

impl Drop for Entered {
    #[inline(never)]
    fn drop(&mut self) {
        mem::replace(&mut self.scope, ContextScope::none()).leave();
        if thread::panicking()
            && !self.was_panicking
            && let Some(record) = self.span.record()
        {
            record.record_panic("panicked while the span was entered".to_owned());
        }
        if let Some(prepared) = self.prepared.take() {
            mem::replace(&mut self.span, Span::none()).finish_with(prepared);
        }
    }
}

/// Starts the span and makes it current.
#[inline(always)]
pub(super) fn enter(prepared: &mut Prepared) -> (Span, ContextScope) {
    let (span, scope) = prepared.enter();
    (span.into(), scope)
}
