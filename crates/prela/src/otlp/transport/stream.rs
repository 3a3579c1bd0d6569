//! Streams of bytes to a peer, and why one ended: the clients' own errors report a request that was about to be
//! sent only as canceled.

use hyper_util::client::legacy::connect::{Connected, Connection as ClientStream};
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};
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

/// What was last found wrong with the connections of one transport.
#[derive(Clone, Debug, Default)]
pub(super) struct Fault(Arc<Mutex<Option<(io::ErrorKind, String)>>>);

impl Fault {
    pub(super) fn set(&self, error: &io::Error) {
        self.put(Some((error.kind(), error.to_string())));
    }

    /// Forgets what was found, since a new connection is being made.
    pub(super) fn forget(&self) {
        self.put(None);
    }

    fn put(&self, found: Option<(io::ErrorKind, String)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// Puts what was found wrong in front of an error that does not say so itself.
    pub(super) fn explain(&self, error: impl Into<BoxError>) -> BoxError {
        let error = error.into();
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match found {
            Some((kind, text)) if !says(&*error, &text) => {
                io::Error::new(kind, Explained { text, error }).into()
            }
            _ => error,
        }
    }
}

fn says(error: &(dyn StdError + 'static), text: &str) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains(text) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[derive(Debug)]
struct Explained {
    text: String,
    error: BoxError,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Explained {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.error)
    }
}
