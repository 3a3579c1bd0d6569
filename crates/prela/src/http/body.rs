//! The body of a response.

use super::attributes::Protocol;
use super::exchange::Exchange;
use bytes::Buf;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

pin_project! {
    /// The body of a response, which runs in the context of its request; the request's span ends with
    /// it. Frames, errors and lengths are those of the body inside.
    ///
    /// Dropped before its end it is `cancelled` on a server, and on a client no error: see
    /// [`ClientLayer`](super::ClientLayer).
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: Option<B>,
        exchange: Option<Exchange>,
        // Bytes to come, where the head or the body says how many: nobody asks for more after that.
        remaining: Option<u64>,
        was_polled: bool,
    }

    impl<B> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(exchange) = this.exchange else { return };
            exchange.enter(|| this.inner.set(None));
            exchange.leave(*this.was_polled);
        }
    }
}

impl<B: Body> TracedBody<B> {
    pub(super) fn new(inner: B, mut exchange: Exchange, headers: &HeaderMap) -> Self {
        let remaining = match exchange.protocol() {
            Protocol::Http => content_length(headers).or_else(|| inner.size_hint().exact()),
            // What counts are the trailers, after the last byte.
            Protocol::Grpc => None,
        };
        if inner.is_end_stream() || remaining == Some(0) {
            exchange.finish();
        }
        Self { inner: Some(inner), exchange: Some(exchange), remaining, was_polled: false }
    }
}

impl<B> TracedBody<B> {
    pub(super) fn untraced(inner: B) -> Self {
        Self { inner: Some(inner), exchange: None, remaining: None, was_polled: false }
    }
}

impl<B> Body for TracedBody<B>
where
    B: Body,
    B::Error: Display + 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let Some(exchange) = this.exchange else { return inner.poll_frame(task) };
        *this.was_polled = true;
        let frame = ready!(exchange.enter(|| inner.as_mut().poll_frame(task)));
        match &frame {
            None => exchange.finish(),
            Some(Err(error)) => exchange.fail(error),
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    exchange.trailers(trailers);
                }
                if let Some((data, remaining)) = frame.data_ref().zip(this.remaining.as_mut()) {
                    *remaining = remaining.saturating_sub(data.remaining() as u64);
                }
                if inner.is_end_stream() || *this.remaining == Some(0) {
                    exchange.finish();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// An empty one, for layers that answer requests themselves.
impl<B: Default> Default for TracedBody<B> {
    fn default() -> Self {
        Self::untraced(B::default())
    }
}
