//! The layer of servers.

use super::TracedBody;
use super::attributes::{self, Protocol, http_name, rpc_method};
use super::exchange::{Exchange, Side};
use super::future::{Mark, ResponseFuture, StartedSpan};
use crate::context::guarded;
use crate::propagation::Propagator;
use crate::semconv::http as keys;
use crate::{RequestId, SpanBuilder, SpanType, TraceContext, Tracer};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use opentelemetry::trace::SpanKind;
use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// A span for each request that a server handles: for axum, hyper, tonic, and whatever else is a
/// `tower` service over HTTP.
///
/// The span continues the caller's trace, and is current in the handler and in the body that it
/// streams. It ends when the body has ended. For gRPC it ends with the trailers.
///
/// | attribute | of HTTP | of gRPC |
/// |---|---|---|
/// | `http.request.method`, `url.scheme`, `url.path`, `http.response.status_code` | yes | |
/// | `http.route` | if [known](Self::route) | |
/// | `rpc.system.name`, `rpc.method`, `rpc.response.status_code` | | yes |
/// | `server.address`, `server.port` | from the URI or `host` | the same |
/// | `client.address` | if [known](Self::client_address) | the same |
/// | `user_agent.original`, `network.protocol.version` | yes | yes |
/// | `error.type` and status `Error` | 5xx, panic, error, `cancelled` | codes that are the server's fault, the same |
///
/// The name is `GET /items/{id}` with a route and `GET` without, or `package.Service/Method`. Queries,
/// other headers and bodies are not recorded, and headers of proxies are not believed.
///
/// Where several such layers are around one handler, the outermost makes the span; those further in add the
/// route, if they know it and it does not.
///
/// With axum use [`axum`](Self::axum), with tonic `Server::builder().layer(ServerLayer::new())`.
///
/// ```
/// # let memory = prela::export::MemoryExporter::new();
/// # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
/// # let tracer = prela.tracer();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use http::{Request, Response};
/// use prela::http::ServerLayer;
/// use std::convert::Infallible;
/// use tower::{Layer as _, ServiceExt as _, service_fn};
///
/// let handler = service_fn(async |_: Request<String>| {
///     prela::enrich([("items", 3)]); // the request's span is the current one
///     Ok::<_, Infallible>(Response::new(String::new()))
/// });
/// let service = ServerLayer::new().tracer(&tracer).layer(handler);
/// let request = Request::get("/items?token=secret").body(String::new()).unwrap();
/// let response = service.oneshot(request).await.unwrap();
/// # drop(response);
/// # });
/// # prela.flush(std::time::Duration::from_secs(5))?;
/// assert_eq!(memory.spans()[0].name, "GET");
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone)]
pub struct ServerLayer {
    tracer: Tracer,
    trust: Trust,
    trust_by: Option<Arc<TrustBy>>,
    route: Option<Arc<Route>>,
    client_address: Option<Arc<ClientAddress>>,
    /// None: the global one, at each request.
    propagator: Option<Propagator>,
    request_ids: RequestIds,
}

/// What a server does with the trace of a caller.
///
/// A request may carry one of these among its extensions, put there by whatever authenticates callers in front
/// of the layer; it overrides the layer's setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// The caller's trace goes on, with its baggage. The default, for callers that you know.
    #[default]
    Parent,
    /// A trace of the server's own, with a link to the caller's. Whether it is sampled is decided here,
    /// and the caller's baggage and trace state are not taken. For a public edge.
    Link,
    /// A trace of the server's own. Nothing that the caller sent is used.
    Ignore,
}

impl Trust {
    /// Places the span of a request in the caller's trace or in one of its own.
    pub(crate) fn place(
        self,
        span: SpanBuilder,
        caller: impl FnOnce() -> TraceContext,
    ) -> SpanBuilder {
        match self {
            Self::Parent => span.parent(&caller()),
            Self::Link => span.parent(&TraceContext::default()).link(&caller()),
            Self::Ignore => span.parent(&TraceContext::default()),
        }
    }
}

/// Whether each request has an id, and where that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestIds {
    No,
    OnSpans,
    InBaggage,
}

