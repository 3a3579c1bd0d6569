//! The future of a response.

use super::TracedBody;
use super::exchange::{Exchange, Side};
use http::{Extensions, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context as TaskContext, Poll, ready};

pin_project! {
    /// The future of a response, in the context of its request. From [`ServerService`] and
    /// [`ClientService`].
    ///
    /// [`ServerService`]: super::ServerService
    /// [`ClientService`]: super::ClientService
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: Option<F>,
        // None: another layer has the span.
        exchange: Option<Exchange>,
        // Tells layers further in that the request has a span.
        mark: Option<Arc<Mark>>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(exchange) = this.exchange {
                exchange.enter(|| this.inner.set(None));
            }
        }
    }
}

/// What a request carries along while a layer is at work on it.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(super) span: crate::Span,
    /// Attempts at the same request, as layers further in have seen them.
    #[cfg(feature = "llm")]
    attempts: std::sync::atomic::AtomicU32,
}

/// The extension of a request that has a span on this side. A server that sends its request on as a client gets
/// a new mark for it.
#[derive(Clone)]
struct Marked {
    side: Side,
    mark: Weak<Mark>,
}

impl Mark {
    /// Marks a request whose exchange has begun.
    pub(super) fn set(exchange: &Exchange, extensions: &mut Extensions) -> Arc<Self> {
        Self::of_span(exchange.span(), exchange.side(), extensions)
    }

    fn of_span(span: &crate::Span, side: Side, extensions: &mut Extensions) -> Arc<Self> {
        let mark = Arc::new(Self {
            span: span.clone(),
            #[cfg(feature = "llm")]
            attempts: std::sync::atomic::AtomicU32::default(),
        });
        extensions.insert(Marked { side, mark: Arc::downgrade(&mark) });
        mark
    }

    /// Marks a client's request that has a span of another layer's.
    #[cfg(feature = "llm")]
    pub(crate) fn of_client(span: &crate::Span, extensions: &mut Extensions) -> Arc<Self> {
        Self::of_span(span, Side::Client, extensions)
    }

    /// The span of a layer further out, and which attempt this is that a layer further in sees: from 1 on.
    #[cfg(feature = "llm")]
    pub(crate) fn attempt(extensions: &Extensions) -> Option<(crate::Span, u32)> {
        let mark = Self::of(extensions, Side::Client)?;
        let attempt = mark.attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Some((mark.span.clone(), attempt.saturating_add(1)))
    }

    /// The mark of a layer further out that is at work on this request.
    pub(super) fn of(extensions: &Extensions, side: Side) -> Option<Arc<Self>> {
        extensions.get::<Marked>().filter(|marked| marked.side == side)?.mark.upgrade()
    }
}

/// A span that a layer has begun for a request, with its mark. None: a layer further out has done so.
pub(crate) type StartedSpan = Option<(Exchange, Arc<Mark>)>;

impl<F> ResponseFuture<F> {
    /// Makes the future by `call`, in the context of the request.
    pub(crate) fn new(begun: StartedSpan, call: impl FnOnce() -> F) -> Self {
        let Some((mut exchange, mark)) = begun else {
            return Self { inner: Some(call()), exchange: None, mark: None };
        };
        let inner = exchange.enter(call);
        Self { inner: Some(inner), exchange: Some(exchange), mark: Some(mark) }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: Display + 'static,
{
    type Output = Result<Response<TracedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut inner = this.inner.as_mut();
        let mut poll = || {
            let result = inner.as_mut().as_pin_mut().map(|inner| inner.poll(task));
            let result = result.expect("a future is not polled after it is done");
            if result.is_ready() {
                // The future's destructors belong to the request.
                inner.set(None);
            }
            result
        };
        let Some(exchange) = this.exchange else {
            let response = ready!(poll())?;
            return Poll::Ready(Ok(response.map(TracedBody::untraced)));
        };
        let result = ready!(exchange.enter(poll));
        *this.mark = None;
        let mut exchange = this.exchange.take().expect("it was there a moment ago");
        Poll::Ready(match result {
            Ok(response) => {
                let (mut head, body) = response.into_parts();
                exchange.respond(&mut head);
                let body = TracedBody::new(body, exchange, &head.headers);
                Ok(Response::from_parts(head, body))
            }
            Err(error) => {
                exchange.fail(&error);
                Err(error)
            }
        })
    }
}
