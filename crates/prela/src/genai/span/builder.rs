//! A typed span before it starts, and its scopes.

use super::guard::{TypedOwnedSpan, TypedSpanGuard};
use super::handle::TypedSpan;
use crate::SpanBuilder;
use crate::semconv::Conventions;
use crate::span::Recordable;
use futures_core::Stream;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

/// A typed span before it starts: from [`Tracer::chat`](crate::Tracer::chat), [`agent`](crate::Tracer::agent),
/// [`tool`](crate::Tracer::tool) and their like.
///
/// It works as a [`SpanBuilder`] does, but its scopes give a typed handle:
///
/// ```
/// # let memory = prela::export::MemoryExporter::new();
/// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// # let tracer = prela.tracer();
/// use prela::genai::Usage;
///
/// let answer = tracer.chat("openai", "gpt-4o").temperature(0.2).in_scope(|chat| {
///     // … the call …
///     chat.response_model("gpt-4o-2024-08-06").usage(Usage::new(120, 30));
///     "Lisbon"
/// });
/// # prela.flush(std::time::Duration::from_secs(5))?;
/// # let span = &memory.spans()[0];
/// assert_eq!(span.name, "chat gpt-4o");
/// assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(&120.into()));
/// # Ok::<(), prela::Error>(())
/// ```
#[must_use = "a builder starts no span by itself"]
pub struct TypedSpanBuilder<S> {
    span: SpanBuilder,
    typed: PhantomData<fn() -> S>,
}

impl<S: TypedSpan> TypedSpanBuilder<S> {
    pub(super) fn new(span: SpanBuilder) -> Self {
        Self { span, typed: PhantomData }
    }

    pub(super) fn map(self, change: impl FnOnce(SpanBuilder) -> SpanBuilder) -> Self {
        Self::new(change(self.span))
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut SpanBuilder)) -> Self {
        if !self.span.is_noop() {
            change(&mut self.span);
        }
        self
    }

    /// Runs this when the span has started, if it is recorded.
    pub(super) fn at_start(mut self, hook: impl FnOnce(&S) + Send + Sync + 'static) -> Self {
        self.span.at_start(move |span| hook(&S::of(span.clone())));
        self
    }

    pub(super) fn follows(&self, conventions: Conventions) -> bool {
        self.span.wording().is_some_and(|wording| wording.conventions.contains(conventions))
    }

    /// Runs `f` in the span; see [`SpanBuilder::in_scope`].
    pub fn in_scope<R>(self, f: impl FnOnce(&S) -> R) -> R {
        self.span.in_scope(|span| f(&S::of(span.clone())))
    }

    /// Runs `f` in the span, which records its error; see [`SpanBuilder::in_scope_result`].
    ///
    /// # Errors
    ///
    /// What `f` returns, unchanged.
    pub fn in_scope_result<T, E: Recordable<K>, K>(
        self,
        f: impl FnOnce(&S) -> Result<T, E>,
    ) -> Result<T, E> {
        self.span.in_scope_result(|span| f(&S::of(span.clone())))
    }

    /// Runs a future in the span; see [`SpanBuilder::run`].
    pub fn run<F, Fut>(self, f: F) -> impl Future<Output = Fut::Output> + use<S, F, Fut>
    where
        F: FnOnce(S) -> Fut,
        Fut: Future,
    {
        self.span.run(move |span| f(S::of(span)))
    }

    /// Runs a future in the span, which records its error; see [`SpanBuilder::run_result`].
    pub fn run_result<F, Fut, T, E, K>(
        self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + use<S, F, Fut, T, E, K>
    where
        F: FnOnce(S) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Recordable<K>,
    {
        self.span.run_result(move |span| f(S::of(span)))
    }

    /// Runs a stream in the span; see [`SpanBuilder::run_stream`].
    pub fn run_stream<F, St>(self, f: F) -> impl Stream<Item = St::Item> + use<S, F, St>
    where
        F: FnOnce(S) -> St,
        St: Stream,
    {
        self.span.run_stream(move |span| f(S::of(span)))
    }

    /// Starts the span, current until the guard is dropped; see [`SpanBuilder::enter`].
    pub fn enter(self) -> TypedSpanGuard<S> {
        TypedSpanGuard::of(self.span.enter())
    }

    /// Starts the span without making it current; see [`SpanBuilder::start`].
    pub fn start(self) -> TypedOwnedSpan<S> {
        TypedOwnedSpan::of(self.span.start())
    }

    /// Sets another name than the conventions', such as `process_3`.
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.change(|span| span.set_name(name.into()))
    }

    /// Whether nothing will be recorded because no instance is running.
    pub fn is_noop(&self) -> bool {
        self.span.is_noop()
    }
}

/// For functions that take a span before it starts, such as [`FutureExt::in_span`](crate::FutureExt::in_span).
/// Code in the span finds the typed handle by [`TypedSpan::current`].
impl<S> From<TypedSpanBuilder<S>> for SpanBuilder {
    fn from(builder: TypedSpanBuilder<S>) -> Self {
        builder.span
    }
}

impl<S> fmt::Debug for TypedSpanBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.span.fmt(f)
    }
}

/// What goes in, known before the start.
macro_rules! builder_input {
    ($name:ident) => {
        impl $crate::genai::TypedSpanBuilder<$name> {
            /// As the handle's `input`.
            pub fn input(self, input: impl Into<$crate::genai::Content>) -> Self {
                let input = input.into();
                self.at_start(move |span: &$name| {
                    span.input(input);
                })
            }
        }
    };
}
pub(super) use builder_input;
