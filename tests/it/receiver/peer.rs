//! A peer that answers whatever a test wants, right or wrong, over TCP, TLS or a Unix socket.

use super::{ANY_PORT, Transport, tls};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::future::{Future, pending};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Notify, oneshot};

/// A running peer. Dropping it closes its port and every connection.
pub struct Peer {
    endpoint: String,
    connections: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A request, read to its end.
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What comes of a request.
pub enum Reaction {
    Answer(Response<AnswerBody>),
    /// An answer, after which the connection is closed.
    LastAnswer(Response<AnswerBody>),
    /// The connection is reset.
    Reset,
    /// Nothing is ever answered.
    Silence,
}

pub type AnswerBody = UnsyncBoxBody<Bytes, Infallible>;

/// What comes of a request whose body, or message, has this length.
type Early = dyn Fn(usize) -> Option<Reaction> + Send + Sync;

/// What is answered to a request that was read to its end, and what before that.
#[derive(Clone)]
struct Script {
    early: Arc<Early>,
    whole: Arc<dyn Fn(Asked) -> Reaction + Send + Sync>,
}

impl Script {
    fn new(whole: impl Fn(Asked) -> Reaction + Send + Sync + 'static) -> Self {
        Self { early: Arc::new(|_| None), whole: Arc::new(whole) }
    }
}

impl Peer {
    pub fn start(
        transport: Transport,
        script: impl Fn(Asked) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        Self::run(transport, Script::new(script))
    }

    /// Starts a peer that may answer, and close, before the body of a request was read.
    pub fn start_early(
        transport: Transport,
        early: impl Fn(usize) -> Option<Reaction> + Send + Sync + 'static,
        script: impl Fn(Asked) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        let whole = Script::new(script);
        Self::run(transport, Script { early: Arc::new(early), ..whole })
    }

    fn run(transport: Transport, script: Script) -> Self {
        Self::launch("http", move |connections, listener| {
            serve_tcp(listener, connections, move |stream| react(transport, stream, script.clone()))
        })
    }

    /// Starts a peer with TLS, for clients with a certificate that `identity` trusts.
    pub fn start_with_tls(
        transport: Transport,
        identity: tls::Identity,
        script: impl Fn(Asked) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        Self::run_with_tls(transport, identity, Script::new(script))
    }

    /// Starts a peer with TLS that may answer before the body of a request was read.
    pub fn start_early_with_tls(
        transport: Transport,
        identity: tls::Identity,
        early: impl Fn(usize) -> Option<Reaction> + Send + Sync + 'static,
    ) -> Self {
        let whole = Script::new(|_| Reaction::Silence);
        Self::run_with_tls(transport, identity, Script { early: Arc::new(early), ..whole })
    }

    fn run_with_tls(transport: Transport, identity: tls::Identity, script: Script) -> Self {
        Self::launch("https", move |connections, listener| {
            serve_tcp(listener, connections, move |stream| {
                let (acceptor, script) = (identity.acceptor.clone(), script.clone());
                async move {
                    // A client without a certificate is what some tests are about.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        speak(transport, TokioIo::new(stream), script, Ends::default()).await;
                    }
                }
            })
        })
    }

    /// Starts a peer behind a Unix socket at `path`.
    pub fn start_at_socket(
        transport: Transport,
        path: &Path,
        script: impl Fn(Asked) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        let script = Script::new(script);
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut peer = Self::launch("http", move |connections, _| async move {
            let listener = UnixListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let script = script.clone();
                tokio::spawn(speak(transport, TokioIo::new(stream), script, Ends::default()));
            }
        });
        peer.endpoint = format!("unix:{}", path.display());
        peer
    }

    /// Starts a peer that speaks no HTTP.
    pub fn babbling() -> Self {
        Self::launch("http", |connections, listener| {
            serve_tcp(listener, connections, |mut stream| async move {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ =
                    stream.write_all(b"\x15\x03\x01\x00\x02\x02\x46 what do you want?\r\n").await;
            })
        })
    }

    fn launch<F: Future<Output = ()>>(
        scheme: &str,
        serve: impl FnOnce(Arc<AtomicUsize>, std::net::TcpListener) -> F + Send + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind(ANY_PORT).unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("{scheme}://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                tokio::select! {
                    () = serve(counted, listener) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("peer".to_owned()).spawn(run).unwrap();
        Self { endpoint, connections, stop: Some(stop), thread: Some(thread) }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the peer's has been printed, and the test misses something already.
            let _ = thread.join();
        }
    }
}

async fn serve_tcp<F: Future<Output = ()> + Send + 'static>(
    listener: std::net::TcpListener,
    connections: Arc<AtomicUsize>,
    serve: impl Fn(TcpStream) -> F,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(stream));
    }
}

