//! Where a collector is.

use crate::Error;
use crate::env::{self, Variable};
use crate::otlp::Signal;
use crate::otlp::transport::Protocol;
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use std::net::Ipv6Addr;
use std::path::PathBuf;

pub(super) enum Target {
    Url(Uri),
    /// A Unix socket.
    Socket(PathBuf),
}

/// How a URL became the endpoint, which decides about its path.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Origin {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the signal's path is added to whatever path there is.
    AnySignal,
    /// A variable for one signal, as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`: used as it is.
    Signal(Variable),
    /// The code: the signal's path is added if there is none.
    Code,
}

impl Origin {
    /// Says that an error is about the endpoint of a variable, if it came from one.
    pub(super) fn blamed_for(self, error: Error) -> Error {
        match self {
            Self::AnySignal => env::OTEL_EXPORTER_OTLP_ENDPOINT.blamed_for(error),
            Self::Signal(variable) => variable.blamed_for(error),
            Self::Code => error,
        }
    }
}

/// Reads the URL of a collector: `http://`, `https://`, or `unix:` and the path of a socket. `bare` is
/// the scheme of a host without one; none if it must have one.
///
/// # Errors
///
/// What is wrong with which URL; without what can be a secret.
pub(super) fn parse(text: &str, bare: Option<Scheme>) -> Result<Target, String> {
    if text.contains('@') {
        return Err("the URL has a user or a password: send a header instead".to_owned());
    }
    read(text, bare).map_err(|problem| {
        let shown = match text.find(['?', '#']) {
            Some(at) => format!("{}…", &text[..=at]),
            None => text.to_owned(),
        };
        let unquoted = text.trim_matches(['"', '\'']);
        let advice = match has_scheme(text) {
            true => None,
            // As in files of variables that are not read by a shell.
            false if unquoted.len() < text.len() && read(unquoted, None).is_ok() => {
                return format!("{} has quotes around it: leave them out", env::quoted(&shown));
            }
            false => plain(text.split(['?', '#']).next().unwrap_or_default())
                .map(|rest| format!(": write `http://{rest}`, or `https://{rest}` for TLS")),
        };
        format!("{} {problem}{}", env::quoted(&shown), advice.unwrap_or_default())
    })
}

fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// What would come after `http://` in a URL without a scheme, or with a wrong one; none if that would
/// be no URL either.
fn plain(text: &str) -> Option<String> {
    // `grpc://host`, and `http:/host`, `http//host`, `http:host`.
    let rest = match text.split_once("://") {
        Some((_, rest)) => rest,
        None => ["https:", "http:", "https/", "http/"]
            .iter()
            .find_map(|begin| text.strip_prefix(begin))
            .unwrap_or(text),
    };
    let rest = rest.trim_start_matches('/').trim_matches(['"', '\'']);
    let rest = match rest.parse::<Ipv6Addr>() {
        Ok(ip) => match rest.rsplit_once(':') {
            // An address could end like that, but a port is likelier.
            Some((ip, port @ ("4317" | "4318"))) if ip.parse::<Ipv6Addr>().is_ok() => {
                format!("[{ip}]:{port}")
            }
            _ => format!("[{ip}]"),
        },
        // A port alone.
        Err(_) => match rest.strip_prefix(':').unwrap_or(rest).parse::<u16>() {
            Ok(port) => format!("localhost:{port}"),
            Err(_) => rest.to_owned(),
        },
    };
    let url = format!("http://{rest}");
    matches!(read(&url, None), Ok(Target::Url(_))).then_some(rest)
}

