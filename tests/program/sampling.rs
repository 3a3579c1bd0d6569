//! A service that samples, over the bare HTTP of hyper.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use prela::{RequestId, Sampler, SpanType};
use prela_examples::Peer;
use std::convert::Infallible;
use std::time::Duration;
use tokio::runtime::Builder;

/// With the sampler `parent`, or of a ratio.
pub fn run(sampler: &str) {
    let sampler = match sampler {
        "parent" => Sampler::default(),
        ratio => Sampler::ratio(ratio.parse().unwrap()),
    };
    let prela = prela::builder().service_name("service").sampler(sampler).build().unwrap();
    prela.make_global().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = Peer::listen().await.unwrap();
        let serve = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ =
                        connection.serve_connection(TokioIo::new(stream), service_fn(handle)).await;
                });
            }
        };
        tokio::select! { () = serve => {}, () = Peer::stopped() => {} }
    });
    assert_eq!(prela.shutdown(Duration::from_secs(30)).undelivered(), 0);
}

async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let id = RequestId::from_headers(request.headers());
    let span = prela::tracer().span("handle", SpanType::Agent).request_id(id.clone());
    let answer = span.parent(&prela::extract(request.headers())).run(async |_| {
        tokio::task::yield_now().await;
        prela::tracer().span("work", SpanType::Tool).in_scope(|_| "done")
    });
    let mut response = Response::new(Full::from(answer.await));
    id.inject(response.headers_mut());
    Ok(response)
}
