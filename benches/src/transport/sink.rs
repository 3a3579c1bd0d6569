//! A collector that reads and says yes, in a process of its own: its work is not the exporters'.

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use tokio::net::TcpListener;

/// The argument that makes this program a sink.
pub(crate) const ARGUMENT: &str = "--sink";

/// A running sink; it ends when this is dropped.
pub(crate) struct Sink {
    process: Child,
    grpc: String,
    http: String,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let mut process = Command::new(env::current_exe().expect("it runs"))
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs once more");
        let output = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let mut line = || lines.next().expect("two lines").expect("readable ones");
        let (grpc, http) = (line(), line());
        Self { process, grpc, http }
    }

    pub(crate) fn grpc(&self) -> String {
        format!("http://{}", self.grpc)
    }

    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.http)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Prints where gRPC and HTTP are served, and serves them until whoever started it is gone.
pub(crate) fn run() -> ExitCode {
    let runtime = super::runtime();
    runtime.spawn(async {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let grpc = TcpListener::bind(any).await.expect("a port");
        let http = TcpListener::bind(any).await.expect("a port");
        for listener in [&grpc, &http] {
            println!("{}", listener.local_addr().expect("it is bound"));
        }
        tokio::join!(serve_grpc(grpc), serve_http(http))
    });
    runtime.block_on(async {
        // The end of the input is the end of the program that holds its other end.
        let wait = tokio::task::spawn_blocking(|| std::io::stdin().lines().for_each(drop));
        let _ = wait.await;
    });
    ExitCode::SUCCESS
}

async fn serve_grpc(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            // As many bytes at once as Go's server takes from a client near by.
            .adaptive_window(true)
            .serve_connection(TokioIo::new(stream), service_fn(answer_grpc));
        tokio::spawn(connection);
    }
}

async fn serve_http(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(answer_http));
        tokio::spawn(connection);
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn answer_grpc(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    read(request).await?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", hyper::header::HeaderValue::from_static("0"));
    let frames = [Frame::data(Bytes::from_static(&[0; 5])), Frame::trailers(trailers)];
    let body = StreamBody::new(tokio_stream::iter(frames.map(Ok)));
    let mut response = Response::new(body.boxed_unsync());
    let kind = hyper::header::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}

async fn answer_http(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    read(request).await?;
    let mut response = Response::new(Full::default().boxed_unsync());
    let kind = hyper::header::HeaderValue::from_static("application/x-protobuf");
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}

async fn read(request: Request<Incoming>) -> Result<(), hyper::Error> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}
