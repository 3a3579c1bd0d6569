//! Futures and streams with a span of their own.

use super::builder::SpanBuilder;
use super::exception::recording_panic;
use super::handle::Span;
use crate::context::{InContext, OfFuture, Polled};
use crate::{SpanType, TraceContext, semconv};
use futures_core::Stream;
use opentelemetry::Context;
use pin_project_lite::pin_project;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

/// Puts futures and streams into a context or a span. Other types do not have these methods.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use prela::{FutureExt as _, SpanType};
///
/// let answer = async { 42 }.in_span(tracer.span("think", SpanType::Llm)).await;
/// assert_eq!(answer, 42);
/// # });
/// # Ok::<(), prela::Error>(())
/// ```
pub trait FutureExt<K = OfFuture>: Polled<K> + Sized {
    /// Runs with this span current at each poll and while being dropped; the span ends when the
    /// future or stream is done.
    ///
    /// The parent is what is current at this call; the span starts at the first poll. If the future
    /// or stream is dropped before it is done, the span is an error with the event `cancelled`. A
    /// stream's span also gets the number of items and the time to the first one.
    ///
    /// `span` is a [`SpanBuilder`], or a typed one of `prela::genai`.
    fn in_span(self, span: impl Into<SpanBuilder>) -> InSpan<Self> {
        InSpan::new(self, span.into())
    }

    /// Runs in this context at each poll and while being dropped.
    fn in_context(self, cx: TraceContext) -> InContext<Self> {
        InContext::new(self, cx)
    }

    /// Runs in the context of this call at each poll and while being dropped: for a task that is
    /// spawned.
    fn in_current_context(self) -> InContext<Self> {
        InContext::new(self, TraceContext::current())
    }

    /// Runs in the context of this call, and records no span that begins below it; see
    /// [`suppress`](crate::suppress).
    fn suppressed(self) -> InContext<Self> {
        InContext::new(self, TraceContext::current().suppressed())
    }
}

impl<T: Polled<K>, K> FutureExt<K> for T {}

pin_project! {
    /// A future or a stream with a span of its own. From [`FutureExt::in_span`].
    #[derive(Debug)]
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InSpan<T> {
        #[pin]
        inner: Option<T>,
        state: State,
    }

    impl<T> PinnedDrop for InSpan<T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let State::Running(running) = this.state else { return };
            let scope = running.span.enter(running.cx.clone());
            // The destructors of the inner future see its span too, and may panic.
            let dropped = recording_panic(&running.span, || this.inner.set(None));
            drop(scope);
            running.finish_items();
            if let Some(record) = running.span.record().filter(|_| dropped.is_ok()) {
                record.record_cancelled();
            }
            running.span.end();
            if let Err(panic) = dropped {
                resume_unwind(panic);
            }
        }
    }
}

#[derive(Debug)]
enum State {
    New {
        span: Option<SpanBuilder>,
    },
    Running(Running),
    Done,
    /// Without an instance: a poll leaves the current context as it is.
    Untraced,
}

#[derive(Debug)]
struct Running {
    span: Span,
    cx: Context,
    /// Only for a stream.
    items: Option<Items>,
}

#[derive(Debug)]
struct Items {
    count: u64,
    /// By the clock of the span's instance.
    started: Duration,
}

impl<T> InSpan<T> {
    pub(crate) fn new(inner: T, span: SpanBuilder) -> Self {
        let state = if span.is_noop() {
            State::Untraced
        } else {
            State::New { span: Some(span.capture()) }
        };
        Self { inner: Some(inner), state }
    }

    /// The span, for writing to it from outside while the future runs: none before the first poll and after
    /// the end. The polled code reaches it by [`current_span`](crate::current_span).
    pub fn span(&self) -> Span {
        match &self.state {
            State::Running(running) => running.span.clone(),
            State::New { .. } | State::Done | State::Untraced => Span::none(),
        }
    }

