//! An OTLP receiver in the test's own process: real sockets on loopback, and answers by script.
//!
//! It runs on a thread and a runtime of its own, so that tests without a runtime can use it, and a
//! blocked test does not block it.

mod arrived;
mod grpc;
mod http;
mod inbox;
mod peer;
mod proxy;
mod signals;
pub mod tls;
mod tree;

pub use self::arrived::Arrived;
pub use self::inbox::{Answer, Arrival};
pub use self::peer::{Asked, Peer, Reaction};
pub use self::proxy::{Conduct, Proxy};
pub use self::tree::tree;

use self::inbox::Inbox;
use self::signals::OfSignal;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use prela::{Exporter, Otlp};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// A running receiver. Dropping it closes its port and every connection.
pub struct Receiver {
    transport: Transport,
    address: SocketAddr,
    certificate: Option<String>,
    inbox: Arc<Inbox>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// OTLP's two transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Grpc,
    Http,
}

impl Transport {
    pub const BOTH: [Self; 2] = [Self::Grpc, Self::Http];

    /// Prela's exporter for this transport.
    pub fn exporter(self, endpoint: impl Into<String>) -> Otlp {
        match self {
            Self::Grpc => Exporter::otlp_grpc(endpoint),
            Self::Http => Exporter::otlp_http(endpoint),
        }
    }
}

impl Receiver {
    pub fn start(transport: Transport) -> Self {
        Self::launch(transport, ANY_PORT, None)
    }

    /// Starts a receiver at an address that another one had before.
    pub fn start_at(transport: Transport, address: SocketAddr) -> Self {
        Self::launch(transport, address, None)
    }

    /// Starts a receiver with TLS, whose certificate only [`Receiver::exporter`] trusts.
    pub fn start_with_tls(transport: Transport) -> Self {
        Self::launch(transport, ANY_PORT, Some(tls::identity(transport)))
    }

    fn launch(transport: Transport, at: SocketAddr, identity: Option<tls::Identity>) -> Self {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (certificate, acceptor) = match identity {
            Some(tls::Identity { certificate, acceptor }) => (Some(certificate), Some(acceptor)),
            None => (None, None),
        };
        let inbox = Arc::new(Inbox::default());
        let (stop, stopped) = oneshot::channel();
        let serving = inbox.clone();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                tokio::select! {
                    () = serve(listener, transport, acceptor, serving) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("receiver".to_owned()).spawn(run).unwrap();
        Self { transport, address, certificate, inbox, stop: Some(stop), thread: Some(thread) }
    }

    /// The endpoint for an exporter: scheme, host and port.
    pub fn endpoint(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate to trust, as PEM.
    pub fn certificate(&self) -> &str {
        self.certificate.as_deref().expect("a receiver with TLS")
    }

    /// How many connections there were so far.
    pub fn connections(&self) -> usize {
        self.inbox.connections.load(Ordering::SeqCst)
    }

    /// An exporter that sends to this receiver, and trusts it.
    pub fn exporter(&self) -> Otlp {
        let exporter = self.transport.exporter(self.endpoint());
        match &self.certificate {
            Some(pem) => exporter.certificate(pem.as_str()),
            None => exporter,
        }
    }

    /// Sets the answers to the next requests, one after another; the last one stays.
    pub fn answer(&self, script: impl IntoIterator<Item = Answer>) {
        self.inbox.set_script(script);
    }

    /// Answers [`Answer::Held`] requests, those that wait and those to come.
    pub fn release(&self) {
        self.inbox.release();
    }

    /// Every request so far, whatever the answer was.
    pub fn requests(&self) -> Vec<Arrival> {
        self.inbox.requests()
    }

    /// The log records that were taken, each with the name of its scope, in the order of arrival.
    pub fn log_records(&self) -> Vec<(String, LogRecord)> {
        self.inbox.of_signals().iter().flat_map(OfSignal::log_records).collect()
    }

    /// The metrics that were taken, each with the name of its scope, in the order of arrival.
    pub fn metrics(&self) -> Vec<(String, Metric)> {
        self.inbox.of_signals().iter().flat_map(OfSignal::metrics).collect()
    }

    /// Waits until there were this many requests.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) -> Vec<Arrival> {
        self.inbox.wait("requests", count, <[Arrival]>::len);
        self.requests()
    }

    /// The spans of the requests that were taken, in the order of arrival.
    pub fn spans(&self) -> Vec<Arrived> {
        self.requests().iter().filter(|request| request.taken).flat_map(Arrival::spans).collect()
    }

    /// Waits until this many spans were taken.
    #[track_caller]
    pub fn wait_for_spans(&self, count: usize) -> Vec<Arrived> {
        self.inbox.wait("spans", count, |requests| {
            requests.iter().filter(|request| request.taken).map(Arrival::span_count).sum()
        });
        self.spans()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the receiver's has been printed, and the test misses something already.
            let _ = thread.join();
        }
    }
}

async fn serve(
    listener: TcpListener,
    transport: Transport,
    tls: Option<TlsAcceptor>,
    inbox: Arc<Inbox>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let Ok((stream, _peer)) = listener.accept().await else { continue };
        inbox.connections.fetch_add(1, Ordering::SeqCst);
        let (tls, inbox) = (tls.clone(), inbox.clone());
        tokio::spawn(async move {
            match tls {
                None => transport.serve(TokioIo::new(stream), inbox).await,
                // A client that does not trust the certificate is no failure of the receiver's.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        transport.serve(TokioIo::new(stream), inbox).await;
                    }
                }
            }
        });
    }
}

impl Transport {
    async fn serve(self, stream: impl Read + Write + Send + Unpin + 'static, inbox: Arc<Inbox>) {
        match self {
            Self::Grpc => grpc::serve(stream, inbox).await,
            Self::Http => http::serve(stream, inbox).await,
        }
    }
}

/// A port that refuses connections for as long as this lives: bound, so that nobody else gets it, and
/// not listening.
pub struct Refusal {
    _socket: tokio::net::TcpSocket,
    address: SocketAddr,
}

impl Refusal {
    pub fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(ANY_PORT).unwrap();
        let address = socket.local_addr().unwrap();
        Self { _socket: socket, address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
