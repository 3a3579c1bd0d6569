//! A typed span whose work is tried again.

use super::TypedSpanBuilder;
use super::handle::TypedSpan;
use crate::Span;
use crate::retry::{RetryPolicy, Retrying};
use crate::span::Recordable;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

/// A typed span whose work is tried again: from [`TypedSpanBuilder::retry`]. However often it is tried, it is one
/// call, with a span `attempt` below it for each; see [`Retrying`].
#[must_use = "a builder starts no span by itself"]
pub struct TypedRetrying<S, E> {
    retrying: Retrying<E>,
    call: Arc<OnceLock<Span>>,
    typed: PhantomData<fn() -> S>,
}

impl<S: TypedSpan> TypedSpanBuilder<S> {
    /// Tries the work again as the policy says. What is written to the handle is on the call, not on an attempt.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::genai::Usage;
    /// use prela::retry::RetryPolicy;
    /// use std::time::Duration;
    ///
    /// let policy = RetryPolicy::new(3).backoff(Duration::from_millis(1));
    /// let mut calls = 0;
    /// let answer = tracer.chat("openai", "gpt-4o").retry(&policy).in_scope_result(|chat| {
    ///     calls += 1;
    ///     if calls < 2 {
    ///         return Err("overloaded");
    ///     }
    ///     chat.usage(Usage::new(9, 2));
    ///     Ok("Hello")
    /// });
    /// assert_eq!(answer, Ok("Hello"));
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let spans = memory.spans();
    /// # assert_eq!(spans[2].attribute("gen_ai.usage.output_tokens"), Some(&2.into()));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn retry<E>(self, policy: &RetryPolicy<E>) -> TypedRetrying<S, E> {
        let call = Arc::new(OnceLock::new());
        let noted = call.clone();
        let with = self.at_start(move |span: &S| {
            // It starts once.
            let _ = noted.set((**span).clone());
        });
        let retrying = crate::SpanBuilder::from(with).retry(policy);
        TypedRetrying { retrying, call, typed: PhantomData }
    }
}

fn typed<S: TypedSpan>(call: &OnceLock<Span>) -> S {
    S::of(call.get().cloned().unwrap_or_else(Span::none))
}

impl<S: TypedSpan, E> TypedRetrying<S, E> {
    /// Tries `f` as the policy says; see [`Retrying::in_scope_result`].
    ///
    /// # Errors
    ///
    /// The error of the last attempt, unchanged.
    pub fn in_scope_result<T, K>(self, mut f: impl FnMut(&S) -> Result<T, E>) -> Result<T, E>
    where
        E: Recordable<K>,
    {
        let call = self.call;
        self.retrying.in_scope_result(|_| f(&typed(&call)))
    }

    /// Tries futures as the policy says; see [`Retrying::run_result`].
    ///
    /// # Errors
    ///
    /// The error of the last attempt, unchanged.
    pub fn run_result<F, Fut, T, K>(
        self,
        mut f: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, S, T, E, K>
    where
        F: FnMut(S) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Recordable<K>,
    {
        let call = self.call;
        self.retrying.run_result(move |_| f(typed(&call)))
    }
}

impl<S, E> fmt::Debug for TypedRetrying<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.retrying.fmt(f)
    }
}
