//! reqwest, through the middlewares of `reqwest-middleware`.

use crate::http::{ClientLayer, Outbound, ResponseFuture, TracedBody};
use crate::{Error, Tracer};
use async_trait::async_trait;
use http::{Extensions, Uri};
use reqwest::{Body, Request, Response, ResponseBuilderExt as _, Url};
use reqwest_middleware::Next;

/// A span for each request of a reqwest client, and the context in its headers.
///
/// It works as [`ClientLayer`] does: the same attributes, the same [`Outbound`], and the span ends with the
/// response's body, which need not be read to its end. Added before a middleware that tries again, it sees one
/// request; added after it, each attempt.
///
/// reqwest follows redirects by itself, with the headers of the first request and in its span. Where
/// baggage must not follow a redirect to another host, give the client a `redirect::Policy`.
///
/// ```
/// use prela::reqwest::Middleware;
/// use reqwest_middleware::ClientBuilder;
///
/// let client = ClientBuilder::new(reqwest::Client::new())
///     .with(Middleware::new().baggage_to(["*.example.com"]))
///     .build();
/// # drop(client);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Middleware {
    layer: ClientLayer,
}

impl Middleware {
    /// A middleware for the global instance with the default [`Outbound`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes spans of this tracer's instance.
    #[must_use]
    pub fn tracer(self, tracer: &Tracer) -> Self {
        Self { layer: self.layer.tracer(tracer) }
    }

    /// Sets which host gets what.
    #[must_use]
    pub fn outbound(self, outbound: Outbound) -> Self {
        Self { layer: self.layer.outbound(outbound) }
    }

    /// Sends baggage to these hosts too; see [`Outbound::baggage_to`].
    #[must_use]
    pub fn baggage_to<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        Self { layer: self.layer.baggage_to(hosts) }
    }

    /// Sends these hosts nothing; see [`Outbound::without_trace_to`].
    #[must_use]
    pub fn without_trace_to<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        Self { layer: self.layer.without_trace_to(hosts) }
    }

    /// Checks its lists of hosts; see [`Outbound::check`].
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config), with the first entry of its lists that is no host.
    pub fn check(&self) -> Result<(), Error> {
        self.layer.check()
    }
}

#[async_trait]
impl reqwest_middleware::Middleware for Middleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let (method, uri) = (request.method().clone(), uri_of(request.url()));
        let begun = self.layer.begin(&method, &uri, request.headers_mut(), extensions);
        if begun.is_none() {
            return next.run(request, extensions).await;
        }
        let response = async { next.run(request, extensions).await.map(into_http) };
        let response = ResponseFuture::new(begun, || response).await?;
        Ok(from_http(response.map(Body::wrap::<TracedBody<Body>>)))
    }
}

/// Converts to a response of the crate `http`, which has the URL in its extensions.
pub(crate) fn into_http(response: Response) -> http::Response<Body> {
    let url = http::Response::builder().url(response.url().clone()).body(());
    let mut response = http::Response::<Body>::from(response);
    if let Ok(url) = url {
        response.extensions_mut().extend(url.into_parts().0.extensions);
    }
    response
}

/// Converts back, with another body.
pub(crate) fn from_http(response: http::Response<Body>) -> Response {
    response.into()
}

/// Converts to a URL of the crate `http`. What that does not take, such as a path of more than 64 KiB, is left
/// out.
pub(crate) fn uri_of(url: &Url) -> Uri {
    let origin = || url.origin().ascii_serialization().parse().unwrap_or_default();
    url.as_str().parse().unwrap_or_else(|_| origin())
}
