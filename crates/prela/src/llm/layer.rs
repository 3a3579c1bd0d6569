//! The layer of clients that call models.

use super::attributes;
use super::call_span::{CallSpan, StartedCall, note_attempt};
use super::{Call, LlmBody, RequestBody, ResponseFuture};
use crate::genai::ContentCapture;
use crate::http::{ClientLayer, Mark, Outbound};
#[cfg(feature = "reqwest")]
use crate::reqwest::{from_http, into_http, uri_of};
use crate::span::model_call_in;
use crate::{Error, Span, TraceContext, Tracer, context};
use ::http::request::Parts;
use ::http::{Extensions, HeaderMap, Method, Request, Response, Uri};
#[cfg(feature = "reqwest")]
use async_trait::async_trait;
use http_body::Body;
#[cfg(feature = "reqwest")]
use reqwest_middleware::{Middleware, Next};
use std::fmt::Display;
#[cfg(feature = "reqwest")]
use std::mem;
use std::task::{Context as TaskContext, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// A span of type [`Llm`](crate::SpanType::Llm) or [`Embedding`](crate::SpanType::Embedding) for each call of a model that a
/// client makes, and the context in its headers: in one line, for any client and any provider.
///
/// | client | the line |
/// |---|---|
/// | async-openai (feature `async-openai`) | `Client::new().with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()))` |
/// | reqwest, by reqwest-middleware (feature `reqwest`); rig, by `rig-reqwest`'s feature `reqwest-middleware` | `ClientBuilder::new(reqwest::Client::new()).with(LlmLayer::new()).build()` |
/// | any `tower` service over the types of the crate `http` | `LlmLayer::new().layer(client)` |
/// | none of these | [`LlmStreamExt`](super::LlmStreamExt), or [`Call`] by hand |
///
/// What a [`Call`] understands becomes the span: `chat gpt-4o`, with the provider, the request's parameters, the
/// answer's id, model and finish reasons, tokens, the time to the first chunk, and ids and names of the calls of
/// tools that the model asks for. Messages, arguments of tools and texts of errors are recorded only with
/// [`capture_content`](Self::capture_content).
///
/// The span is a child of what is current at the call. It ends with the last word of the answer, as `[DONE]`, at which
/// readers stop, or with the body. An error in an answer of status 200 is an error of the span. Dropped before
/// that, the span is `cancelled`; a body that broke off is `incomplete`. A compressed body is not read.
///
/// Bodies pass through unchanged, and are never held back. Every other request has the ordinary span of
/// [`ClientLayer`]. [`Outbound`] decides which host gets what: the trace goes to every host, baggage to private
/// ones. Where the current span is already that of a model call, of type `Llm` or `Embedding`, there is no
/// second one: only the context goes into the headers.
///
/// Outside of a layer that tries again, one span has all attempts. A second `LlmLayer` inside of that makes no
/// span: it records each further attempt as an event, `retry`, on the span of the first.
///
/// ```
/// use prela::llm::LlmLayer;
/// use tower::Layer as _;
/// # let client = tower::service_fn(|request: http::Request<prela::llm::RequestBody<http_body_util::Full<bytes::Bytes>>>| async {
/// #     drop(request);
/// #     Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::<bytes::Bytes>::default()))
/// # });
///
/// let client = LlmLayer::new().layer(client); // hyper-util's client, or another service
/// # drop(client);
/// ```
///
/// Cost: a request that is for no model is told by its path. Of one that is, the body is read once, long texts
/// at over a gigabyte a second, and so is the answer, if the call is sampled. A streamed piece takes
/// microseconds.
#[derive(Clone, Debug, Default)]
pub struct LlmLayer {
    client: ClientLayer,
    /// Whether content is recorded; none if the instance decides.
    content: Option<ContentCapture>,
}

impl LlmLayer {
    /// A layer for the global instance with the default [`Outbound`]. Content is recorded if the instance records it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes spans of this tracer's instance.
    #[must_use]
    pub fn tracer(self, tracer: &Tracer) -> Self {
        Self { client: self.client.tracer(tracer), ..self }
    }

    /// Sets where requests go that do not name a host themselves.
    #[must_use]
    pub fn destination(self, destination: Uri) -> Self {
        Self { client: self.client.destination(destination), ..self }
    }

    /// Sets which host gets what.
    #[must_use]
    pub fn outbound(self, outbound: Outbound) -> Self {
        Self { client: self.client.outbound(outbound), ..self }
    }

    /// Sends baggage to these hosts too; see [`Outbound::baggage_to`].
    #[must_use]
    pub fn baggage_to<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        Self { client: self.client.baggage_to(hosts), ..self }
    }

    /// Sends these hosts nothing; see [`Outbound::without_trace_to`].
    #[must_use]
    pub fn without_trace_to<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        Self { client: self.client.without_trace_to(hosts), ..self }
    }

    /// Sets whether content is recorded: messages, instructions, definitions and arguments of tools, and the text of
    /// a provider's error, which may repeat them. Default: as
    /// [`Builder::capture_content`](crate::Builder::capture_content) says for the instance; if that forbids it,
    /// this cannot allow it.
    #[must_use]
    pub fn capture_content(self, is_captured: bool) -> Self {
        Self { content: Some(is_captured.into()), ..self }
    }

    /// Checks its lists of hosts; see [`Outbound::check`].
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config), with the first entry of its lists that is no host.
    pub fn check(&self) -> Result<(), Error> {
        self.client.check()
    }

    /// Begins a span for a request, and writes its context into the headers.
    pub(super) fn begin(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        extensions: &mut Extensions,
        body: Option<&[u8]>,
    ) -> StartedCall {
        let destination = self.client.destination_of(uri, headers);
        let call = body.and_then(|body| {
            let host = destination.host_and_port();
            Some((Call::recognise(method.as_str(), host, uri.path(), body)?, body))
        });
        let Some((call, body)) = call else {
            return StartedCall::Other(self.client.begin(method, uri, headers, extensions));
        };
        if let Some(current) = model_call_in(&context::current()) {
            let is_current = |span: &Span| span.span_id() == current.span_id();
            if let Some((span, attempt)) = Mark::attempt(extensions)
                && is_current(&span)
            {
                note_attempt(&span, attempt);
            }
            destination.inject(&TraceContext::current(), headers);
            return StartedCall::Other(None);
        }
        let span = attributes::span(destination.tracer(), call.request());
        let mut span = destination.addressed(span);
        if let Some(content) = self.content {
            span.set_content(content);
        }
        let call = CallSpan::begin(span, call, body, extensions);
        destination.inject(&call.context(), headers);
        StartedCall::Call(call)
    }

    /// Writes a context into the headers of another attempt.
    #[cfg(feature = "async-openai")]
    pub(super) fn inject(&self, cx: &TraceContext, uri: &Uri, headers: &mut HeaderMap) {
        self.client.destination_of(uri, headers).inject(cx, headers);
    }
}

