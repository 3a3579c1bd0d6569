//! A proxy on the way to a collector.

use super::USER_AGENT;
use super::peer_protocol::{CheckedStream, PeerProtocol, Speaker};
use super::stream::Stream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::PROXY_AUTHORIZATION;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use std::error::Error as StdError;
use std::{fmt, io};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The URL of an HTTP proxy, with the user and password that it is sent. Shown without these.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// Scheme, host and port.
    url: Uri,
    authorization: Option<HeaderValue>,
    /// The parts of the above that a peer may quote.
    secrets: Vec<String>,
}

impl Proxy {
    /// Reads `http://user:password@host:port`, of which only the host is required.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL, without quoting it: it can hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const NO_URL: &str = "it is not the URL of a proxy, such as `http://proxy.example:3128`";
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::HTTP, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::HTTP, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::HTTPS, rest),
            Some((scheme, _)) if scheme.starts_with("socks") && scheme.len() < 9 => {
                let scheme = scheme.escape_debug();
                return Err(format!(
                    "it is the URL of a `{scheme}` proxy, and only those of `http://` and `https://` can \
                     be used"
                ));
            }
            Some(_) => return Err(NO_URL.to_owned()),
        };
        // Passwords are often written unescaped, with any characters.
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host: Authority = host.parse().map_err(|_| NO_URL.to_owned())?;
        let has_port = host.as_str().len() > host.host().len();
        if host.host().is_empty() || has_port && host.port_u16().is_none() {
            return Err(NO_URL.to_owned());
        }
        let url = Uri::builder().scheme(scheme).authority(host);
        let url = url.path_and_query(PathAndQuery::from_static("/")).build();
        let url = url.map_err(|_| NO_URL.to_owned())?;
        let mut proxy = Self { url, authorization: None, secrets: Vec::new() };
        if let Some(user) = user {
            proxy.identify(user);
        }
        Ok(proxy)
    }

    fn identify(&mut self, user: &str) {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, decoded) = (decoded(name), decoded(password));
        let credentials = BASE64.encode(format!("{name}:{decoded}"));
        // Base64 is always valid in a header.
        if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {credentials}")) {
            value.set_sensitive(true);
            self.authorization = Some(value);
        }
        self.secrets = vec![credentials, decoded, password.to_owned()];
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host().unwrap_or_default()
    }

    pub(super) fn url(&self) -> &Uri {
        &self.url
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == Some(&Scheme::HTTPS)
    }

    pub(super) fn speaker(&self) -> Speaker {
        Speaker::Proxy(self.to_string())
    }

    /// `Proxy-Authorization`, for a request that the proxy forwards.
    #[cfg(any(feature = "otlp-http", test))]
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(String::as_str)
    }

    /// Asks the proxy, over a stream to it, to forward bytes to a host and port.
    ///
    /// Written here since hyper-util's tunnel loses what the collector sends first, as gRPC servers do, and
    /// the status of a refusal.
    ///
    /// # Errors
    ///
    /// The proxy's answer, or what came instead of one.
    pub(super) async fn tunnel<S: Stream>(&self, stream: S, target: &Uri) -> Result<S, ProxyError> {
        let host = target.host().unwrap_or_default();
        let port = target.port_u16().unwrap_or(match target.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => 443,
            _ => 80,
        });
        let mut request = format!(
            "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {USER_AGENT}\r\n"
        )
        .into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(PROXY_AUTHORIZATION.as_str().as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let broken = |error: io::Error| match error.kind() {
            // It says all there is to say.
            io::ErrorKind::InvalidData => ProxyError { text: error.to_string(), source: None },
            _ => self.problem("broke off").with_source(error),
        };
        let mut stream = CheckedStream::by(self.speaker(), stream, PeerProtocol::Http1);
        stream.write_all(&request).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;

        // Every head is longer than the first part, which may tell what else is there. Then byte by byte:
        // the bytes after the head are the collector's already.
        let mut first = [0; FIRST];
        let length = stream.read(&mut first).await.map_err(broken)?;
        if length == 0 {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        let mut read = length;
        let mut head = first[..length].to_vec();
        loop {
            while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
                if read == LONGEST_HEAD {
                    return Err(self.problem("answered with headers of more than 16 KiB"));
                }
                head.push(stream.read_u8().await.map_err(broken)?);
                read += 1;
            }
            match status(&head) {
                Some(status) if status.is_success() => return Ok(stream.into_inner()),
                // The final answer is yet to come.
                Some(status) if status.is_informational() => head.clear(),
                Some(status) => return Err(self.refusal(status, host, port)),
                None => return Err(self.problem("answered with something that is not HTTP/1")),
            }
        }
    }

    fn refusal(&self, status: StatusCode, host: &str, port: u16) -> ProxyError {
        self.problem(format!(
            "answered {status}{}",
            match status {
                StatusCode::PROXY_AUTHENTICATION_REQUIRED => self.asks_who().to_owned(),
                StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => format!(": it could not reach {host}:{port}"),
                _ => format!(": it refuses to connect to {host}:{port}"),
            }
        ))
    }

    /// What a proxy that answers 407 wants, as text that follows the status.
    pub(super) fn asks_who(&self) -> &'static str {
        match self.authorization {
            None => ": it wants a user and a password, as in `http://user:password@host:port`",
            Some(_) => ": it refuses the user and the password of its URL",
        }
    }

    /// An error of the proxy; the text follows its address.
    pub(super) fn problem(&self, text: impl fmt::Display) -> ProxyError {
        ProxyError { text: format!("the proxy {self} {text}"), source: None }
    }
}

