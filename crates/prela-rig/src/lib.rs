//! The model calls of [rig](https://docs.rs/rig-core), as spans of Prela: one line where rig is given its HTTP client.
//!
//! ```no_run
//! use prela_rig::Traced;
//! use rig_core::providers::openai::OpenAIConfig;
//! use rig_reqwest::ReqwestClient;
//!
//! let _prela = prela::init("travel-desk")?;
//! let openai = OpenAIConfig::from_env()?.connect(Traced::new(ReqwestClient::default()));
//! let model = openai.completion("gpt-4o");
//! # drop(model);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A client that is there already takes it by `with_http`: `OpenAI::from_env()?.with_http(Traced::new(..))`. It works for
//! every provider whose interface [`prela::llm`] understands, and with every client that is a
//! [`HttpClientExt`] of rig 0.44.
//!
//! It is a crate of its own since rig's crates need Rust 1.95, and Prela 1.88. It depends on `rig-http` alone, which has the
//! trait, and not on rig.

mod answer;

use self::answer::{Answer, given_back, into_rig, of_chunks, of_whole};
use bytes::Bytes;
use futures_util::{FutureExt as _, TryFutureExt as _, TryStreamExt as _};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use prela::llm::{LlmLayer, RequestBody, ResponseFuture};
use rig_http::http_client::{
    BoxedStream, HttpClientExt, LazyBody, MultipartForm, Result, StreamingResponse,
};
use rig_http::wasm_compat::WasmCompatSend;
use std::mem;
use tower::{Layer as _, Service as _, service_fn};

/// An HTTP client of rig whose calls of models have spans, and the trace in their headers.
///
/// Each call becomes what [`LlmLayer`] says, which does the work: a span `chat gpt-4o` with parameters, tokens, finish
/// reasons and the ids of tools that the model asks for; messages only with content; `traceparent` for every host, and
/// baggage only for private ones. Requests and answers are passed on byte for byte, at once. A streamed call's span ends
/// with the last chunk, or with an error, or when the stream is dropped. Every other request, such as an upload of
/// several parts, has the ordinary span of an HTTP client.
///
/// rig also traces its calls itself, by the crate `tracing`. Where its spans are taken over by `prela::tracing`, they
/// are the spans of the calls, and this adds the headers only.
///
/// Errors are those of the client inside. One with a status (`InvalidStatusCodeWithDetails`) is read like the answer that
/// it was: its text is recorded only with content, since it may repeat what was asked.
///
/// Cost: that of the layer, and an allocation or two for each request.
#[derive(Clone, Debug, Default)]
pub struct Traced<H> {
    client: H,
    layer: LlmLayer,
}

impl<H> Traced<H> {
    /// Traces the calls that go through `client`, on the global instance. Content is recorded if that records it.
    pub fn new(client: H) -> Self {
        Self { client, layer: LlmLayer::new() }
    }

    /// Traces them as this layer says.
    ///
    /// ```
    /// use prela::llm::LlmLayer;
    /// use prela_rig::Traced;
    /// use rig_reqwest::ReqwestClient;
    ///
    /// let layer = LlmLayer::new().capture_content(true).without_trace_to(["api.example.com"]);
    /// let client = Traced::new(ReqwestClient::default()).layer(layer);
    /// # drop(client);
    /// ```
    #[must_use]
    pub fn layer(self, layer: LlmLayer) -> Self {
        Self { layer, ..self }
    }

    /// Sends a request in its span. The layer reads `body`; what is sent is up to `send`, which gets the head with the
    /// trace in it.
    fn sent<'a>(
        &self,
        head: Parts,
        body: Bytes,
        mut send: impl FnMut(Parts) -> Answer<'a>,
    ) -> ResponseFuture<Answer<'a>> {
        let service = |request: Request<RequestBody<Full<Bytes>>>| send(request.into_parts().0);
        // Such a service is always ready.
        self.layer.layer(service_fn(service)).call(Request::from_parts(head, Full::new(body)))
    }
}

impl<H: HttpClientExt> HttpClientExt for Traced<H> {
    fn send<T, U>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        T: Into<Bytes> + WasmCompatSend,
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        let (head, body) = request.map(Into::into).into_parts();
        let sent = self.sent(head, body.clone(), |head| {
            of_whole(self.client.send(Request::from_parts(head, body.clone())))
        });
        whole(sent)
    }

    fn send_multipart<U>(
        &self,
        request: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        let (head, mut form) = request.into_parts();
        // No call of a model that is understood comes in parts.
        let sent = self.sent(head, Bytes::new(), |head| {
            let form = mem::take(&mut form);
            of_whole(self.client.send_multipart(Request::from_parts(head, form)))
        });
        whole(sent)
    }

    fn send_streaming<T>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<StreamingResponse>> + WasmCompatSend
    where
        T: Into<Bytes> + WasmCompatSend,
    {
        let (head, body) = request.map(Into::into).into_parts();
        let sent = self.sent(head, body.clone(), |head| {
            of_chunks(self.client.send_streaming(Request::from_parts(head, body.clone())))
        });
        given_back(sent).map_ok(|response| {
            response
                .map(|body| -> BoxedStream { Box::pin(body.into_data_stream().map_err(into_rig)) })
        })
    }
}

/// A response whose body is read as a whole, when it is asked for.
fn whole<U>(
    sent: ResponseFuture<Answer<'static>>,
) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + use<U>
where
    U: From<Bytes> + WasmCompatSend + 'static,
{
    given_back(sent).map_ok(|response| {
        response.map(|body| -> LazyBody<U> {
            Box::pin(body.collect().map(|body| Ok(body.map_err(into_rig)?.to_bytes().into())))
        })
    })
}