impl<S> Layer<S> for LlmLayer {
    type Service = LlmService<S>;

    fn layer(&self, inner: S) -> LlmService<S> {
        LlmService { inner, layer: self.clone() }
    }
}

/// A service whose calls of models have spans, and the context in their headers. From [`LlmLayer`].
#[derive(Clone, Debug)]
pub struct LlmService<S> {
    pub(super) inner: S,
    pub(super) layer: LlmLayer,
}

/// Over the types of the crate `http`. A request's body is read as far as it is there at the call, and passed
/// on in a [`RequestBody`]; one that comes later is not recognised.
impl<S, B, R> Service<Request<B>> for LlmService<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    S::Error: Display + 'static,
    B: Body,
    R: Body,
{
    type Response = Response<LlmBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let Parts { method, uri, headers, extensions, .. } = &mut head;
        let mut body = RequestBody::new(body);
        let seen = Call::may_be(method.as_str(), uri.path()).then(|| body.peek()).flatten();
        let begun = self.layer.begin(method, uri, headers, extensions, seen.as_deref());
        ResponseFuture::new(begun, || self.inner.call(Request::from_parts(head, body)))
    }
}

/// For reqwest, and for clients that take a `ClientWithMiddleware`. Added before a middleware that tries again it sees
/// one call.
///
/// ```
/// use prela::llm::LlmLayer;
/// use reqwest_middleware::ClientBuilder;
///
/// let client = ClientBuilder::new(reqwest::Client::new()).with(LlmLayer::new()).build();
/// # drop(client);
/// ```
#[cfg(feature = "reqwest")]
#[async_trait]
impl Middleware for LlmLayer {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let (method, uri) = (request.method().clone(), uri_of(request.url()));
        let mut headers = mem::take(request.headers_mut());
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let begun = self.begin(&method, &uri, &mut headers, extensions, body);
        *request.headers_mut() = headers;
        let response = async { next.run(request, extensions).await.map(into_http) };
        let response = ResponseFuture::new(begun, || response).await?;
        Ok(from_http(response.map(reqwest::Body::wrap::<LlmBody<reqwest::Body>>)))
    }
}
