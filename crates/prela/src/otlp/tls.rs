//! Certificates: which to trust, and which to show.

use super::connector::{BoxError, Stream};
use super::{Connection, Identity, Pem, Protocol};
use crate::{Error, ErrorKind};
use std::sync::Arc;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

/// How to talk TLS to one collector.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// Reads the system's certificates where none are given, which takes milliseconds.
    ///
    /// # Errors
    ///
    /// Certificates or keys that cannot be read, or a host that no certificate can be for.
    pub(super) fn new(connection: &Connection) -> Result<Self, Error> {
        let roots = match given_roots(connection)? {
            Some(roots) => roots,
            None => system_roots(connection)?,
        };
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config(connection, roots)?)),
            name: name(connection)?,
        })
    }

    pub(super) async fn handshake<S: Stream>(self, stream: S) -> Result<TlsStream<S>, BoxError> {
        Ok(self.connector.connect(self.name, stream).await?)
    }
}

/// Whether [`Tls::new`] will do, as far as it does not depend on the system's certificates.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    let roots = given_roots(connection)?.unwrap_or_else(RootCertStore::empty);
    config(connection, roots)?;
    name(connection).map(drop)
}

fn config(connection: &Connection, roots: RootCertStore) -> Result<ClientConfig, Error> {
    // Not the process's default provider: there is none unless the program installs one.
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| unprepared(connection).with_source(error))?
        .with_root_certificates(roots);
    let mut config = match &connection.identity {
        None => config.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let chain = certificates(certificate)?;
            // Without the cause: who knows what of a key it would show.
            let parsed = PrivateKeyDer::from_pem_slice(&key.content)
                .map_err(|_| key.unusable("has no PEM key"))?;
            config.with_client_auth_cert(chain, parsed).map_err(|error| {
                let unusable = match &error {
                    rustls::Error::InvalidCertificate(_) => certificate.unusable(MALFORMED),
                    _ => key.unusable("is no key for the client's certificate"),
                };
                unusable.with_source(error)
            })?
        }
    };
    config.alpn_protocols = match connection.protocol {
        #[cfg(feature = "grpc")]
        Protocol::Grpc => vec![b"h2".to_vec()],
        #[cfg(feature = "http")]
        Protocol::HttpProtobuf => vec![b"http/1.1".to_vec()],
    };
    Ok(config)
}

fn name(connection: &Connection) -> Result<ServerName<'static>, Error> {
    let host = connection.endpoint.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(host).map_err(|error| {
        let text =
            format!("connect to {}: no certificate is for such a host", connection.address());
        Error::new(ErrorKind::Config, text).with_source(error)
    })
}

/// What the connection trusts instead of the system's certificates, if it says so.
fn given_roots(connection: &Connection) -> Result<Option<RootCertStore>, Error> {
    let Some(pem) = &connection.certificate else { return Ok(None) };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| pem.unusable(MALFORMED).with_source(error))?;
    }
    Ok(Some(roots))
}

fn system_roots(connection: &Connection) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Most systems have some that are not to be read.
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let error = unprepared(connection);
    Err(match found.errors.into_iter().next() {
        Some(cause) => error.with_source(cause),
        None => error.with_source("the system has no certificates"),
    })
}

/// At least one. What cannot be read is not passed over, or else all would seem well until the
/// handshake.
fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.content).collect();
    let all = all.map_err(|error| pem.unusable("is malformed PEM").with_source(error))?;
    match all.is_empty() {
        true => Err(pem.unusable("has no PEM certificate")),
        false => Ok(all),
    }
}

fn unprepared(connection: &Connection) -> Error {
    Error::new(ErrorKind::Config, format!("prepare TLS for {}", connection.address()))
}

/// PEM all right, and no certificate in it.
const MALFORMED: &str = "has a malformed certificate";
