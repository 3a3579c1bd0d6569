//! HTTP and gRPC: `prela::http` and `prela::reqwest`.

mod axum;
mod bodies;
mod client;
mod left_early;
mod outbound;
mod server;
mod trust;

use ::http::{Request, Response};
use bytes::Bytes;
use http_body_util::Full;
use std::convert::Infallible;
use std::future::Future;
use tower::{Service, ServiceExt as _};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn get(uri: &str) -> Request<()> {
    Request::get(uri).body(()).unwrap()
}

fn call(path: &str) -> Request<()> {
    Request::post(path).header("content-type", "application/grpc+proto").body(()).unwrap()
}

fn text(text: &'static str) -> Response<Full<Bytes>> {
    Response::new(Full::from(text))
}

fn status(code: u16) -> Response<Full<Bytes>> {
    Response::builder().status(code).body(Full::default()).unwrap()
}

/// A service of one function that cannot fail.
fn service<F, R>(
    answer: F,
) -> impl Service<Request<()>, Response = R, Error = Infallible, Future: Future> + Clone
where
    F: AsyncFn(Request<()>) -> R + Clone,
{
    tower::service_fn(move |request| {
        let answer = answer.clone();
        async move { Ok(answer(request).await) }
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Sends one request, and reads the answer to its end.
fn send<S, B>(service: S, request: Request<()>) -> Result<Response<Bytes>, String>
where
    S: Service<Request<()>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    block_on(async {
        let response = service.oneshot(request).await.map_err(|error| format!("{error:?}"))?;
        let (head, body) = response.into_parts();
        let body = http_body_util::BodyExt::collect(body).await;
        let body = body.map_err(|error| format!("{error:?}"))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    })
}
