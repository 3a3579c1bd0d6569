//! The wrapper that gives the messages of handlers and clients spans.

use super::message::{Message, shown};
use crate::genai::ContentCapture;
use crate::http::Trust;
use crate::propagation::{Format, Propagator};
use crate::semconv::mcp as keys;
use crate::{Span, SpanBuilder, SpanKind, TraceContext, Tracer};
use ::http::request::Parts;
use rmcp::model::{Extensions, JsonObject, NotificationMetaObject, RequestId};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// An MCP handler or client whose messages have spans, in one trace with the other side's.
///
/// Around a handler it is a handler: `Traced::new(Weather).serve(stdio())`. Each request that comes in has a span of
/// kind `Server`, a child of the span that the caller put into `params._meta` or, if there is none, of the one in the
/// request's headers. Requests that a server sends to its client have one too, if the client's handler is traced. A
/// notification has one only if its sender is traced; it would be a trace by itself otherwise.
///
/// Around a running client, or a `Peer`, it has the client's methods, and dereferences to the rest:
/// `Traced::new(().serve(transport).await?)`, or [`serve_client`](super::serve_client), which also traces the
/// handshake. Each request has a span of kind `Client`, whose context goes into `params._meta`. For that it has to
/// be sent by a method of this type: a transport no longer knows what was current.
///
/// | attribute | of |
/// |---|---|
/// | `mcp.method.name` | every span |
/// | `gen_ai.tool.name`, `gen_ai.operation.name`, type [`Tool`](crate::SpanType::Tool) | `tools/call` |
/// | `gen_ai.tool.call.arguments`, `gen_ai.tool.call.result` | `tools/call`, if [content is captured](crate::Builder::capture_content) |
/// | `gen_ai.prompt.name` | `prompts/get` |
/// | `mcp.resource.uri`, without query and user | `resources/read` and what is about one resource |
/// | `mcp.protocol.version` | requests once it is agreed on |
/// | `jsonrpc.request.id`, and of HTTP `mcp.session.id` | requests that came in |
/// | `error.type`, status `Error`, `rpc.response.status_code` | errors |
///
/// Names are like `tools/call weather`, `prompts/get greeting`, `tools/list`. An error of JSON-RPC makes the span an
/// error, with its code as `error.type`; so does a tool's result with `isError`, as `tool_error`. What the other side
/// says about it counts as content.
///
/// The call of a tool is one operation: if the current span is already that of a tool with the same name, such as an
/// agent makes, there is no second one. That span gets the attributes and goes to the server, unless it records content
/// and this was told to record none.
///
/// A `_meta` that cannot be read is ignored, and the call goes on.
#[derive(Clone)]
pub struct Traced<T> {
    pub(super) inner: T,
    pub(super) tracer: Tracer,
    trust: Trust,
    has_baggage: bool,
    /// Whether content is recorded; none if the instance decides.
    content: Option<ContentCapture>,
}

impl<T> Traced<T> {
    /// Wraps a handler or a client, for the global instance. Callers are trusted.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            tracer: crate::tracer(),
            trust: Trust::Parent,
            has_baggage: false,
            content: None,
        }
    }

    /// Makes spans of this tracer's instance.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Sets what a handler makes of a caller's trace. Default: [`Trust::Parent`]; for a server that is open to everybody
    /// use [`Trust::Link`]. Over HTTP, a `Trust` among the extensions of the request takes precedence.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Sets whether a client sends baggage, which often says who the user is, along with the trace. Default: no, since a
    /// server is often somebody else's.
    #[must_use]
    pub fn send_baggage(mut self, sends: bool) -> Self {
        self.has_baggage = sends;
        self
    }

    /// Sets whether arguments and results of tools are recorded, and the texts of errors. Default: what the instance says,
    /// see [`Builder::capture_content`](crate::Builder::capture_content); an instance that was told to record none
    /// records none.
    #[must_use]
    pub fn capture_content(mut self, is_captured: bool) -> Self {
        self.content = Some(is_captured.into());
        self
    }

    /// Whether this may write to a span made elsewhere, which must not record content that this must not.
    pub(super) fn may_write_to(&self, span: &Span) -> bool {
        self.content.is_none_or(ContentCapture::is_on_spans) || !super::content::is_captured(span)
    }

    /// Returns the handler or client, untraced.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// Wraps something else with these settings.
    pub(super) fn with<U>(&self, inner: U) -> Traced<U> {
        Traced {
            inner,
            tracer: self.tracer.clone(),
            trust: self.trust,
            has_baggage: self.has_baggage,
            content: self.content,
        }
    }

    /// The span of a message that is sent.
    pub(super) fn sent(&self, message: &Message<'_>) -> SpanBuilder {
        self.with_content(message.span(&self.tracer, SpanKind::Client))
    }

    /// The span of a message that came in, in the trace of its caller.
    pub(super) fn received(
        &self,
        message: &Message<'_>,
        meta: &JsonObject,
        extensions: &Extensions,
        id: Option<&RequestId>,
    ) -> SpanBuilder {
        let request = extensions.get::<Parts>();
        let trust = request.and_then(|request| request.extensions.get::<Trust>());
        let trust = trust.copied().unwrap_or(self.trust);
        let span = self.with_content(message.span(&self.tracer, SpanKind::Server));
        let session =
            request.and_then(|request| request.headers.get("mcp-session-id")?.to_str().ok());
        let id = id.map(ToString::to_string);
        trust
            .place(span, || caller(meta, request))
            .attr(keys::REQUEST_ID, id.as_deref().and_then(shown).map(str::to_owned))
            .attr(keys::SESSION_ID, session.and_then(shown).map(str::to_owned))
    }

    /// The span of a notification that came in; none if its sender has no trace.
    pub(super) fn noticed(
        &self,
        message: &Message<'_>,
        meta: &JsonObject,
        extensions: &Extensions,
    ) -> SpanBuilder {
        // rmcp 3.11 takes the extensions away before it looks for `_meta` among them.
        let left = extensions.get::<NotificationMetaObject>().filter(|_| meta.is_empty());
        let meta = left.map_or(meta, |left| left);
        if caller(meta, extensions.get::<Parts>()).trace_id().is_none() {
            return SpanBuilder::noop();
        }
        self.received(message, meta, extensions, None)
    }

    fn with_content(&self, mut span: SpanBuilder) -> SpanBuilder {
        if let Some(content) = self.content
            && !span.is_noop()
        {
            span.set_content(content);
        }
        span
    }

    /// Writes the current context into `_meta`, and removes what somebody else left there.
    pub(super) fn inject(&self, meta: &mut JsonObject) {
        let w3c = Propagator::default();
        let cx = TraceContext::current();
        if self.has_baggage {
            w3c.inject(&cx, meta);
        } else {
            w3c.without(Format::Baggage).inject(&cx, meta);
        }
    }
}

/// The context of a message's sender: from its `_meta`, or else from the headers of its HTTP request.
fn caller(meta: &JsonObject, request: Option<&Parts>) -> TraceContext {
    let caller = Propagator::default().extract(meta);
    match request {
        Some(request) if caller.trace_id().is_none() => {
            Propagator::global().extract(&request.headers)
        }
        _ => caller,
    }
}

impl<T> Deref for Traced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for Traced<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T> fmt::Debug for Traced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced")
            .field("tracer", &self.tracer)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}
