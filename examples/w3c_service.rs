//! A service for the W3C's trace-context test suite: it calls whom it is told to call, in one trace.
//!
//! `--listen 127.0.0.1:5000` says where; the default is a port that the system chooses. You will see
//! the address and then, for each request, its trace: a server span, and a client span for each call.
//! A request is a JSON list of `{"url": .., "arguments": [..]}`:
//!
//! ```sh
//! curl -X POST http://127.0.0.1:5000/ -d '[{"url": "http://127.0.0.1:5000/", "arguments": []}]'
//! ```
//!
//! The suite is the directory `test` of <https://github.com/w3c/trace-context>:
//! `STRICT_LEVEL=2 SPEC_LEVEL=2 python test.py http://127.0.0.1:5000/`.

use futures_util::future::try_join_all;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prela::{SpanKind, SpanType};
use serde::Deserialize;
use std::error::Error;
use std::time::Duration;
use tokio::net::TcpListener;

type AnyError = Box<dyn Error + Send + Sync>;

#[derive(Deserialize)]
struct Call {
    url: String,
    arguments: serde_json::Value,
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let _prela = prela::init("w3c-service")?;
    let listener = TcpListener::bind(address()?).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    loop {
        let (connection, _) = listener.accept().await?;
        let client = client.clone();
        let service = service_fn(move |request| {
            let client = client.clone();
            async move { Ok::<_, AnyError>(reply(&client, request).await) }
        });
        // Baggage alone may come in as many fields as it has entries.
        let mut server = http1::Builder::new();
        server.max_headers(1024).timer(TokioTimer::new());
        tokio::spawn(server.serve_connection(TokioIo::new(connection), service));
    }
}

fn address() -> Result<String, AnyError> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, ..) => Ok("127.0.0.1:0".to_owned()),
        (Some("--listen"), Some(address), None) => Ok(address),
        _ => Err("usage: w3c_service [--listen ADDRESS]".into()),
    }
}

async fn reply(
    client: &Client<HttpConnector, Full<Bytes>>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    // All fields as they came: a map with one value for each name would hide a second `traceparent`.
    let caller = prela::extract(request.headers());
    let server = prela::tracer().span(request.method().to_string(), SpanType::Custom);
    let server = server.kind(SpanKind::Server).attr("url.path", request.uri().path());
    let done = server.parent(&caller).run_result(async |_| {
        let body = Limited::new(request.into_body(), 1 << 20).collect().await?.to_bytes();
        let calls: Vec<Call> = serde_json::from_slice(&body)?;
        // The reply has to wait for all of them.
        let calls = try_join_all(calls.iter().map(|to| call(client, to)));
        tokio::time::timeout(Duration::from_secs(4), calls).await?
    });
    let mut reply = Response::new(Full::from("null"));
    if done.await.is_err() {
        *reply.status_mut() = StatusCode::BAD_GATEWAY;
    }
    reply
}

async fn call(client: &Client<HttpConnector, Full<Bytes>>, to: &Call) -> Result<(), AnyError> {
    let span = prela::tracer().span("POST", SpanType::Custom).kind(SpanKind::Client);
    let call = span.attr("url.full", to.url.as_str()).run_result(async |_| {
        let request = Request::post(&to.url).header(CONTENT_TYPE, "application/json");
        let mut request = request.body(Full::from(to.arguments.to_string()))?;
        // The client's span is current: each call has its own.
        prela::inject(request.headers_mut());
        client.request(request).await?.into_body().collect().await?;
        Ok(())
    });
    call.await
}