/// Shows neither user nor password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (self.url.scheme_str().unwrap_or("http"), self.url.authority());
        write!(f, "{scheme}://{}", host.map_or("", Authority::as_str))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a proxy did instead of its work.
#[derive(Debug)]
pub(super) struct ProxyError {
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ProxyError {
    pub(super) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for ProxyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The status in an answer's first line.
fn status(head: &[u8]) -> Option<StatusCode> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let version = words.next()?;
    let code = words.next()?;
    let code = code.strip_suffix(b"\r").unwrap_or(code);
    version.starts_with(b"HTTP/1.").then(|| StatusCode::from_bytes(code).ok()).flatten()
}

const LONGEST_HEAD: usize = 16 << 10;
const FIRST: usize = "HTTP/1.".len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_people_write_them() {
        for (text, shown, user) in [
            ("http://proxy.example:3128", "http://proxy.example:3128", None),
            ("HTTP://proxy.example/", "http://proxy.example", None),
            ("https://proxy.example", "https://proxy.example", None),
            ("proxy.example:3128", "http://proxy.example:3128", None),
            ("10.1.2.3:8080", "http://10.1.2.3:8080", None),
            ("http://[::1]:3128/path?query", "http://[::1]:3128", None),
            ("http://u:p@proxy:1", "http://proxy:1", Some("u:p")),
            ("u:p@proxy:1", "http://proxy:1", Some("u:p")),
            ("http://u:s%40f%3Ae@proxy:1", "http://proxy:1", Some("u:s@f:e")),
            ("http://u:a@b/c#d?e%zz@proxy:1", "http://proxy:1", Some("u:a@b/c#d?e%zz")),
            ("http://alone@proxy", "http://proxy", Some("alone:")),
            ("http://u:gehe\u{ef}m@proxy", "http://proxy", Some("u:gehe\u{ef}m")),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!((proxy.to_string(), format!("{proxy:?}")), (shown.into(), shown.into()));
            let expected = user.map(|user| format!("Basic {}", BASE64.encode(user)));
            let sent = proxy.authorization().map(|value| value.to_str().unwrap());
            assert_eq!(sent, expected.as_deref(), "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_secrets() {
        for text in [
            "socks5://u:secret@proxy:1080",
            "ftp://u:secret@proxy",
            "http://",
            "http://u:secret@",
            "http://u:secret@proxy:port",
            "http://u:secret@proxy:99999",
            "http://u:secret@two words",
            ":3128",
        ] {
            let problem = Proxy::parse(text).unwrap_err();
            assert!(problem.starts_with("it is ") && !problem.contains("secret"), "{problem}");
        }
    }
}