fn read(text: &str, bare: Option<Scheme>) -> Result<Target, &'static str> {
    if let Some(path) = text.strip_prefix("unix:") {
        // `unix:/path` and `unix:///path` are the same.
        let path = path.strip_prefix("//").unwrap_or(path);
        return match path.starts_with('/') {
            _ if !cfg!(unix) => Err("needs Unix sockets, which this system does not have"),
            true => Ok(Target::Socket(path.into())),
            false => Err("is not the absolute path of a socket, such as `unix:/run/otel.sock`"),
        };
    }
    let parsed = text.parse();
    let mut url: Uri = parsed.map_err(|_| match has_scheme(text) || plain(text).is_none() {
        true => "is not a URL",
        false => NO_SCHEME,
    })?;
    if let (None, Some(scheme), Some(host)) = (url.scheme(), bare, url.authority()) {
        let with_scheme = Uri::builder().scheme(scheme).authority(host.clone()).path_and_query("/");
        url = with_scheme.build().map_err(|_| "is not a URL")?;
    }
    match url.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {}
        _ => return Err(NO_SCHEME),
    }
    // Otherwise an invalid port would count as the default one.
    let port = |host: &str| url.authority()?.as_str().strip_prefix(host)?.strip_prefix(':');
    if url.host().and_then(port).is_some_and(|port| !port.is_empty() && url.port_u16().is_none()) {
        return Err("has a port that is not a number up to 65535");
    }
    match url.host() {
        Some(host) if !host.is_empty() => Ok(Target::Url(url)),
        _ => Err("is a URL without a host"),
    }
}

const NO_SCHEME: &str = "is not a URL that begins with `http://` or `https://`";

/// The protocol guessed from an endpoint, where none is set.
pub(super) fn protocol(endpoint: Option<&Target>) -> Protocol {
    #[cfg(all(feature = "otlp-grpc", feature = "otlp-http"))]
    {
        let Some(Target::Url(endpoint)) = endpoint else { return Protocol::Grpc };
        match endpoint.port_u16() {
            Some(4318) => Protocol::HttpProtobuf,
            Some(4317) => Protocol::Grpc,
            // gRPC has its own path, so an endpoint with a path is not for it.
            _ if endpoint.path() != "/" => Protocol::HttpProtobuf,
            _ => Protocol::Grpc,
        }
    }
    #[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http")))]
    {
        let _ = endpoint;
        #[cfg(feature = "otlp-grpc")]
        return Protocol::Grpc;
        #[cfg(feature = "otlp-http")]
        Protocol::HttpProtobuf
    }
}

/// The endpoint with the path that the protocol needs.
pub(super) fn with_path(endpoint: Uri, protocol: Protocol, origin: Origin, signal: Signal) -> Uri {
    let given = endpoint.path().trim_end_matches('/');
    // An endpoint for spans names the collector of the other signals too.
    let of_spans = given.strip_suffix(Signal::Traces.path());
    let path =
        of_spans.filter(|_| origin == Origin::Code && signal != Signal::Traces).unwrap_or(given);
    let adds = match origin {
        Origin::AnySignal => true,
        Origin::Signal(_) => false,
        Origin::Code => path.is_empty() || path.len() < given.len(),
    };
    if !protocol.is_http() || !adds {
        return endpoint;
    }
    let query = endpoint.query().map_or_else(String::new, |query| format!("?{query}"));
    let path: Result<PathAndQuery, _> = format!("{path}{}{query}", signal.path()).parse();
    let mut parts = endpoint.clone().into_parts();
    parts.path_and_query = path.ok();
    Uri::from_parts(parts).unwrap_or(endpoint)
}

/// The URL that a request through a Unix socket names.
pub(super) fn behind_socket(protocol: Protocol, signal: Signal) -> Uri {
    with_path(Uri::from_static("http://localhost"), protocol, Origin::AnySignal, signal)
}

/// Where a collector is if nothing says so.
pub(super) fn default_for(protocol: Protocol, signal: Signal) -> Uri {
    let collector = Uri::from_static(match protocol {
        #[cfg(feature = "otlp-grpc")]
        Protocol::Grpc => "http://localhost:4317",
        #[cfg(feature = "otlp-http")]
        Protocol::HttpProtobuf | Protocol::HttpJson => "http://localhost:4318",
    });
    with_path(collector, protocol, Origin::AnySignal, signal)
}
