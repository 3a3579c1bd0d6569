//! Work that is tried again, with a span for each attempt.

mod policy;

pub use self::policy::{RetryPolicy, retry_after};

use self::policy::Next;
use super::{RequestId, Session};
use crate::context::delay::delay;
use crate::span::{Failure, Recordable};
use crate::{Sampler, Span, SpanBuilder, SpanType, TraceContext, Value, semconv};
use opentelemetry::Key;
use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::thread;

/// A span whose work is tried again, from [`SpanBuilder::retry`]. The options of a span may be given before
/// that call or after it.
///
/// Each attempt has a span of its own, `attempt`, with its number as `retry.attempt` and its error. The
/// outer span has the policy (`retry.max_attempts`, `retry.backoff` in seconds) and says of attempt *N*
/// `retry.attempt_N`, `retry.attempt_N_failed`, `retry.attempt_N_error_type` and
/// `retry.attempt_N_backoff_s`, and of all of them `retry.total_attempts` and
/// `retry.succeeded_at_attempt`, or `retry.all_failed`. It is an error only if the last attempt was.
#[must_use = "a builder starts no span by itself"]
pub struct Retrying<E> {
    span: SpanBuilder,
    policy: RetryPolicy<E>,
}

impl SpanBuilder {
    /// Tries the work again as the policy says.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::retry::RetryPolicy;
    /// use prela::SpanType;
    /// use std::time::Duration;
    ///
    /// let policy = RetryPolicy::new(3).backoff(Duration::from_millis(1)).jitter();
    /// let mut calls = 0;
    /// let answer = tracer.span("unreliable_api_call", SpanType::Tool).retry(&policy).in_scope_result(|_| {
    ///     calls += 1;
    ///     if calls < 3 { Err("unavailable") } else { Ok(42) }
    /// });
    /// assert_eq!((answer, calls), (Ok(42), 3));
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn retry<E>(self, policy: &RetryPolicy<E>) -> Retrying<E> {
        Retrying { span: self, policy: policy.clone() }
    }
}

impl<E> Retrying<E> {
    fn map(self, change: impl FnOnce(SpanBuilder) -> SpanBuilder) -> Self {
        Self { span: change(self.span), policy: self.policy }
    }

    /// Sets an attribute of the outer span; see [`SpanBuilder::attr`].
    pub fn attr(self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.map(|span| span.attr(key, value))
    }

    /// Sets the parent of the outer span; see [`SpanBuilder::parent`].
    pub fn parent(self, parent: &TraceContext) -> Self {
        self.map(|span| span.parent(parent))
    }

    /// Begins a new trace; see [`SpanBuilder::root`].
    pub fn root(self) -> Self {
        self.map(SpanBuilder::root)
    }

    /// Decides with this sampler; see [`SpanBuilder::sample_with`].
    pub fn sample_with(self, sampler: impl Into<Sampler>) -> Self {
        self.map(|span| span.sample_with(sampler))
    }

    /// Records a trace only if the condition holds; see [`SpanBuilder::trace_if`].
    pub fn trace_if(self, condition: bool) -> Self {
        self.map(|span| span.trace_if(condition))
    }

    /// Puts the outer span and all below it into a request; see [`SpanBuilder::request_id`].
    pub fn request_id(self, id: RequestId) -> Self {
        self.map(|span| span.request_id(id))
    }

    /// Makes sure that there is a request id; see [`SpanBuilder::request_id_or_new`].
    pub fn request_id_or_new(self) -> Self {
        self.map(SpanBuilder::request_id_or_new)
    }

    /// Makes the outer span an operation of the session, one however often it is tried; see
    /// [`SpanBuilder::session`].
    pub fn session(self, session: &Session) -> Self {
        self.map(|span| span.session(session))
    }

    /// Measures all attempts together, and the time between them; see [`SpanBuilder::resources`].
    #[cfg(feature = "resources")]
    pub fn resources(self) -> Self {
        self.map(SpanBuilder::resources)
    }

