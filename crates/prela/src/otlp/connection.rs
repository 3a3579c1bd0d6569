//! What a transport needs to know of the collector it talks to.

use http::{HeaderMap, Uri};
use std::fmt;
use std::time::Duration;

/// Which transport carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    #[cfg(feature = "grpc")]
    Grpc,
    #[cfg(feature = "http")]
    HttpProtobuf,
}

/// A collector, and how to talk to it. Checked when it was made: nothing in it can be malformed.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) protocol: Protocol,
    /// Scheme, host, port and, for HTTP, the whole path.
    pub(crate) endpoint: Uri,
    /// Sent with each request; values can be secrets.
    pub(crate) headers: HeaderMap,
    /// For one attempt, connecting included.
    pub(crate) timeout: Duration,
    pub(crate) gzip: bool,
    /// PEM certificates to trust instead of the system's.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS has certificates"))]
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Connection {
    /// The endpoint without user, password and query, which can be secrets.
    pub(crate) fn address(&self) -> Address<'_> {
        Address(&self.endpoint)
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.endpoint.scheme_str() == Some("https")
    }
}

/// Without the headers' values.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("protocol", &self.protocol)
            .field("endpoint", &format_args!("{}", self.address()))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .finish_non_exhaustive()
    }
}

/// Shows an endpoint as far as it is no secret.
pub(crate) struct Address<'a>(&'a Uri);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or("http");
        write!(f, "{scheme}://{}", self.0.host().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        match self.0.path() {
            "/" => Ok(()),
            path => f.write_str(path),
        }
    }
}