async fn react(transport: Transport, stream: TcpStream, script: Script) {
    let stream = stream.into_std().unwrap();
    let twin = TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
    let stream = TokioIo::new(TcpStream::from_std(stream).unwrap());
    let ends = Ends::default();
    tokio::select! {
        biased;
        () = speak(transport, stream, script, ends.clone()) => {}
        () = ends.close.notified() => {}
        // What is closed last, with nothing left to send, is closed by a reset.
        () = ends.reset.notified() => twin.set_zero_linger().unwrap(),
    }
}

/// How a connection may end, if not by the client.
#[derive(Clone, Default)]
struct Ends {
    reset: Arc<Notify>,
    close: Arc<Notify>,
}

async fn speak(
    transport: Transport,
    stream: impl Read + Write + Send + Unpin + 'static,
    script: Script,
    ends: Ends,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (script, ends) = (script.clone(), ends.clone());
        async move {
            let (head, mut body) = request.into_parts();
            let (length, begin) = length(transport, &head.headers, &mut body).await?;
            let reaction = match (script.early)(length) {
                Some(reaction) => reaction,
                None => {
                    let rest = body.collect().await?.to_bytes();
                    let body = [begin, rest].concat().into();
                    let path = head.uri.path().to_owned();
                    (script.whole)(Asked { path, headers: head.headers, body })
                }
            };
            match reaction {
                Reaction::Answer(response) => Ok::<_, hyper::Error>(response),
                Reaction::LastAnswer(response) => {
                    // The answer is written before the task of the connection looks at this.
                    tokio::spawn(async move {
                        tokio::time::sleep(A_MOMENT).await;
                        ends.close.notify_one();
                    });
                    Ok(response)
                }
                Reaction::Reset => {
                    ends.reset.notify_one();
                    pending().await
                }
                Reaction::Silence => pending().await,
            }
        }
    });
    // A connection that breaks is the client's business.
    match transport {
        Transport::Grpc => {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(stream, service).await;
        }
        Transport::Http => {
            let builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.serve_connection(stream, service).await;
        }
    }
}

/// The length of what is sent, and what had to be read for it.
async fn length(
    transport: Transport,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<(usize, Bytes), hyper::Error> {
    if transport == Transport::Http {
        let length = headers.get(CONTENT_LENGTH).map_or("0", |length| length.to_str().unwrap());
        return Ok((length.parse().unwrap(), Bytes::new()));
    }
    let mut begin = Vec::new();
    while begin.len() < 5
        && let Some(frame) = body.frame().await
    {
        begin.extend_from_slice(frame?.data_ref().unwrap());
    }
    let length = begin.get(1..5).map_or([0; 4], |length| length.try_into().unwrap());
    Ok((u32::from_be_bytes(length) as usize, begin.into()))
}

impl Reaction {
    /// This reaction, with the connection closed after an answer.
    pub fn and_close(self) -> Self {
        match self {
            Self::Answer(response) => Self::LastAnswer(response),
            other => other,
        }
    }

    /// An answer over HTTP.
    pub fn http(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Self {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Self::Answer(response.body(Full::new(body.into()).boxed_unsync()).unwrap())
    }

    /// An answer over gRPC: what the body is, then the trailers.
    pub fn grpc(body: Vec<u8>, trailers: &[(&'static str, &str)]) -> Self {
        let mut map = HeaderMap::new();
        for (name, value) in trailers {
            map.insert(*name, value.parse().unwrap());
        }
        let frames = [Frame::data(Bytes::from(body)), Frame::trailers(map)];
        let body = StreamBody::new(tokio_stream::iter(frames.map(Ok)));
        Self::Answer(grpc_head().body(body.boxed_unsync()).unwrap())
    }

    /// An answer over gRPC that has nothing but its status.
    pub fn grpc_without_body(headers: &[(&'static str, &str)]) -> Self {
        let mut response = grpc_head();
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Self::Answer(response.body(Empty::new().boxed_unsync()).unwrap())
    }

    /// An answer of which there is always more; counts its bytes.
    pub fn endless(content_type: &str, sent: Arc<AtomicUsize>) -> Self {
        let chunks = std::iter::repeat_with(move || {
            let chunk = Bytes::from_static(&[0xff; 64 << 10]);
            sent.fetch_add(chunk.len(), Ordering::SeqCst);
            Ok(Frame::data(chunk))
        });
        let body = StreamBody::new(tokio_stream::iter(chunks)).boxed_unsync();
        Self::Answer(Response::builder().header(CONTENT_TYPE, content_type).body(body).unwrap())
    }
}

fn grpc_head() -> hyper::http::response::Builder {
    Response::builder().header(CONTENT_TYPE, "application/grpc")
}

/// The pause between an answer and the end of its connection.
const A_MOMENT: Duration = Duration::from_millis(5);
