//! Streams of bytes to a peer, and their errors.

use hyper_util::client::legacy::connect::{Connected, Connection as ClientStream};
use std::error::Error as StdError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A stream of bytes to a peer.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Whether the peer is a proxy that forwards requests, and so needs the whole URL.
    fn is_forwarding(&self) -> bool {
        false
    }
}

impl Stream for TcpStream {}

#[cfg(unix)]
impl Stream for UnixStream {}

impl Stream for Box<dyn Stream> {
    fn is_forwarding(&self) -> bool {
        (**self).is_forwarding()
    }
}

impl ClientStream for Box<dyn Stream> {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.is_forwarding())
    }
}

/// An error of a connection, for hyper and tonic.
pub(super) type BoxError = Box<dyn StdError + Send + Sync>;
