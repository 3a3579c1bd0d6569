//! reqwest, through the middlewares of `reqwest-middleware`.

use super::{LlmBody, LlmLayer, ResponseFuture};
use crate::reqwest::{from_http, into_http, uri_of};
use ::http::Extensions;
use async_trait::async_trait;
use reqwest::{Body, Request, Response};
use reqwest_middleware::{Middleware, Next};
use std::mem;

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
#[async_trait]
impl Middleware for LlmLayer {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let (method, uri) = (request.method().clone(), uri_of(request.url()));
        let mut headers = mem::take(request.headers_mut());
        let body = request.body().and_then(Body::as_bytes);
        let begun = self.begin(&method, &uri, &mut headers, extensions, body);
        *request.headers_mut() = headers;
        let response = async { next.run(request, extensions).await.map(into_http) };
        let response = ResponseFuture::new(begun, || response).await?;
        Ok(from_http(response.map(Body::wrap::<LlmBody<Body>>)))
    }
}
