//! A span that is current until a guard is dropped.

use super::builder::SpanBuilder;
use super::handle::Span;
use crate::context::ContextScope;
use std::marker::PhantomData;
use std::ops::Deref;
use std::thread;

/// Keeps a span current on this thread; dropping it ends the span. From [`SpanBuilder::enter`].
///
/// Not `Send`. Dropped while the thread panics, it records the panic as the span's error.
#[must_use = "the span ends when this is dropped"]
#[derive(Debug)]
pub struct SpanGuard {
    span: Span,
    scope: Option<ContextScope>,
    /// Whether the thread was panicking already: a guard in a destructor then has no panic of its own.
    was_panicking: bool,
    not_send: PhantomData<*const ()>,
}

impl SpanGuard {
    pub(super) fn enter(builder: SpanBuilder) -> Self {
        let (span, scope) = if builder.is_idle() {
            (Span::none(), None)
        } else {
            let (span, scope) = builder.enter_scope();
            (span, Some(scope))
        };
        Self { span, scope, was_panicking: thread::panicking(), not_send: PhantomData }
    }
}

impl Deref for SpanGuard {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl Drop for SpanGuard {
    fn drop(&mut self) {
        if let Some(scope) = self.scope.take() {
            scope.leave();
        }
        if thread::panicking()
            && !self.was_panicking
            && let Some(record) = self.span.record()
        {
            record.record_panic("panicked while the span was entered".to_owned());
        }
        std::mem::replace(&mut self.span, Span::none()).finish();
    }
}
