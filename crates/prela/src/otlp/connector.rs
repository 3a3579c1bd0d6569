//! How a stream of bytes to a collector comes about: over TCP, TLS or a Unix socket, the same for both
//! transports.

use super::greeting::{Greeted, Language};
use super::{Connection, Protocol};
use crate::Error;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection as ClientStream, HttpConnector};
use hyper_util::rt::TokioIo;
use std::error::Error as StdError;
use std::future::Future;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

/// Connects to one collector, whatever address it is asked for.
#[derive(Clone)]
pub(super) struct Connector {
    endpoint: Uri,
    language: Language,
    timeout: Duration,
    tcp: HttpConnector,
    #[cfg(unix)]
    socket: Option<PathBuf>,
    #[cfg(feature = "tls")]
    tls: Option<super::tls::Tls>,
}

impl Connector {
    /// # Errors
    ///
    /// If TLS cannot be had: no feature `tls`, unreadable certificates.
    pub(super) fn new(connection: &Connection) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        // TLS is added to `https` addresses here.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among a host's addresses, so that a dead one leaves time for the next.
        tcp.set_connect_timeout(Some(connection.timeout));
        // Finds out that the peer of an idle connection is gone, and keeps the route open.
        tcp.set_keepalive(Some(KEEP_ALIVE));
        #[cfg(not(feature = "tls"))]
        if connection.is_tls() {
            return Err(super::no_tls(connection));
        }
        Ok(Self {
            endpoint: connection.endpoint.clone(),
            language: match connection.protocol {
                #[cfg(feature = "grpc")]
                Protocol::Grpc => Language::Http2,
                #[cfg(feature = "http")]
                Protocol::HttpProtobuf => Language::Http1,
            },
            timeout: connection.timeout,
            tcp,
            #[cfg(unix)]
            socket: connection.socket.clone(),
            #[cfg(feature = "tls")]
            tls: match connection.is_tls() {
                true => Some(super::tls::Tls::new(connection)?),
                false => None,
            },
        })
    }

    async fn connect(mut self) -> Result<Box<dyn Stream>, BoxError> {
        #[cfg(unix)]
        if let Some(socket) = self.socket {
            let stream = tokio::net::UnixStream::connect(socket).await?;
            return Ok(Box::new(Greeted::new(stream, self.language)));
        }
        let tcp = self.tcp.call(self.endpoint).await?.into_inner();
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls {
            let stream = tls.handshake(Greeted::new(tcp, Language::Tls)).await?;
            return Ok(Box::new(Greeted::new(stream, self.language)));
        }
        Ok(Box::new(Greeted::new(tcp, self.language)))
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
        let connector = self.clone();
        Box::pin(async move {
            // A transport that gives up does not always end the connecting that it waited for.
            match tokio::time::timeout(connector.timeout, connector.connect()).await {
                Ok(stream) => Ok(TokioIo::new(stream?)),
                Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

/// What bytes go through.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl ClientStream for Box<dyn Stream> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Time without traffic after which TCP asks whether the peer is there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
