//! async-openai, through the services of its feature `middleware`.

use super::call_span::{self, StartedCall};
use super::{LlmBody, LlmLayer, LlmService, ResponseFuture};
use crate::reqwest::{from_http, into_http, uri_of};
use crate::{FutureExt as _, Span, TraceContext};
use ::http::Extensions;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use futures_util::FutureExt as _;
use reqwest::{Body, Request, Response};
use std::fmt::Display;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use tower_layer::Layer as _;
use tower_service::Service;

impl LlmLayer {
    /// Wraps async-openai's own client and its attempts: each call has one span, and each further attempt is an
    /// event, `retry`, on it.
    ///
    /// ```
    /// use async_openai::Client;
    /// use prela::llm::LlmLayer;
    ///
    /// let client = Client::new().with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));
    /// # drop(client);
    /// ```
    ///
    /// In a stack of your own, add the layer: `ServiceBuilder::new().layer(LlmLayer::new())` as its first.
    pub fn async_openai(self, client: reqwest::Client) -> LlmService<OpenAIRetry<ReqwestService>> {
        let retry = <OpenAIRetryLayer as tower_layer::Layer<_>>::layer(
            &OpenAIRetryLayer::default(),
            ReqwestService::new(client),
        );
        self.layer(retry)
    }
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

/// Over async-openai's requests, which are made anew for each attempt.
impl<S> Service<HttpRequestFactory> for LlmService<S>
where
    S: Service<HttpRequestFactory, Response = Response> + Clone + Send + 'static,
    S::Error: Display + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        // The service that was polled ready does the work.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        let answer = async move {
            let Ok(mut first) = factory.build().await else {
                // The service fails to build it again, with its own error.
                return inner.call(factory).await;
            };
            let (method, uri) = (first.method().clone(), uri_of(first.url()));
            let mut headers = mem::take(first.headers_mut());
            let mut extensions = Extensions::new();
            let body = first.body().and_then(Body::as_bytes);
            let begun = layer.begin(&method, &uri, &mut headers, &mut extensions, body);
            *first.headers_mut() = headers;
            let attempts = Attempts {
                first: Mutex::new(Some(first)),
                count: AtomicU32::new(0),
                span: match &begun {
                    StartedCall::Call(call) => call.span().clone(),
                    StartedCall::Other(_) => Span::none(),
                },
                factory,
                layer,
            };
            let attempts = Arc::new(attempts);
            let factory = HttpRequestFactory::new(move || {
                // The current context is the call's, wherever the attempt is made.
                let (attempts, cx) = (Arc::clone(&attempts), TraceContext::current());
                async move { attempts.next(&cx).await }
            });
            let response = ResponseFuture::new(begun, || {
                let response = inner.call(factory);
                response.map(|response| response.map(into_http))
            });
            Ok(from_http(response.await?.map(Body::wrap::<LlmBody<Body>>)))
        };
        Box::pin(answer.in_current_context())
    }
}

/// The requests of one call.
struct Attempts {
    /// The first request, which was built to see which call it is.
    first: Mutex<Option<Request>>,
    count: AtomicU32,
    span: Span,
    factory: HttpRequestFactory,
    layer: LlmLayer,
}

impl Attempts {
    async fn next(&self, cx: &TraceContext) -> Result<Request, async_openai::error::OpenAIError> {
        let attempt = self.count.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        call_span::note_attempt(&self.span, attempt);
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(first) = first {
            return Ok(first);
        }
        let mut request = self.factory.build().await?;
        let uri = uri_of(request.url());
        self.layer.inject(cx, &uri, request.headers_mut());
        Ok(request)
    }
}
