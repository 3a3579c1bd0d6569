//! A session: several traces of one user or one conversation.

use crate::context::{Correlated, Correlation, Polled};
use crate::{
    Error, ErrorKind, InContext, SpanBuilder, SpanType, TraceContext, Value, semconv, tracer,
};
use opentelemetry::{Key, StringValue};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A session. Its id and its user's id are on every span that begins in its scope, in any trace.
///
/// The keys are `session.id` and `user.id`, and both travel to other services as baggage of the same
/// names. There, [`Session::of`] gives the session of a request, or
/// [`baggage_to_attributes`](crate::Builder::baggage_to_attributes) puts them onto spans.
///
/// Cheap to clone; clones count their operations together.
///
/// ```
/// # let memory = prela::export::MemoryExporter::new();
/// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// # let tracer = prela.tracer();
/// use prela::{Session, SpanType};
///
/// let session = Session::new("session_abc123")?.user("user_123");
/// tracer.span("login", SpanType::Chain).session(&session).in_scope(|_| ());
/// tracer.span("fetch_data", SpanType::Chain).session(&session).in_scope(|_| {
///     tracer.span("query", SpanType::Retrieval).in_scope(|_| ()); // in the session as well
/// });
/// assert_eq!(session.operations(), 2);
/// # prela.flush(std::time::Duration::from_secs(5))?;
/// # for span in memory.spans() {
/// #     assert_eq!(span.attribute("session.id"), Some(&"session_abc123".into()));
/// # }
/// assert!(Session::new("").is_err());
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    id: Arc<str>,
    user: Option<Arc<str>>,
    operations: Arc<AtomicU64>,
}

impl Session {
    /// A session with this id.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) if the id is empty.
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, Error> {
        let id = id.into();
        if id.is_empty() {
            return Err(Error::new(ErrorKind::Config, "begin a session: its id is empty"));
        }
        Ok(Self { id, user: None, operations: Arc::default() })
    }

    /// Sets the session's user. An empty one counts as none.
    #[must_use]
    pub fn user(mut self, id: impl Into<Arc<str>>) -> Self {
        self.user = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// The session of the current scope.
    pub fn current() -> Option<Self> {
        Self::of(&TraceContext::current())
    }

    /// The session of a context: that of a scope or, in a context that came with a request, that of the
    /// baggage, which counts operations from 1 again.
    ///
    /// Baggage is what the caller claims: do not decide by it what a user may see.
    pub fn of(cx: &TraceContext) -> Option<Self> {
        let own = Correlation::of(cx.as_otel()).and_then(|it| it.get().cloned());
        own.or_else(|| {
            let baggage = cx.baggage();
            let session = Self::new(baggage.get(semconv::SESSION_ID)?).ok()?;
            Some(session.user(baggage.get(semconv::USER_ID).unwrap_or_default()))
        })
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The user's id.
    pub fn user_id(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// How many operations have begun.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Runs `f` in this session; afterwards the previous one is current again. For futures there is
    /// [`bind`](Self::bind), for an operation [`SpanBuilder::session`](crate::SpanBuilder::session).
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        TraceContext::current().with_session(self).run(f)
    }

    /// A future or stream that runs in the current context and in this session.
    pub fn bind<T: Polled<K>, K>(&self, future_or_stream: T) -> InContext<T> {
        TraceContext::current().with_session(self).bind(future_or_stream)
    }

    /// A span of the global instance for an operation of this session, of type [`SpanType::Chain`]. See
    /// [`SpanBuilder::session`].
    pub fn operation(&self, name: impl Into<Cow<'static, str>>) -> SpanBuilder {
        tracer().span(name, SpanType::Chain).session(self)
    }

    /// The number of an operation that begins: 1, 2, 3 …, each once.
    pub(super) fn next_operation(&self) -> u64 {
        self.operations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The ids with their keys: the session's, and the user's if there is one.
    fn ids(&self) -> impl Iterator<Item = (&'static str, &Arc<str>)> {
        let user = self.user.iter().map(|user| (semconv::USER_ID, user));
        [(semconv::SESSION_ID, &self.id)].into_iter().chain(user)
    }
}

impl Correlated for Session {
    fn attribute(&self, place: usize) -> Option<(Key, Value)> {
        let (key, id) = self.ids().nth(place)?;
        Some((Key::from_static_str(key), Value::from(StringValue::from(id.clone()))))
    }

    fn baggage(&self) -> Vec<(&'static str, &str)> {
        self.ids().map(|(key, id)| (key, &**id)).collect()
    }
}

impl TraceContext {
    /// This context, in a session.
    #[must_use]
    pub fn with_session(&self, session: &Session) -> Self {
        Correlation::with(self.as_otel(), session.clone()).into()
    }
}

/// Leaves out the ids, which are personal data.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("operations", &self.operations()).finish_non_exhaustive()
    }
}
