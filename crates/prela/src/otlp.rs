//! OTLP: messages and transports. Knows nothing of queues, exporters or configuration.
//! What a span is on the wire, `span::message` knows.

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod compression;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod connection;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod connector;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod contact;
pub(crate) mod encode;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod fault;
#[cfg(feature = "otlp-grpc")]
pub(crate) mod grpc;
#[cfg(feature = "otlp-http")]
pub(crate) mod http;
pub(crate) mod json;
#[cfg(test)]
mod message;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod peer_protocol;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod proxy;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod redirect;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod reply;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod signal;
mod split;
#[cfg(all(any(feature = "otlp-grpc", feature = "otlp-http"), feature = "tls"))]
mod tls;

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use compression::Compression;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use connection::{Connection, Identity, PATH_TWICE, Pem, Protocol};
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use proxy::Proxy;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use reply::Reply;

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use signal::Signal;
pub(crate) use split::split;

#[cfg(test)]
use crate::span::{Batch, SpanData};
#[cfg(test)]
use opentelemetry::InstrumentationScope;
#[cfg(test)]
use std::sync::Arc;

/// Sent by both transports.
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
const USER_AGENT: &str = concat!("prela/", env!("CARGO_PKG_VERSION"));

/// A request over this many bytes is not sent. Collectors take a few MiB, and what is queued is cut to
/// fit; this is for what comes in one piece.
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
const LONGEST_REQUEST: usize = 64 << 20;
/// An answer is read up to this many bytes.
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
const LONGEST_ANSWER: usize = 4 << 20;

/// Whether the connection can have the TLS that it asks for: before the first use, so that a bad
/// certificate is an error at start.
///
/// # Errors
///
/// No feature `tls`, or certificates that cannot be read.
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) fn check(connection: &Connection) -> Result<(), crate::Error> {
    if !connection.is_tls() {
        return Ok(());
    }
    #[cfg(feature = "tls")]
    return tls::check(connection);
    #[cfg(not(feature = "tls"))]
    Err(no_tls(connection.address()))
}

/// The same for a proxy.
///
/// # Errors
///
/// No feature `tls`, or a host that no certificate can be for.
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) fn check_proxy(proxy: &Proxy) -> Result<(), crate::Error> {
    if !proxy.is_tls() {
        return Ok(());
    }
    #[cfg(feature = "tls")]
    return tls::check_proxy(proxy);
    #[cfg(not(feature = "tls"))]
    Err(no_tls(proxy))
}

#[cfg(all(any(feature = "otlp-grpc", feature = "otlp-http"), not(feature = "tls")))]
fn no_tls(address: impl std::fmt::Display) -> crate::Error {
    let text = format!("connect to {address}: `https` needs the feature `tls` of prela");
    crate::Error::new(crate::ErrorKind::Config, text)
}

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
fn unprepared(connection: &Connection) -> crate::Error {
    let text = format!("prepare the connection to {}", connection.address());
    crate::Error::new(crate::ErrorKind::Io, text)
}

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
fn too_large(connection: &Connection, length: usize) -> crate::Error {
    let address = connection.address();
    let text = format!(
        "export to {address}: {length} bytes are too many: at most {LONGEST_REQUEST} are sent at once"
    );
    crate::Error::new(crate::ErrorKind::TooLarge, text)
}

/// The spans of each instrumentation scope, both in the order of the batch.
#[cfg(test)]
fn by_scope(batch: &Batch) -> Vec<(&InstrumentationScope, Vec<&SpanData>)> {
    let mut scopes: Vec<(&Arc<InstrumentationScope>, Vec<&SpanData>)> = Vec::new();
    for span in batch.spans() {
        let same = |known: &Arc<_>| Arc::ptr_eq(known, &span.scope) || *known == span.scope;
        match scopes.iter_mut().find(|(known, _)| same(known)) {
            Some((_, spans)) => spans.push(span),
            None => scopes.push((&span.scope, vec![span])),
        }
    }
    scopes.into_iter().map(|(scope, spans)| (scope.as_ref(), spans)).collect()
}
