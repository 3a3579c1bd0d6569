//! Spans that last as long as a closure or a future.

use super::builder::SpanBuilder;
use super::exception::recording_panic;
use super::failure::Failure;
use super::future::InSpan;
use super::guard::{SpanGuard, finish};
use super::handle::{NONE, Span};
use super::lifecycle::Prepared;
use super::recordable::Recordable;
use crate::context::{ContextScope, unawaited};
use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _};
use std::future::Future;
use std::panic::resume_unwind;

impl SpanBuilder {
    /// Runs `f` with the span current. The span ends when `f` returns or panics.
    ///
    /// A panic is recorded as an error, with its message, and then goes on.
    ///
    /// For code that awaits, use [`SpanBuilder::run`]. A future that `f` returns would run when the span is
    /// over; builds with debug assertions say so once, as a line of [diagnostics](crate::Builder::diagnostics):
    ///
    /// | | |
    /// |---|---|
    /// | `span.run(async \|span\| { .. }).await` | the span lasts as long as the future |
    /// | `span.in_scope(\|span\| async { .. }).await` | the span is over before the future begins |
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::SpanType;
    ///
    /// let sum = tracer.span("add", SpanType::Tool).in_scope(|span| {
    ///     span.set_attribute("terms", 2);
    ///     1 + 2
    /// });
    /// assert_eq!(sum, 3);
    /// # Ok::<(), prela::Error>(())
    /// ```
    // The compiler shows the line of `f` to whoever passes an async closure.
    #[inline(always)]
    pub fn in_scope<R>(
        self,
        f: impl FnOnce(&Span) -> R, // for `async |span| ..` there is `run`
    ) -> R {
        if !cfg!(debug_assertions) {
            return self.around(f);
        }
        self.around(|span| {
            let result = f(span);
            if let (Some(record), Some(remark)) = (span.record(), unawaited::in_span::<R>()) {
                record.source.provider.intake.remark(&remark);
            }
            result
        })
    }

    /// Runs `f` with the span current, whatever it returns: the body of a function.
    #[inline(always)]
    pub(crate) fn around<R>(self, f: impl FnOnce(&Span) -> R) -> R {
        match self.into_prepared() {
            Some(prepared) => in_traced_scope(prepared, f),
            None => f(&NONE),
        }
    }

    /// Runs `f` as [`SpanBuilder::in_scope`] does, and records an `Err` as the span's error.
    ///
    /// The causes are recorded too, as by [`Span::record_exception`]. The error is any
    /// [`Error`](std::error::Error), a report or box of one (`anyhow::Error`, `eyre::Report`, `Box<dyn Error>`),
    /// or a text. For a type that has only a `Display` there are [`SpanBuilder::in_scope`] and
    /// [`Span::record_error`].
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// use anyhow::Context as _;
    /// use prela::SpanType;
    ///
    /// # fn call() -> std::io::Result<()> { Err(std::io::Error::other("connection reset")) }
    /// let answer = tracer.span("ask", SpanType::Llm).in_scope_result(|_| call().context("call model"));
    /// assert!(answer.is_err()); // recorded as `call model: connection reset`
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # assert_eq!(memory.spans()[0].status, prela::Status::error("call model: connection reset"));
    /// # Ok::<(), prela::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `f` returns, unchanged.
    pub fn in_scope_result<T, E: Recordable<K>, K>(
        self,
        f: impl FnOnce(&Span) -> Result<T, E>, // for `async |span| ..` there is `run_result`
    ) -> Result<T, E> {
        self.in_scope_reading(f, Failure::of)
    }

    /// Runs `f` as [`SpanBuilder::in_scope_result`] does, with an `Err` read by `read`.
    pub(crate) fn in_scope_reading<T, E>(
        self,
        f: impl FnOnce(&Span) -> Result<T, E>,
        read: impl FnOnce(&E) -> Failure,
    ) -> Result<T, E> {
        self.in_scope(|span| {
            f(span).inspect_err(|error| {
                span.record_failure(error, read);
            })
        })
    }

