//! What a transport needs to know about its collector.

use super::{Compression, Proxy};
use crate::env::Variable;
use crate::otlp::Signal;
use crate::{Error, ErrorKind};
use http::{HeaderMap, Uri};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Which transport carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    #[cfg(feature = "otlp-grpc")]
    Grpc,
    #[cfg(feature = "otlp-http")]
    HttpProtobuf,
    #[cfg(feature = "otlp-http")]
    HttpJson,
}

impl Protocol {
    pub(crate) fn is_http(self) -> bool {
        match self {
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc => false,
            #[cfg(feature = "otlp-http")]
            Self::HttpProtobuf | Self::HttpJson => true,
        }
    }
}

/// A collector, and how to talk to it. Checked when it was made: nothing in it can be malformed.
#[derive(Clone)]
pub(crate) struct Connection {
    /// What it is sent.
    pub(crate) signal: Signal,
    pub(crate) protocol: Protocol,
    /// Scheme, host, port and, for HTTP, the whole path.
    pub(crate) endpoint: Uri,
    /// The Unix socket to connect to instead of the endpoint's host.
    pub(crate) socket: Option<PathBuf>,
    /// None for a socket.
    pub(crate) proxy: Option<Proxy>,
    /// Sent with each request; values can be secrets.
    pub(crate) headers: HeaderMap,
    /// Time for one attempt, connecting included.
    pub(crate) timeout: Duration,
    pub(crate) compression: Option<Compression>,
    /// Certificates to trust instead of the system's.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS has certificates"))]
    pub(crate) certificate: Option<Pem>,
    /// The certificate for a collector that asks for its client's.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS has certificates"))]
    pub(crate) identity: Option<Identity>,
}

/// A client's certificate with its chain, and its private key.
#[derive(Clone)]
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS has certificates"))]
pub(crate) struct Identity {
    pub(crate) certificate: Pem,
    pub(crate) key: Pem,
}

/// Text that should be PEM, and where it came from.
#[derive(Clone)]
pub(crate) struct Pem {
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS has certificates"))]
    pub(crate) content: Vec<u8>,
    /// How an error begins; what is wrong with the content follows.
    pub(crate) origin: String,
    /// The variable that named its file; none: it came from the code.
    pub(crate) variable: Option<Variable>,
}

impl Pem {
    /// An error without the content.
    pub(crate) fn unusable(&self, problem: &str) -> Error {
        let error = Error::new(ErrorKind::Config, format!("{} {problem}", self.origin));
        match self.variable {
            Some(variable) => variable.blamed_for(error),
            None => error,
        }
    }
}

impl Connection {
    /// The endpoint without user, password and query, which can be secrets.
    pub(crate) fn address(&self) -> Address<'_> {
        Address(self)
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.socket.is_none() && self.endpoint.scheme_str() == Some("https")
    }

    /// Whether bodies are JSON.
    #[cfg(feature = "otlp-http")]
    pub(super) fn is_json(&self) -> bool {
        self.protocol == Protocol::HttpJson
    }

    /// What to do if the path that OTLP adds is there twice, which is a mistake.
    pub(crate) fn path_twice(&self) -> Option<String> {
        let (path, variable) = (self.signal.path(), self.signal.endpoint_variable());
        let before = self.endpoint.path().strip_suffix(path)?;
        before.ends_with(path).then(|| {
            format!(
                "`{path}` is added to the path of OTEL_EXPORTER_OTLP_ENDPOINT, so leave it out there, or set {variable}"
            )
        })
    }

    /// Whether a proxy forwards the requests, and may answer them itself; otherwise it forwards bytes.
    pub(super) fn is_forwarded(&self) -> bool {
        self.proxy.is_some() && self.protocol.is_http() && !self.is_tls()
    }

    /// A peer's text, fit for a line of ours: no control characters, at most a line or two, and none of the
    /// secrets that the peer was sent and may quote.
    pub(super) fn remark(&self, text: &str) -> String {
        let mut text: String = text.chars().take(LONGEST_READ).collect();
        for secret in self.secrets() {
            text = text.replace(secret, "…");
        }
        let one_line: String = text
            .chars()
            .take(LONGEST_REMARK)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        one_line.trim().to_owned()
    }

    /// The values of headers, whole and word by word, and those of the query. What is as short as `1` is no
    /// secret, and would be found everywhere.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let headers =
            self.headers.values().filter_map(|value| str::from_utf8(value.as_bytes()).ok());
        let headers = headers.flat_map(|value| std::iter::once(value).chain(value.split(' ')));
        let query = self.endpoint.query().into_iter();
        let query =
            query.flat_map(|query| query.split('&').filter_map(|pair| pair.split('=').nth(1)));
        let proxy = self.proxy.iter().flat_map(Proxy::secrets);
        headers.chain(query).chain(proxy).filter(|secret| secret.len() >= SHORTEST_SECRET)
    }
}

/// Shows no values of headers.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("protocol", &self.protocol)
            .field("endpoint", &format_args!("{}", self.address()))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("timeout", &self.timeout)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

/// Shows an endpoint, and the proxy before it, without their secrets.
pub(crate) struct Address<'a>(&'a Connection);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Connection { endpoint, socket, .. } = self.0;
        if let Some(socket) = socket {
            return write!(f, "unix:{}", socket.display());
        }
        let scheme = endpoint.scheme_str().unwrap_or("http");
        write!(f, "{scheme}://{}", endpoint.host().unwrap_or_default())?;
        if let Some(port) = endpoint.port() {
            write!(f, ":{port}")?;
        }
        if endpoint.path() != "/" {
            f.write_str(endpoint.path())?;
        }
        match &self.0.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

const LONGEST_REMARK: usize = 300;
/// The characters in which secrets are looked for: more than a remark, since a secret may cross its end.
const LONGEST_READ: usize = 4096;
const SHORTEST_SECRET: usize = 5;
