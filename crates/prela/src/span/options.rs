//! What a span can take along: a sampler, a request, a session.

use super::SpanBuilder;
use super::record::Record;
use crate::context::{RequestId, Session, with_request_id, with_session};
use crate::{Sampler, Value, semconv};
use opentelemetry::{Context, Key};

/// Seldom used, so in a box of its own.
#[derive(Debug, Default)]
pub(super) struct Options {
    request_id: Option<RequestId>,
    /// Where the context has none, and none is given.
    makes_request_id: bool,
    session: Option<Session>,
    #[cfg(feature = "genai")]
    pub(super) typed: super::typed::Typed,
    /// Run when a recorded span has started.
    pub(super) at_start: Option<fn(&Record)>,
}

impl Options {
    /// The context that a span with this name starts in, and what this span gets.
    pub(super) fn begin(&self, base: Context, name: &str) -> (Context, Vec<(Key, Value)>) {
        let attributes = self.attributes(name);
        #[cfg(feature = "genai")]
        let (base, attributes) = {
            let of_agent = self.typed.attributes(&base);
            (self.typed.context(base), [attributes, of_agent].concat())
        };
        (self.context(base), attributes)
    }

    /// The context of the request and of the session.
    fn context(&self, base: Context) -> Context {
        let made = (self.makes_request_id && RequestId::of(&base).is_none()).then(RequestId::new);
        let given = self.request_id.as_ref().or(made.as_ref());
        let base = given.into_iter().fold(base, |cx, id| with_request_id(&cx, id));
        self.session.iter().fold(base, |cx, session| with_session(&cx, session))
    }

    /// What only this span gets, not those below it.
    fn attributes(&self, name: &str) -> Vec<(Key, Value)> {
        let Some(session) = &self.session else { return Vec::new() };
        let number = session.next_operation();
        vec![
            (semconv::SESSION_OPERATION.into(), name.into()),
            (semconv::SESSION_OPERATION_NUMBER.into(), Value::from(number)),
        ]
    }
}

impl SpanBuilder {
    /// Decides with this sampler, instead of the instance's, if a trace begins here; within a trace the
    /// decision is made already.
    ///
    /// A number is a share, a `bool` yes or no, and both follow a remote caller's decision; so does
    /// `Sampler::parent_based`, and no other sampler. A sampler that is in error is passed over.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::SpanType;
    ///
    /// for _ in 0..100 {
    ///     tracer.span("high_volume_operation", SpanType::Custom).sample_with(0.1).in_scope(|_| ());
    /// }
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn sample_with(mut self, sampler: impl Into<Sampler>) -> Self {
        let sampler: Sampler = sampler.into();
        if sampler.check().is_ok() {
            self.set_sampler(sampler);
        }
        self
    }

    /// Records a trace that begins here if the condition holds, and only then, whatever the instance's
    /// sampler says. A remote caller's decision is followed, and within a trace the decision is made
    /// already.
    pub fn trace_if(self, condition: bool) -> Self {
        self.sample_with(condition)
    }

    /// Puts this span, and all below it, into the request with this id: they have `request.id`.
    ///
    /// A span without a scope, of [`start`](Self::start), has it alone: what has that span as its parent is
    /// not below it in a context.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.options_mut().request_id = Some(id);
        self
    }

    /// Sees to it that this span and all below it have a request id: that of the context in which the span
    /// starts or, where there is none, a new one.
    pub fn request_id_or_new(mut self) -> Self {
        self.options_mut().makes_request_id = true;
        self
    }

    /// Makes this span an operation of the session: `session.operation` is its name,
    /// `session.operation_number` counts from 1 in the order in which operations begin, recorded or not.
    /// The span and all below it have `session.id` and `user.id`; one without a scope has them alone.
    pub fn session(mut self, session: &Session) -> Self {
        self.options_mut().session = Some(session.clone());
        self
    }
}
