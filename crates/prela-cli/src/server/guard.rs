//! Serves a connection, and ends it when nothing moves on it any more.

use super::connections::Place;
use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower_service::Service as _;

/// Serves a connection until it ends, is needed for another, or the server stops.
pub(super) async fn serve(
    stream: TcpStream,
    routes: Router,
    place: Place,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are small, and somebody waits for them.
    let _ = stream.set_nodelay(true);
    let place = Arc::new(place);
    let moved = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Moving { stream, moved: moved.clone() });
    let spoken = place.clone();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        spoken.spoke();
        routes.clone().call(request)
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut is_stopping = false;
    loop {
        let limit = if place.is_silent() { SILENCE } else { IDLENESS };
        tokio::select! {
            // Hyper has answered errors of the protocol.
            _ = connection.as_mut() => return,
            () = place.taken() => return,
            _ = stop.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(limit) => {
                if !moved.swap(false, Relaxed) || place.is_silent() {
                    return;
                }
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLENESS)
        .max_buf_size(64 << 10)
        .max_headers(64);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(512 << 10)
        .max_concurrent_streams(64)
        .max_header_list_size(16 << 10)
        // A client answers pings, so a stream without news is not taken for one without a reader.
        .keep_alive_interval(IDLENESS / 2)
        .keep_alive_timeout(IDLENESS / 4);
    builder
}

/// A stream that notes when bytes come or go.
struct Moving {
    stream: TcpStream,
    moved: Arc<AtomicBool>,
}

impl AsyncRead for Moving {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.note(polled.is_ready());
        polled
    }
}

impl AsyncWrite for Moving {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(polled.is_ready());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note(polled.is_ready());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Moving {
    fn note(&self, has_moved: bool) {
        if has_moved {
            self.moved.store(true, Relaxed);
        }
    }
}

/// The longest time until the first request.
const SILENCE: Duration = Duration::from_secs(10);
/// The longest time between two requests, or two parts of an answer: longer than exporters wait between
/// batches, since some do not check their connections meanwhile.
const IDLENESS: Duration = Duration::from_secs(300);