type TrustBy = dyn Fn(&Parts) -> Trust + Send + Sync;
type Route = dyn Fn(&Parts) -> Option<String> + Send + Sync;
type ClientAddress = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

impl ServerLayer {
    /// A layer for the global instance, that trusts its callers and knows no routes.
    pub fn new() -> Self {
        Self {
            tracer: crate::tracer(),
            trust: Trust::Parent,
            trust_by: None,
            route: None,
            client_address: None,
            propagator: None,
            request_ids: RequestIds::No,
        }
    }

    /// Makes spans of this tracer's instance.
    #[must_use]
    pub fn tracer(mut self, tracer: &Tracer) -> Self {
        self.tracer = tracer.clone();
        self
    }

    /// Sets what is done with a caller's trace. Default: [`Trust::Parent`].
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self.trust_by = None;
        self
    }

    /// Decides for each request what is done with its caller's trace. If the function panics, it is
    /// [`Trust::Ignore`].
    ///
    /// ```
    /// use prela::http::{ServerLayer, Trust};
    ///
    /// let layer = ServerLayer::new().trust_by(|request| {
    ///     if request.headers.contains_key("x-internal") { Trust::Parent } else { Trust::Link }
    /// });
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn trust_by(mut self, trust: impl Fn(&Parts) -> Trust + Send + Sync + 'static) -> Self {
        self.trust_by = Some(Arc::new(trust));
        self
    }

    /// Sets how the route is found, such as `/items/{id}`: a template of few different values, never the path.
    /// [`ServerLayer::axum`] knows axum's.
    #[must_use]
    pub fn route(
        mut self,
        route: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.route = Some(Arc::new(route));
        self
    }

    /// Sets how the caller's address is found, for `client.address`. Without it, a [`SocketAddr`] among the
    /// request's extensions is taken.
    #[must_use]
    pub fn client_address(
        mut self,
        address: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    ) -> Self {
        self.client_address = Some(Arc::new(address));
        self
    }

    /// Reads these formats. Default: those of [`Propagator::global`].
    #[must_use]
    pub fn propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// Gives each request a [`RequestId`]: the caller's `x-request-id`, or a new one if there is none,
    /// if it is no id, or with [`Trust::Ignore`]. Every span of the request has it as `request.id`, and the
    /// response as `x-request-id`, unless the handler has set that. Default: no ids.
    ///
    /// ```
    /// # use prela::http::ServerLayer;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use http::{Request, Response};
    /// use prela::RequestId;
    /// use tower::{Layer as _, ServiceExt as _, service_fn};
    ///
    /// let handler = service_fn(async |_: Request<String>| {
    ///     let id = RequestId::current().expect("each request has one");
    ///     Ok::<_, std::convert::Infallible>(Response::new(id.to_string()))
    /// });
    /// let request = Request::get("/").header("x-request-id", "req-42").body(String::new()).unwrap();
    /// let response = ServerLayer::new().request_ids().layer(handler).oneshot(request).await.unwrap();
    /// assert_eq!(response.headers()["x-request-id"], "req-42");
    /// # });
    /// ```
    #[must_use]
    pub fn request_ids(mut self) -> Self {
        self.request_ids = RequestIds::OnSpans;
        self
    }

    /// Gives [ids](Self::request_ids) that go on to other services, as the baggage entry `request.id`.
    #[must_use]
    pub fn request_ids_in_baggage(mut self) -> Self {
        self.request_ids = RequestIds::InBaggage;
        self
    }

    fn request_id_of(&self, request: &Parts, trust: Trust) -> Option<RequestId> {
        let given = || match trust {
            Trust::Parent | Trust::Link => RequestId::from_headers(&request.headers),
            Trust::Ignore => RequestId::new(),
        };
        match self.request_ids {
            RequestIds::No => None,
            RequestIds::OnSpans => Some(given()),
            RequestIds::InBaggage => Some(given().in_baggage()),
        }
    }

    fn trust_in(&self, request: &Parts) -> Trust {
        if let Some(trust) = request.extensions.get::<Trust>() {
            return *trust;
        }
        match &self.trust_by {
            Some(trust) => guarded(|| trust(request)).unwrap_or(Trust::Ignore),
            None => self.trust,
        }
    }

    fn route_of(&self, request: &Parts) -> Option<String> {
        guarded(|| self.route.as_ref()?(request)).flatten()
    }

    fn client_of(&self, request: &Parts) -> Option<IpAddr> {
        match &self.client_address {
            Some(address) => guarded(|| address(request)).flatten(),
            None => request.extensions.get::<SocketAddr>().map(SocketAddr::ip),
        }
    }

    fn caller(&self, request: &Parts) -> TraceContext {
        self.propagator.unwrap_or_else(Propagator::global).extract(&request.headers)
    }

    /// Begins a span for a request. Where a layer further out has done so, tells it the route.
    fn begin(&self, request: &mut Parts) -> StartedSpan {
        if let Some(outer) = Mark::of(&request.extensions, Side::Server) {
            self.add_route(request, &outer);
            return None;
        }
        let protocol = Protocol::of(&request.headers);
        let route = match protocol {
            Protocol::Http => self.route_of(request),
            Protocol::Grpc => None,
        };
        let name = match protocol {
            Protocol::Http => http_name(&request.method, route.as_deref()),
            Protocol::Grpc => rpc_method(request.uri.path()).to_owned().into(),
        };
        let mut span = self.tracer.span(name, SpanType::Custom).kind(SpanKind::Server);
        let trust = self.trust_in(request);
        let request_id = self.request_id_of(request, trust);
        if let Some(id) = &request_id {
            span = span.request_id(id.clone());
        }
        span = trust.place(span, || self.caller(request));
        if !span.is_noop() {
            let client = self.client_of(request);
            span = attributes::server(span, request, protocol, route, client);
        }
        let exchange = Exchange::begin(span, Side::Server, protocol, request.method.clone());
        let mark = Mark::set(&exchange, &mut request.extensions);
        Some((exchange.with_id(request_id), mark))
    }

    /// Tells the span of a layer further out the route, which may be known only here.
    fn add_route(&self, request: &Parts, outer: &Mark) {
        if Protocol::of(&request.headers) == Protocol::Http
            && outer.span.is_recording()
            && let Some(route) = self.route_of(request)
        {
            outer.span.update_name(http_name(&request.method, Some(&route)));
            outer.span.set_attribute(keys::ROUTE, route);
        }
    }
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ServerLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerLayer")
            .field("tracer", &self.tracer)
            .field("trust", &self.trust)
            .field("propagator", &self.propagator)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = ServerService<S>;

    fn layer(&self, inner: S) -> ServerService<S> {
        ServerService { inner, layer: self.clone() }
    }
}