    /// Starts the span now, and makes the future in it.
    pub(crate) fn start(span: SpanBuilder, make: impl FnOnce(&Span) -> T) -> Self {
        if span.is_noop() {
            return Self { inner: Some(make(&Span::none())), state: State::Untraced };
        }
        let (span, cx) = span.start_for_future();
        let scope = span.enter(cx.clone());
        let result = recording_panic(&span, || make(&span));
        drop(scope);
        match result {
            Ok(inner) => Self::started(inner, span, cx),
            Err(panic) => {
                span.end();
                resume_unwind(panic)
            }
        }
    }

    /// The future in a span that has started already.
    pub(crate) fn started(inner: T, span: Span, cx: Context) -> Self {
        Self { inner: Some(inner), state: State::Running(Running { span, cx, items: None }) }
    }
}

impl State {
    fn running(&mut self) -> Option<&mut Running> {
        if let Self::New { span } = self {
            let (span, cx) = span.take()?.start_for_future();
            *self = Self::Running(Running { span, cx, items: None });
        }
        match self {
            Self::Running(running) => Some(running),
            Self::New { .. } | Self::Done | Self::Untraced => None,
        }
    }
}

impl Running {
    /// Polls in the span. Changes to the baggage stay for the next poll.
    fn poll<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        let scope = self.span.enter(self.cx.clone());
        let result = recording_panic(&self.span, poll);
        if let Some(changed) = scope.exit() {
            self.cx = changed;
        }
        result.unwrap_or_else(|panic| {
            self.finish_items();
            self.span.end();
            resume_unwind(panic)
        })
    }

    fn count_item(&mut self) {
        let Some(items) = &mut self.items else { return };
        items.count += 1;
        if items.count == 1 {
            let key = match self.span.span_type() {
                Some(SpanType::Llm) => semconv::GEN_AI_TIME_TO_FIRST_CHUNK,
                _ => semconv::PRELA_STREAM_TIME_TO_FIRST_ITEM,
            };
            let elapsed = monotonic(&self.span).saturating_sub(items.started);
            self.span.set_attribute(key, elapsed.as_secs_f64());
        }
    }

    fn finish_items(&mut self) {
        if let Some(items) = self.items.take() {
            self.span.set_attribute(semconv::PRELA_STREAM_ITEMS, items.count);
        }
    }
}

impl<T: Future> Future for InSpan<T> {
    type Output = T::Output;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if matches!(this.state, State::Untraced) {
            let inner = this.inner.as_pin_mut().expect("the inner future is there until the drop");
            return inner.poll(task);
        }
        let running = this.state.running().expect("a future is not polled after it is done");
        let mut inner = this.inner.as_mut();
        let output = ready!(running.poll(|| {
            let output = inner.as_mut().as_pin_mut().map(|inner| inner.poll(task));
            let output = output.expect("the inner future is there until it is done");
            if output.is_ready() {
                // Its destructors run in the span.
                inner.set(None);
            }
            output
        }));
        running.span.end();
        *this.state = State::Done;
        Poll::Ready(output)
    }
}

impl<T: Stream> Stream for InSpan<T> {
    type Item = T::Item;

    fn poll_next(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if matches!(this.state, State::Untraced) {
            let inner = this.inner.as_pin_mut().expect("the inner stream is there until the drop");
            return inner.poll_next(task);
        }
        // A stream that is polled after its end is still at its end.
        let Some(running) = this.state.running() else { return Poll::Ready(None) };
        let span = &running.span;
        running.items.get_or_insert_with(|| Items { count: 0, started: monotonic(span) });
        let mut inner = this.inner.as_mut();
        let item = ready!(running.poll(|| {
            let item = inner.as_mut().as_pin_mut().map(|inner| inner.poll_next(task));
            let item = item.unwrap_or(Poll::Ready(None));
            if matches!(item, Poll::Ready(None)) {
                inner.set(None);
            }
            item
        }));
        if item.is_some() {
            running.count_item();
        } else {
            running.finish_items();
            running.span.end();
            *this.state = State::Done;
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

/// The time by the clock of a span's instance.
pub(crate) fn monotonic(span: &Span) -> Duration {
    span.record()
        .map(|record| record.source.provider.clock.as_dyn().monotonic())
        .unwrap_or_default()
}
