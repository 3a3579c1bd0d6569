//! Spans around streams of clients that have no hook for requests.

use crate::span::{Failure, Recordable};
use crate::{Span, SpanBuilder, span::InSpan};
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

/// Puts the stream of a model's answer into a span, for clients that give no hook for requests.
///
/// ```
/// # let memory = prela::export::MemoryExporter::new();
/// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// # let tracer = prela.tracer();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use futures_util::{StreamExt as _, stream};
/// use prela::{SpanType, llm::LlmStreamExt as _};
///
/// let tokens = stream::iter([Ok("Hel"), Ok("lo"), Err("connection reset")]); // of ollama-rs, say
/// let span = tracer.span("chat llama3.2", SpanType::Llm).attr("gen_ai.provider.name", "ollama");
/// let read: Vec<_> = tokens.in_llm_span(span).collect().await;
/// # assert_eq!(read.len(), 3);
/// # });
/// # prela.flush(std::time::Duration::from_secs(5))?;
/// # assert_eq!(memory.spans()[0].status, prela::Status::error("connection reset"));
/// # Ok::<(), prela::Error>(())
/// ```
pub trait LlmStreamExt<K>: Stream + Sized
where
    Self::Item: StreamItem<K>,
{
    /// Runs with this span current at each poll and while being dropped; the span ends with the stream.
    ///
    /// It works as [`FutureExt::in_span`](crate::FutureExt::in_span) does: the parent is what is current at
    /// this call, the span starts at the first poll, gets the number of items and the time to the first one,
    /// which for type `Llm` is `gen_ai.response.time_to_first_chunk`, and is `cancelled` if the stream is
    /// dropped before its end. Beyond that, the first item that is an `Err` is recorded as the span's error;
    /// the stream may go on after it.
    fn in_llm_span(self, span: impl Into<SpanBuilder>) -> InLlmSpan<Self, K> {
        let span = span.into();
        InLlmSpan {
            inner: InSpan::new(Watched { inner: self, has_failed: false, kind: PhantomData }, span),
        }
    }
}

impl<S: Stream, K> LlmStreamExt<K> for S where S::Item: StreamItem<K> {}

/// An item of a stream. Sealed: it cannot be implemented elsewhere.
///
/// That is every `Result` whose error a span can record, or is `()`; and text and bytes. `K` says which of
/// these, and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an item that the span of a model call can read",
    label = "neither a `Result` with an error that can be recorded, nor text or bytes",
    note = "for a stream of anything else use `FutureExt::in_span`"
)]
#[expect(unnameable_types, reason = "sealed")]
pub trait StreamItem<K> {
    /// The error of an item that is one.
    #[doc(hidden)]
    fn failure(&self) -> Option<(&'static str, String)>;
}

/// See [`StreamItem`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfResult<K>(PhantomData<K>);

impl<T, E: Recordable<K>, K> StreamItem<OfResult<K>> for Result<T, E> {
    fn failure(&self) -> Option<(&'static str, String)> {
        let error = self.as_ref().err()?;
        Some((std::any::type_name::<E>(), Failure::of(error).message))
    }
}

/// See [`StreamItem`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfBareResult(());

impl<T> StreamItem<OfBareResult> for Result<T, ()> {
    fn failure(&self) -> Option<(&'static str, String)> {
        self.as_ref().err().map(|()| (crate::semconv::http::OTHER, String::new()))
    }
}

/// See [`StreamItem`].
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub struct OfPlain(());

macro_rules! plain {
    ($($item:ty),*) => {$(
        impl StreamItem<OfPlain> for $item {
            fn failure(&self) -> Option<(&'static str, String)> {
                None
            }
        }
    )*};
}

plain!(String, &str, char, Vec<u8>, &[u8], bytes::Bytes, serde_json::Value);

pin_project! {
    /// A stream in the span of a model call. From [`LlmStreamExt::in_llm_span`].
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct InLlmSpan<S, K> {
        #[pin]
        inner: InSpan<Watched<S, K>>,
    }
}

impl<S, K> InLlmSpan<S, K> {
    /// Its span, to be written to from outside while it runs; see [`InSpan::span`].
    pub fn span(&self) -> Span {
        self.inner.span()
    }
}

impl<S: Stream, K> Stream for InLlmSpan<S, K>
where
    S::Item: StreamItem<K>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        self.project().inner.poll_next(task)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

pin_project! {
    /// A stream whose first error is recorded on the current span.
    #[derive(Debug)]
    struct Watched<S, K> {
        #[pin]
        inner: S,
        has_failed: bool,
        kind: PhantomData<fn() -> K>,
    }
}

impl<S: Stream, K> Stream for Watched<S, K>
where
    S::Item: StreamItem<K>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let item = ready!(this.inner.poll_next(task));
        if let Some((error_type, message)) = item.as_ref().and_then(StreamItem::failure)
            && !std::mem::replace(this.has_failed, true)
            && let Some(span) = crate::current_span()
            && let Some(record) = span.record()
        {
            record.record_error(error_type.to_owned(), message.into());
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
