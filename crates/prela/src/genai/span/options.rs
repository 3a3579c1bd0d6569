//! The options of every span, for typed ones.

use super::builder::TypedSpanBuilder;
use super::handle::{self, TypedSpan};
use crate::genai::ContentCapture;
use crate::semconv::{INPUT, OUTPUT, QUERY};
use crate::{RequestId, Sampler, Session, SpanKind, TraceContext, Value};
use opentelemetry::Key;
use std::time::SystemTime;

impl<S: TypedSpan> TypedSpanBuilder<S> {
    /// Sets an attribute; see [`SpanBuilder::attr`](crate::SpanBuilder::attr). `input`, `output` and `query`
    /// are also written under the names that backends read.
    pub fn attr(self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        let (key, value) = (key.into(), value.into());
        if [INPUT, OUTPUT, QUERY].contains(&key.as_str()) {
            return self.at_start(move |span| handle::set(span, key, value));
        }
        self.map(|span| span.attr(key, value))
    }

    /// Sets several attributes; see [`SpanBuilder::attrs`](crate::SpanBuilder::attrs).
    pub fn attrs<K: Into<Key>, V: Into<Value>>(
        self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        attributes.into_iter().fold(self, |span, (key, value)| span.attr(key, value))
    }

    /// Sets the parent; see [`SpanBuilder::parent`](crate::SpanBuilder::parent).
    pub fn parent(self, parent: &TraceContext) -> Self {
        self.map(|span| span.parent(parent))
    }

    /// Starts a new trace; see [`SpanBuilder::root`](crate::SpanBuilder::root).
    pub fn root(self) -> Self {
        self.map(|span| span.root())
    }

    /// Adds a link; see [`SpanBuilder::link`](crate::SpanBuilder::link).
    pub fn link(self, to: &TraceContext) -> Self {
        self.map(|span| span.link(to))
    }

    /// Adds several links; see [`SpanBuilder::links`](crate::SpanBuilder::links).
    pub fn links(self, to: impl IntoIterator<Item = TraceContext>) -> Self {
        self.map(|span| span.links(to))
    }

    /// Sets the kind; see [`SpanBuilder::kind`](crate::SpanBuilder::kind).
    pub fn kind(self, kind: SpanKind) -> Self {
        self.map(|span| span.kind(kind))
    }

    /// Sets when the span started; see [`SpanBuilder::start_time`](crate::SpanBuilder::start_time).
    pub fn start_time(self, time: SystemTime) -> Self {
        self.map(|span| span.start_time(time))
    }

    /// Makes the span part of a session; see [`SpanBuilder::session`](crate::SpanBuilder::session).
    pub fn session(self, session: &Session) -> Self {
        self.map(|span| span.session(session))
    }

    /// Sets the id of the request; see [`SpanBuilder::request_id`](crate::SpanBuilder::request_id).
    pub fn request_id(self, id: RequestId) -> Self {
        self.map(|span| span.request_id(id))
    }

    /// Makes an id of the request if there is none; see
    /// [`SpanBuilder::request_id_or_new`](crate::SpanBuilder::request_id_or_new).
    pub fn request_id_or_new(self) -> Self {
        self.map(|span| span.request_id_or_new())
    }

    /// Sets the sampler; see [`SpanBuilder::sample_with`](crate::SpanBuilder::sample_with). It sees the
    /// provider, the model, the operation, and the names of agents and tools as attributes.
    pub fn sample_with(self, sampler: impl Into<Sampler>) -> Self {
        self.map(|span| span.sample_with(sampler))
    }

    /// Records a trace only if the condition holds; see [`SpanBuilder::trace_if`](crate::SpanBuilder::trace_if).
    pub fn trace_if(self, condition: bool) -> Self {
        self.map(|span| span.trace_if(condition))
    }

    /// Measures CPU time and memory; see [`SpanBuilder::resources`](crate::SpanBuilder::resources).
    #[cfg(feature = "resources")]
    pub fn resources(self) -> Self {
        self.map(|span| span.resources())
    }

    /// Whether this span has content, instead of what [`Builder::capture_content`](crate::Builder::capture_content)
    /// says. An instance that was told not to capture any captures none here either.
    ///
    /// ```
    /// # let memory = prela::export::MemoryExporter::new();
    /// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
    /// # let tracer = prela.tracer();
    /// tracer.tool("search").capture_content(true).arguments("rust").in_scope(|tool| {
    ///     tool.result("a book");
    /// });
    /// tracer.tool("login").arguments("hunter2").in_scope(|_| ());
    /// # prela.flush(std::time::Duration::from_secs(5))?;
    /// # let spans = memory.spans();
    /// assert_eq!(spans[0].attribute("gen_ai.tool.call.arguments"), Some(&"rust".into()));
    /// assert_eq!(spans[1].attribute("gen_ai.tool.call.arguments"), None);
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn capture_content(self, capture: impl Into<ContentCapture>) -> Self {
        self.change(|span| span.set_content(capture.into()))
    }
}