/// A service whose requests have spans. From [`ServerLayer`].
#[derive(Clone, Debug)]
pub struct ServerService<S> {
    inner: S,
    layer: ServerLayer,
}

impl<S, B, R> Service<Request<B>> for ServerService<S>
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
        let begun = self.layer.begin(&mut head);
        ResponseFuture::new(begun, || self.inner.call(Request::from_parts(head, body)))
    }
}

#[cfg(feature = "axum")]
impl ServerLayer {
    /// [`ServerLayer::new`] for axum: with the route that matched, and the caller's address if the
    /// application is served with `into_make_service_with_connect_info::<SocketAddr>()`.
    ///
    /// Give it to `Router::layer`, which runs once the route is known. Around a whole application, in
    /// front of what rewrites paths for example, it does not know routes; but both can be there.
    ///
    /// ```
    /// use axum::{Router, extract::Path, routing::get};
    /// use prela::http::ServerLayer;
    ///
    /// let app: Router = Router::new()
    ///     .route("/items/{id}", get(async |Path(id): Path<u32>| format!("item {id}")))
    ///     .layer(ServerLayer::axum());
    /// # drop(app);
    /// ```
    pub fn axum() -> Self {
        Self::new().route(route_of_axum).client_address(client_address_of_axum)
    }
}

#[cfg(feature = "axum")]
fn route_of_axum(request: &Parts) -> Option<String> {
    request.extensions.get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned())
}

#[cfg(feature = "axum")]
fn client_address_of_axum(request: &Parts) -> Option<IpAddr> {
    request.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}
