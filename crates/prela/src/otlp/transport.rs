//! Sends requests to a collector, and reads its answers.

mod compression;
mod connection;
mod connector;
mod contact;
mod gathering;
#[cfg(feature = "otlp-grpc")]
pub(crate) mod grpc;
#[cfg(feature = "otlp-http")]
pub(crate) mod http;
mod peer_protocol;
mod proxy;
mod redirect;
mod reply;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use self::compression::Compression;
pub(crate) use self::connection::{Connection, Identity, Pem, Protocol};
pub(crate) use self::proxy::Proxy;
pub(crate) use self::reply::Reply;

use crate::{Error, ErrorKind};
#[cfg(not(feature = "tls"))]
use std::fmt::Display;

/// Sent by both transports.
const USER_AGENT: &str = concat!("prela/", env!("CARGO_PKG_VERSION"));

/// The most bytes of a request. Collectors take a few MiB, and requests are split to fit; this bounds what
/// cannot be split.
const LONGEST_REQUEST: usize = 64 << 20;
/// The most bytes that are read of an answer.
const LONGEST_ANSWER: usize = 4 << 20;

/// Checks that the connection can have the TLS that it asks for, so that a bad certificate is an error at the
/// start and not at the first use.
///
/// # Errors
///
/// No feature `tls`, or certificates that cannot be read.
pub(crate) fn check(connection: &Connection) -> Result<(), Error> {
    if !connection.is_tls() {
        return Ok(());
    }
    #[cfg(feature = "tls")]
    return tls::check(connection);
    #[cfg(not(feature = "tls"))]
    Err(no_tls(connection.address()))
}

/// Checks that a proxy can have the TLS that its URL asks for.
///
/// # Errors
///
/// No feature `tls`, or a host that no certificate can be for.
pub(crate) fn check_proxy(proxy: &Proxy) -> Result<(), Error> {
    if !proxy.is_tls() {
        return Ok(());
    }
    #[cfg(feature = "tls")]
    return tls::check_proxy(proxy);
    #[cfg(not(feature = "tls"))]
    Err(no_tls(proxy))
}

#[cfg(not(feature = "tls"))]
fn no_tls(address: impl Display) -> Error {
    let text = format!("connect to {address}: `https` needs the feature `tls` of prela");
    Error::new(ErrorKind::Config, text)
}

fn unprepared(connection: &Connection) -> Error {
    let text = format!("prepare the connection to {}", connection.address());
    Error::new(ErrorKind::Io, text)
}

fn too_large(connection: &Connection, length: usize) -> Error {
    let address = connection.address();
    let text = format!(
        "export to {address}: {length} bytes are too many: at most {LONGEST_REQUEST} are sent at once"
    );
    Error::new(ErrorKind::TooLarge, text)
}
