//! What the expansion of the attribute macros calls. Not for users: it may change in any release.
//!
//! The macros write as little as they can into a program; what happens is here.

use crate::context;
#[cfg(feature = "retry")]
use crate::retry::RetryPolicy;
use crate::span::InSpan;
#[cfg(feature = "testing")]
use crate::tracer::global;
use crate::{Sampler, Span, SpanBuilder, SpanType, TraceContext, Value, semconv};
use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::future::Future;

#[cfg(feature = "genai")]
pub mod captured;
pub mod shown;

use self::shown::Failure;
#[cfg(feature = "retry")]
use self::shown::Fallible;

// The examples of the macros: their own crate cannot run them.
#[cfg(doctest)]
#[doc = include_str!("../../prela-macros/src/trace.md")]
pub mod trace_examples {}
#[cfg(doctest)]
#[doc = include_str!("../../prela-macros/src/trace_impl.md")]
pub mod trace_impl_examples {}

/// A span of the global instance, for a function.
pub fn span(name: &'static str, span_type: SpanType, function: &'static str) -> SpanBuilder {
    let function = Cow::Borrowed(function);
    crate::tracer().span(name, span_type).attr(semconv::CODE_FUNCTION_NAME, function)
}

/// The parent is what is current now, whenever and wherever the span starts.
pub fn called(span: SpanBuilder) -> SpanBuilder {
    if span.is_noop() { span } else { span.parent(&TraceContext::current()) }
}

/// The span of a future that is polled here, and whether attributes are wanted. If it was made where no test has
/// chosen an instance, as the argument of `capture.bind(..)` is, it is made again below the choice.
#[inline]
pub fn polled_here(
    span: SpanBuilder,
    wanted: bool,
    again: impl FnOnce() -> SpanBuilder,
) -> (SpanBuilder, bool) {
    #[cfg(feature = "testing")]
    if global::is_chosen_since(&span) {
        let span = again();
        let wanted = wants_attributes(&span);
        return (span, wanted);
    }
    let _ = again;
    (span, wanted)
}

/// Whether it is worth it to look at attributes. Not below a span that is not sampled.
pub fn wants_attributes(span: &SpanBuilder) -> bool {
    let parent = || crate::tracer().current_span();
    !span.is_noop()
        && parent().is_none_or(|it| it.record().is_none() || it.span_context().is_sampled())
}

/// Adds an attribute. If its value cannot be had because the user's code panics, it is left out.
pub fn attribute<V: Into<Value>>(
    span: SpanBuilder,
    key: &'static str,
    value: impl FnOnce() -> V,
) -> SpanBuilder {
    match context::guarded(|| value().into()) {
        Some(value) => span.attr(key, value),
        None => span,
    }
}

/// Decides with the sampler, if there is an instance that could record.
pub fn sample<S: Into<Sampler>>(span: SpanBuilder, sampler: impl FnOnce() -> S) -> SpanBuilder {
    if span.is_noop() { span } else { span.sample_with(sampler()) }
}

/// An argument for one more attempt.
pub fn again<T: Clone>(argument: &T) -> T {
    argument.clone()
}

/// Runs the body of a function until it succeeds or the policy gives up.
#[cfg(feature = "retry")]
pub fn retry<R: Fallible>(
    span: SpanBuilder,
    policy: &RetryPolicy<R::Error>,
    mut body: impl FnMut() -> R,
    read: impl Fn(&R::Error) -> Failure,
) -> R {
    let attempts = span.retry(policy);
    R::of(attempts.in_scope_reading(|_| body().into_result(), |error| read(error).0))
}

/// Runs the body of an `async fn` until it succeeds or the policy gives up.
#[cfg(feature = "retry")]
pub fn retry_async<F, Fut, R, S>(
    span: SpanBuilder,
    policy: &RetryPolicy<R::Error>,
    mut body: F,
    read: S,
) -> impl Future<Output = R> + use<F, Fut, R, S>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = R>,
    R: Fallible,
    S: Fn(&R::Error) -> Failure,
{
    let attempt = move |_| {
        let attempt = body();
        async move { attempt.await.into_result() }
    };
    let attempts = span.retry(policy).run_reading(attempt, move |error: &R::Error| read(error).0);
    async move { R::of(attempts.await) }
}

/// A value as text.
pub fn display<T: Display + ?Sized>(value: &T) -> String {
    value.to_string()
}

/// A value as text for programmers.
pub fn debug<T: Debug + ?Sized>(value: &T) -> String {
    format!("{value:?}")
}

/// Runs the body of a function.
pub fn in_scope<R>(span: SpanBuilder, body: impl FnOnce() -> R) -> R {
    span.around(|_| body())
}

/// Runs the body of a function and records its result.
pub fn in_scope_with<R>(
    span: SpanBuilder,
    body: impl FnOnce() -> R,
    record: impl FnOnce(&Span, &R),
) -> R {
    span.around(|span| {
        let result = body();
        record(span, &result);
        result
    })
}

/// Runs the body of an `async fn`.
pub fn run<F: Future>(span: SpanBuilder, body: F) -> impl Future<Output = F::Output> + use<F> {
    span.run(|_| body)
}

/// Runs the body of an `async fn` and records its result.
pub fn run_with<F, R>(
    span: SpanBuilder,
    body: F,
    record: R,
) -> impl Future<Output = F::Output> + use<F, R>
where
    F: Future,
    R: FnOnce(&Span, &F::Output),
{
    span.run(async move |span: Span| {
        let result = body.await;
        record(&span, &result);
        result
    })
}

/// Runs the body of a function that returns a future or a stream. The span starts now, so that what
/// the body itself does is in it, and ends with what it returns.
pub fn polled<T>(span: SpanBuilder, body: impl FnOnce(&Span) -> T) -> InSpan<T> {
    InSpan::start(span, body)
}

/// The future that a function returns, with its result recorded.
pub fn recorded<F, R>(
    span: &Span,
    future: F,
    record: R,
) -> impl Future<Output = F::Output> + use<F, R>
where
    F: Future,
    R: FnOnce(&Span, &F::Output),
{
    let span = span.clone();
    async move {
        let result = future.await;
        record(&span, &result);
        result
    }
}

/// Gives the closure the types that the function has.
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Never a value. A `return` of what is in it tells the compiler what an `async` block gives.
pub fn no_value<T>() -> Option<T> {
    None
}

/// Records an error as it is read here.
pub fn record_error<E>(span: &Span, error: &E, read: impl FnOnce(&E) -> Failure) {
    span.record_failure(error, |error| read(error).0);
}

/// Records what a function returns as text.
pub fn return_by_display<T: Display>(span: &Span, result: &T) {
    record_return(span, || display(result));
}

/// Records what a function returns as text for programmers.
pub fn return_by_debug<T: Debug>(span: &Span, result: &T) {
    record_return(span, || debug(result));
}

fn record_return(span: &Span, text: impl FnOnce() -> String) {
    if span.is_recording()
        && let Some(text) = context::guarded(text)
    {
        span.set_attribute(semconv::PRELA_RETURN, text);
    }
}
