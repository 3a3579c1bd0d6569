//! Connects to a collector, over TCP, TLS or a Unix socket, for both transports.

use super::peer_protocol::{CheckedStream, PeerProtocol};
use super::stream::{BoxError, Fault, Stream};
use super::{Connection, Protocol, Proxy};
use crate::Error;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
#[cfg(unix)]
use tokio::net::UnixStream;
use tower_service::Service;

/// Connects to one collector, whatever address it is asked for.
#[derive(Clone)]
pub(super) struct Connector {
    endpoint: Uri,
    language: PeerProtocol,
    timeout: Duration,
    fault: Fault,
    tcp: HttpConnector,
    #[cfg(unix)]
    socket: Option<PathBuf>,
    proxy: Option<Arc<Route>>,
    #[cfg(feature = "tls")]
    tls: Option<super::tls::Tls>,
}

/// How to get through a proxy.
struct Route {
    proxy: Proxy,
    /// Whether the proxy forwards bytes, and not requests.
    is_tunnel: bool,
    #[cfg(feature = "tls")]
    tls: Option<super::tls::Tls>,
}

impl Connector {
    /// Does not connect.
    ///
    /// # Errors
    ///
    /// If TLS is not possible: without feature `tls`, or with unreadable certificates.
    pub(super) fn new(connection: &Connection) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        // TLS is added to `https` addresses here.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // hyper divides it among a host's addresses, so that a dead one leaves time for the next.
        tcp.set_connect_timeout(Some(connection.timeout));
        // To notice that the peer of an idle connection is gone, and to keep the route open.
        tcp.set_keepalive(Some(KEEP_ALIVE));
        #[cfg(not(feature = "tls"))]
        super::check(connection)?;
        let proxy = connection.proxy.as_ref().map(|proxy| Route::new(connection, proxy));
        Ok(Self {
            endpoint: connection.endpoint.clone(),
            language: match connection.protocol {
                #[cfg(feature = "otlp-grpc")]
                Protocol::Grpc => PeerProtocol::Http2,
                #[cfg(feature = "otlp-http")]
                Protocol::HttpProtobuf | Protocol::HttpJson => PeerProtocol::Http1,
            },
            timeout: connection.timeout,
            fault: Fault::default(),
            tcp,
            #[cfg(unix)]
            socket: connection.socket.clone(),
            proxy: proxy.transpose()?.map(Arc::new),
            #[cfg(feature = "tls")]
            tls: match connection.is_tls() {
                true => Some(super::tls::Tls::new(connection)?),
                false => None,
            },
        })
    }

    /// Where it notes what is wrong with its connections.
    pub(super) fn fault(&self) -> Fault {
        self.fault.clone()
    }

    /// Whether the connections are for HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        self.language == PeerProtocol::Http2
    }

    async fn connect(mut self) -> Result<CheckedStream<Box<dyn Stream>>, BoxError> {
        #[cfg(unix)]
        if let Some(socket) = self.socket {
            let stream = Box::new(UnixStream::connect(socket).await?);
            return Ok(CheckedStream::new(stream, self.language));
        }
        let stream: Box<dyn Stream> = match &self.proxy {
            None => Box::new(self.tcp.call(self.endpoint).await?.into_inner()),
            Some(route) => {
                // Less than the attempt has, so that the error can name the proxy.
                let time = self.timeout / 4 * 3;
                let through = tokio::time::timeout(time, route.through(self.tcp, &self.endpoint));
                match through.await {
                    Ok(stream) => stream?,
                    Err(_elapsed) => {
                        return Err(route
                            .proxy
                            .problem(format!("did not answer in {time:?}"))
                            .into());
                    }
                }
            }
        };
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls {
            let stream = tls.handshake(CheckedStream::new(stream, PeerProtocol::Tls)).await?;
            return Ok(CheckedStream::new(Box::new(stream), self.language));
        }
        Ok(match self.proxy {
            Some(route) if !route.is_tunnel => {
                CheckedStream::by(route.proxy.speaker(), stream, self.language).forwarding()
            }
            _ => CheckedStream::new(stream, self.language),
        })
    }
}

impl Route {
    fn new(connection: &Connection, proxy: &Proxy) -> Result<Self, Error> {
        Ok(Self {
            proxy: proxy.clone(),
            is_tunnel: !connection.is_forwarded(),
            #[cfg(feature = "tls")]
            tls: match proxy.is_tls() {
                true => Some(super::tls::Tls::to_proxy(connection, proxy)?),
                false => None,
            },
        })
    }

    async fn through(
        &self,
        mut tcp: HttpConnector,
        endpoint: &Uri,
    ) -> Result<Box<dyn Stream>, BoxError> {
        let reached = tcp.call(self.proxy.url().clone()).await;
        let unreached =
            |error: BoxError| self.proxy.problem("cannot be reached").with_source(error);
        let stream: Box<dyn Stream> =
            Box::new(reached.map_err(|error| unreached(error.into()))?.into_inner());
        #[cfg(feature = "tls")]
        let stream: Box<dyn Stream> = match &self.tls {
            None => stream,
            Some(tls) => {
                let checked = CheckedStream::by(self.proxy.speaker(), stream, PeerProtocol::Tls);
                Box::new(tls.clone().handshake(checked).await.map_err(unreached)?)
            }
        };
        match self.is_tunnel {
            true => Ok(self.proxy.tunnel(stream, endpoint).await?),
            false => Ok(stream),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (connector, fault) = (self.clone(), self.fault.clone());
        Box::pin(async move {
            fault.forget();
            // A transport that gives up on a connection does not always stop connecting.
            match tokio::time::timeout(connector.timeout, connector.connect()).await {
                Ok(stream) => {
                    let stream: Box<dyn Stream> = Box::new(stream?.telling(fault));
                    Ok(TokioIo::new(stream))
                }
                Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

/// Time without traffic after which TCP asks whether the peer is there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