    /// Runs the future that `f` makes with the span current, at every poll and while it is dropped.
    ///
    /// The parent is the span that is current when `run` is called; the span starts when the future
    /// is first polled and ends when it is done. A future dropped before that is recorded as
    /// cancelled, a panic as an error. One that is never polled makes no span.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use prela::SpanType;
    ///
    /// let answer = tracer.span("ask", SpanType::Llm).run(async move |span| {
    ///     span.set_attribute("attempt", 1);
    ///     "42"
    /// });
    /// assert_eq!(answer.await, "42");
    /// # });
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn run<F, Fut>(self, f: F) -> impl Future<Output = Fut::Output> + use<F, Fut>
    where
        F: FnOnce(Span) -> Fut,
        Fut: Future,
    {
        let builder = self.capture();
        async move {
            if builder.is_idle() {
                return f(Span::none()).await;
            }
            let (span, cx) = builder.start_for_future();
            let inner = {
                let span = span.clone();
                async move { f(span).await }
            };
            InSpan::started(inner, span, cx).await
        }
    }

    /// Runs the future as [`SpanBuilder::run`] does, and records an `Err` as the span's error, as
    /// [`SpanBuilder::in_scope_result`] does.
    pub fn run_result<F, Fut, T, E, K>(
        self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E, K>
    where
        F: FnOnce(Span) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Recordable<K>,
    {
        self.run_reading(f, Failure::of)
    }

    /// Runs the future as [`SpanBuilder::run_result`] does, with an `Err` read by `read`.
    pub(crate) fn run_reading<F, Fut, T, E, R>(
        self,
        f: F,
        read: R,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E, R>
    where
        F: FnOnce(Span) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        R: FnOnce(&E) -> Failure,
    {
        self.run(async move |span: Span| {
            f(span.clone()).await.inspect_err(|error| {
                span.record_failure(error, read);
            })
        })
    }

    /// Runs the stream that `f` makes with the span current, at every poll and while it is dropped, as
    /// [`SpanBuilder::run`] does with a future.
    ///
    /// `f` is called at the first poll, in the span. For a stream that exists already, use
    /// [`FutureExt::in_span`](crate::FutureExt::in_span); code in it finds the span by
    /// [`current_span`](crate::current_span), its owner by [`InSpan::span`].
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use futures_util::stream::{self, StreamExt as _};
    /// use prela::SpanType;
    ///
    /// let tokens = tracer.span("completion", SpanType::Llm).run_stream(|span| {
    ///     span.set_attribute("gen_ai.request.model", "small");
    ///     stream::iter(["a", "b"]).inspect(move |token| {
    ///         span.add_event("token", [("length", token.len())]);
    ///     })
    /// });
    /// assert_eq!(tokens.collect::<String>().await, "ab");
    /// # });
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn run_stream<F, S>(self, f: F) -> impl Stream<Item = S::Item> + use<F, S>
    where
        F: FnOnce(Span) -> S,
        S: Stream,
    {
        let builder = self.capture();
        stream::once(async move { InSpan::start(builder, |span| f(span.clone())) }).flatten()
    }

    /// Makes the span current on this thread until the guard is dropped, which ends it.
    ///
    /// For synchronous code only: the guard must not be held across an `.await`, and is not `Send`
    /// so that most such mistakes do not compile.
    #[inline(always)]
    pub fn enter(self) -> SpanGuard {
        SpanGuard::enter(self)
    }
}

#[inline(never)]
fn in_traced_scope<R>(mut prepared: Box<Prepared>, f: impl FnOnce(&Span) -> R) -> R {
    let scope = prepared.enter();
    let result = recording_panic(&prepared.entered, || f(&prepared.entered));
    leave(prepared, scope);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Leaves the scope of a span and ends it. Apart from the above, which is compiled for each closure.
#[inline(never)]
fn leave(prepared: Box<Prepared>, scope: ContextScope) {
    drop(scope);
    finish(prepared);
}
