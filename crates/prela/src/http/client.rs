//! The layer of clients.

use super::attributes::Target;
use super::attributes::{self, Protocol, http_name, rpc_method};
use super::exchange::{Exchange, Side};
use super::future::{Mark, ResponseFuture, StartedSpan};
use super::{Outbound, TracedBody};
use crate::{Error, SpanType, Tracer};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request, Response, Uri};
use http_body::Body;
use opentelemetry::trace::SpanKind;
use std::fmt::Display;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// A span for each request that a client makes, and the context in its headers: for hyper-util's
/// client, tonic's channel, and whatever else is a `tower` service over HTTP.
///
/// The span is a child of what is current at the call. It ends when the response's body has ended, for
/// gRPC with the trailers, or when the body is dropped.
///
/// A body that is dropped before its end is no error: readers of server-sent events stop at `[DONE]`, and
/// a download may be cut by choice. The span keeps the status that it had by then, and gets the event
/// `body.incomplete`, unless nobody ever asked the body for a frame. A call of gRPC that is dropped before its
/// status came has no `rpc.response.status_code`. If a cut answer is an error to you, as after a timeout around
/// reading it, record it on the span around the request.
///
/// | attribute | of HTTP | of gRPC |
/// |---|---|---|
/// | `http.request.method`, `http.response.status_code` | yes | |
/// | `url.full`, without user and query | yes | |
/// | `rpc.system.name`, `rpc.method`, `rpc.response.status_code` | | yes |
/// | `server.address`, `server.port` | from the URI, the [destination](Self::destination) or `host` | the same |
/// | `network.protocol.version` | yes | yes |
/// | `error.type` and status `Error` | 4xx, 5xx, error of the transport, `cancelled` when dropped before the head | every code but `OK`, the same |
///
/// The name is `GET`, or `package.Service/Method`. [`Outbound`] decides which host gets what: baggage goes to
/// private hosts only, unless others are allowed.
///
/// Put it outside of a buffer: inside, the caller's context is no longer current. A tonic channel has a buffer
/// in it, and names its host only inside, so tell the layer where it leads:
///
/// ```no_run
/// # async fn doc() -> Result<(), Box<dyn std::error::Error>> {
/// use prela::http::ClientLayer;
/// use tower::Layer as _;
///
/// let endpoint = tonic::transport::Endpoint::from_static("http://scorer:50051");
/// let layer = ClientLayer::new().destination(endpoint.uri().clone());
/// let channel = layer.layer(endpoint.connect_lazy());
/// // let client = ScorerClient::new(channel);
/// # drop(channel);
/// # Ok(())
/// # }
/// ```
///
/// Inside of a layer that tries again, each attempt has its own span; outside of it, they share one.
#[derive(Clone, Debug)]
pub struct ClientLayer {
    pub(super) tracer: Tracer,
    pub(super) outbound: Arc<Outbound>,
    pub(super) destination: Option<Uri>,
}

impl ClientLayer {
    /// A layer for the global instance with the default [`Outbound`].
    pub fn new() -> Self {
        Self { tracer: crate::tracer(), outbound: Arc::default(), destination: None }
    }

    /// Makes spans of this tracer's instance.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Where requests go that do not name a host themselves.
    #[must_use]
    pub fn destination(mut self, destination: Uri) -> Self {
        self.destination = Some(destination);
        self
    }

    /// Sets which host gets what.
    #[must_use]
    pub fn outbound(mut self, outbound: Outbound) -> Self {
        self.outbound = Arc::new(outbound);
        self
    }

    /// Sends baggage to these hosts too; see [`Outbound::baggage_to`].
    #[must_use]
    pub fn baggage_to<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        let outbound = Outbound::clone(&self.outbound).baggage_to(hosts);
        self.outbound(outbound)
    }

    /// Sends these hosts nothing; see [`Outbound::without_trace_to`].
    #[must_use]
    pub fn without_trace_to<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        let outbound = Outbound::clone(&self.outbound).without_trace_to(hosts);
        self.outbound(outbound)
    }

    /// Checks its lists of hosts; see [`Outbound::check`].
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config), with the first entry of its lists that is no host.
    pub fn check(&self) -> Result<(), Error> {
        self.outbound.check()
    }

    /// Begins a span for a request and writes its context into the headers, unless a layer further out
    /// has done so, which is known by the extensions.
    pub(crate) fn begin(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        extensions: &mut Extensions,
    ) -> StartedSpan {
        if Mark::of(extensions, Side::Client).is_some() {
            return None;
        }
        // A request may have a path alone, of the host that its service is connected to.
        let whole = match &self.destination {
            Some(destination) if uri.authority().is_none() => destination,
            _ => uri,
        };
        let target = Target::of(whole, headers);
        let protocol = Protocol::of(headers);
        let name = match protocol {
            Protocol::Http => http_name(method, None),
            Protocol::Grpc => rpc_method(uri.path()).to_owned().into(),
        };
        let mut span = self.tracer.span(name, SpanType::Custom).kind(SpanKind::Client);
        if !span.is_noop() {
            span = attributes::client(span, method, uri.path(), protocol, &target);
        }
        let exchange = Exchange::begin(span, Side::Client, protocol, method.clone());
        let mark = Mark::set(&exchange, extensions);
        self.outbound.write(&exchange.context(), target.host(), headers);
        Some((exchange, mark))
    }
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService { inner, layer: self.clone() }
    }
}

/// A service whose requests have spans, and the context in their headers. From [`ClientLayer`].
#[derive(Clone, Debug)]
pub struct ClientService<S> {
    inner: S,
    layer: ClientLayer,
}

impl<S, B, R> Service<Request<B>> for ClientService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Display + 'static,
    R: Body,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let Parts { method, uri, headers, extensions, .. } = &mut head;
        let begun = self.layer.begin(method, uri, headers, extensions);
        ResponseFuture::new(begun, || self.inner.call(Request::from_parts(head, body)))
    }
}
