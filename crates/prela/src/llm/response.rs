//! The response of a model, and its body.

use super::call_span::{CallSpan, StartedCall};
use super::request_body::append;
use crate::http::TracedBody;
use ::http::Response;
use ::http::header::CONTENT_LENGTH;
use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

pin_project! {
    /// The future of a response, in the context of its request. From [`LlmService`](super::LlmService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: Option<F>,
        call: Option<CallSpan>,
        // A request that is no call of a model.
        #[pin]
        other: Option<crate::http::ResponseFuture<F>>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(call) = this.call {
                call.enter(|| this.inner.set(None));
            }
        }
    }
}

impl<F> ResponseFuture<F> {
    /// Makes the future by `call`, in the context of the request.
    pub(super) fn new(begun: StartedCall, make: impl FnOnce() -> F) -> Self {
        match begun {
            StartedCall::Call(mut call) => {
                let inner = call.enter(make);
                Self { inner: Some(inner), call: Some(call), other: None }
            }
            StartedCall::Other(begun) => {
                let other = crate::http::ResponseFuture::new(begun, make);
                Self { inner: None, call: None, other: Some(other) }
            }
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: Display + 'static,
{
    type Output = Result<Response<LlmBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(other) = this.other.as_pin_mut() {
            return Poll::Ready(Ok(ready!(other.poll(task))?.map(LlmBody::other)));
        }
        let call = this.call.as_mut().expect("a future is not polled after it is done");
        let mut inner = this.inner.as_mut();
        let result = ready!(call.enter(|| {
            let result = inner.as_mut().as_pin_mut().map(|inner| inner.poll(task));
            let result = result.expect("the inner future is there until it is done");
            if result.is_ready() {
                // The future's destructors belong to the request.
                inner.set(None);
            }
            result
        }));
        let mut call = this.call.take().expect("it was there a moment ago");
        Poll::Ready(match result {
            Ok(response) => {
                let (head, body) = response.into_parts();
                call.respond(&head);
                let length = head.headers.get(CONTENT_LENGTH);
                let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
                Ok(Response::from_parts(head, LlmBody::new(body, call, length)))
            }
            Err(error) => {
                call.fail(&error);
                Err(error)
            }
        })
    }
}

pin_project! {
    /// The body of a response, which runs in the context of its request; the call's span ends with the last word of
    /// the answer. Frames, errors and lengths are those of the body inside.
    #[derive(Debug)]
    pub struct LlmBody<B> {
        #[pin]
        inner: Option<B>,
        call: Option<CallSpan>,
        // Bytes to come, where the head or the body says how many: nobody asks for more after that.
        remaining: Option<u64>,
        // The answer to a request that is no call of a model.
        #[pin]
        other: Option<TracedBody<B>>,
    }

    impl<B> PinnedDrop for LlmBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(call) = this.call {
                call.enter(|| this.inner.set(None));
            }
        }
    }
}

impl<B: Body> LlmBody<B> {
    fn new(inner: B, mut call: CallSpan, length: Option<u64>) -> Self {
        let remaining = length.or_else(|| inner.size_hint().exact());
        if inner.is_end_stream() || remaining == Some(0) {
            call.finish();
        }
        Self { inner: Some(inner), call: Some(call), remaining, other: None }
    }
}

impl<B> LlmBody<B> {
    fn other(other: TracedBody<B>) -> Self {
        Self { inner: None, call: None, remaining: None, other: Some(other) }
    }
}

impl<B> Body for LlmBody<B>
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
        if let Some(other) = this.other.as_pin_mut() {
            return other.poll_frame(task);
        }
        let Some((mut inner, call)) = this.inner.as_mut().as_pin_mut().zip(this.call.as_mut())
        else {
            return Poll::Ready(None);
        };
        let frame = ready!(call.enter(|| inner.as_mut().poll_frame(task)));
        match &frame {
            None => call.finish(),
            Some(Err(error)) => call.fail(error),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    if let Some(remaining) = this.remaining {
                        *remaining = remaining.saturating_sub(data.remaining() as u64);
                    }
                    look_at(call, data);
                }
                if inner.is_end_stream() || *this.remaining == Some(0) {
                    call.finish();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.other {
            Some(other) => other.is_end_stream(),
            None => self.inner.as_ref().is_none_or(Body::is_end_stream),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.other, &self.inner) {
            (Some(other), _) => other.size_hint(),
            (None, Some(inner)) => inner.size_hint(),
            (None, None) => SizeHint::with_exact(0),
        }
    }
}

/// Reads the data of a frame, which most bodies have in one part.
fn look_at(call: &mut CallSpan, data: &impl Buf) {
    if data.chunk().len() == data.remaining() {
        return call.data(data.chunk());
    }
    let mut whole = Vec::new();
    // If there are too many parts, only the first ones are read.
    append(&mut whole, data);
    call.data(&whole);
}

/// An empty body, for layers that answer requests themselves.
impl<B: Default> Default for LlmBody<B> {
    fn default() -> Self {
        Self::other(TracedBody::default())
    }
}
