//! Futures and streams that run in a context.

use super::{ContextScope, TraceContext};
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

pin_project! {
    /// A future or stream that runs in a context, at each poll and while being dropped. From
    /// [`TraceContext::bind`] and [`FutureExt::in_context`](crate::FutureExt::in_context).
    #[derive(Debug)]
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InContext<T> {
        #[pin]
        inner: Option<T>,
        cx: TraceContext,
    }

    impl<T> PinnedDrop for InContext<T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _scope = ContextScope::enter(this.cx.as_otel().clone());
            this.inner.set(None);
        }
    }
}

impl TraceContext {
    /// A future or stream that runs in this context, at each poll and while being dropped.
    pub fn bind<T: Polled<K>, K>(self, future_or_stream: T) -> InContext<T> {
        InContext::new(future_or_stream, self)
    }
}

impl<T> InContext<T> {
    pub(crate) fn new(inner: T, cx: TraceContext) -> Self {
        Self { inner: Some(inner), cx }
    }
}

/// Polls in the context. Changes to the baggage stay for the next poll.
fn poll_in<R>(cx: &mut TraceContext, poll: impl FnOnce() -> R) -> R {
    let scope = ContextScope::enter(cx.as_otel().clone());
    let result = poll();
    if let Some(changed) = scope.exit() {
        *cx = changed.into();
    }
    result
}

impl<T: Future> Future for InContext<T> {
    type Output = T::Output;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = this.inner.as_pin_mut().expect("the inner future is there until the drop");
        poll_in(this.cx, || inner.poll(task))
    }
}

impl<T: Stream> Stream for InContext<T> {
    type Item = T::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let inner = this.inner.as_pin_mut().expect("the inner stream is there until the drop");
        poll_in(this.cx, || inner.poll_next(task))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

/// A future or a stream. Sealed: it cannot be named or implemented.
///
/// `K` says which of the two it is, and is inferred; without it the compiler could not rule out a type that is
/// both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a future nor a stream",
    label = "not a future or stream",
    note = "a span or a context can be put around what is polled; for a closure there are \
            `span.in_scope(|span| ..)` and `TraceContext::run(|| ..)`"
)]
#[expect(unnameable_types, reason = "sealed")]
pub trait Polled<K> {}

impl<F: Future> Polled<OfFuture> for F {}
impl<S: Stream> Polled<OfStream> for S {}

/// See [`Polled`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfFuture(());

/// See [`Polled`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfStream(());