    /// Runs `f` until it succeeds or the policy gives up. It blocks the thread between attempts; in a
    /// future, use [`run_result`](Self::run_result).
    ///
    /// # Errors
    ///
    /// That of the last attempt, unchanged.
    pub fn in_scope_result<T, K>(self, f: impl FnMut(&Span) -> Result<T, E>) -> Result<T, E>
    where
        E: Recordable<K>,
    {
        self.in_scope_reading(f, Failure::of)
    }

    /// Does what [`in_scope_result`](Self::in_scope_result) does, and reads errors with `read`.
    pub(crate) fn in_scope_reading<T>(
        self,
        mut f: impl FnMut(&Span) -> Result<T, E>,
        read: impl Fn(&E) -> Failure,
    ) -> Result<T, E> {
        let Self { span, policy } = self;
        let attempt = span.like("attempt", SpanType::Custom);
        policy.describe(span).in_scope(|span| {
            let mut attempts = Attempts::new(&policy, span, &read);
            loop {
                let number = attempts.begin();
                let result = attempt(number).in_scope_reading(&mut f, &read);
                match attempts.end(&result) {
                    Next::Done => return result,
                    Next::After(time) => thread::sleep(time),
                }
            }
        })
    }

    /// Runs the futures that `f` makes, one after the other, until one succeeds or the policy gives up.
    /// Between them it waits by tokio's timer or, outside of tokio, by a thread.
    ///
    /// # Errors
    ///
    /// That of the last attempt, unchanged.
    pub fn run_result<F, Fut, T, K>(
        self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E, K>
    where
        F: FnMut(Span) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Recordable<K>,
    {
        self.run_reading(f, Failure::of)
    }

    /// Does what [`run_result`](Self::run_result) does, and reads errors with `read`.
    pub(crate) fn run_reading<F, Fut, T, R>(
        self,
        mut f: F,
        read: R,
    ) -> impl Future<Output = Result<T, E>> + use<F, Fut, T, E, R>
    where
        F: FnMut(Span) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        R: Fn(&E) -> Failure,
    {
        let Self { span, policy } = self;
        let attempt = span.like("attempt", SpanType::Custom);
        policy.describe(span).run(async move |span: Span| {
            let mut attempts = Attempts::new(&policy, &span, &read);
            loop {
                let number = attempts.begin();
                let result = attempt(number).run_reading(&mut f, &read).await;
                match attempts.end(&result) {
                    Next::Done => return result,
                    Next::After(time) => delay(time).await,
                }
            }
        })
    }
}

/// The attempts of one run, and what the outer span says of them.
struct Attempts<'a, E, R> {
    policy: &'a RetryPolicy<E>,
    read: &'a R,
    delays: policy::Delays,
    span: Span,
    number: u32,
}

impl<'a, E, R: Fn(&E) -> Failure> Attempts<'a, E, R> {
    fn new(policy: &'a RetryPolicy<E>, span: &Span, read: &'a R) -> Self {
        Self { policy, read, delays: policy.delays(), span: span.clone(), number: 0 }
    }

    fn begin(&mut self) -> u32 {
        self.number += 1;
        self.say("", "started");
        self.number
    }

    fn end<T>(&mut self, result: &Result<T, E>) -> Next {
        let Err(error) = result else {
            self.span.set_attribute(semconv::RETRY_SUCCEEDED_AT_ATTEMPT, self.number);
            self.span.set_attribute(semconv::RETRY_TOTAL_ATTEMPTS, self.number);
            return Next::Done;
        };
        if self.span.is_recording() {
            self.say("_failed", (self.read)(error).message);
            self.say("_error_type", type_name::<E>());
        }
        let next = self.policy.next(error, &mut self.delays);
        match next {
            Next::After(time) => self.say("_backoff_s", time.as_secs_f64()),
            Next::Done => {
                self.span.set_attribute(semconv::RETRY_TOTAL_ATTEMPTS, self.number);
                self.span.set_attribute(semconv::RETRY_ALL_FAILED, true);
                self.span.record_failure(error, self.read);
            }
        }
        next
    }

    fn say(&self, what: &str, value: impl Into<Value>) {
        if self.span.is_recording() {
            self.span.set_attribute(semconv::retry_attempt(self.number, what), value);
        }
    }
}

impl<E> fmt::Debug for Retrying<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying").field("span", &self.span).field("policy", &self.policy).finish()
    }
}
