//! Certificates: which to trust, and which to show.

mod refusal;
mod session;
mod validity;
mod verifier;

use self::refusal::explained;
use self::session::Session;
use self::verifier::Verifier;
use super::stream::{BoxError, Stream};
use super::{Connection, Identity, Pem, Protocol, Proxy};
use crate::{Error, ErrorKind};
use std::io;
use std::sync::Arc;
use tokio_rustls::rustls::client::{WantsClientCert, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

/// How to talk TLS to one collector, or to the proxy before it.
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
        let trusted = match given(connection)? {
            Some(given) => Trusted::Given(given),
            None => Trusted::Roots(system_roots(connection)?),
        };
        let config = config(connection, trusted)?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name: name(connection)? })
    }

    /// TLS to a proxy. Given certificates are trusted beside the system's, since a proxy may have one that is
    /// unrelated to the collector's.
    ///
    /// # Errors
    ///
    /// Those of [`Tls::new`].
    pub(super) fn to_proxy(connection: &Connection, proxy: &Proxy) -> Result<Self, Error> {
        let given = given(connection)?.unwrap_or_default();
        let roots = match system_roots(connection) {
            Err(_) if !given.is_empty() => RootCertStore::empty(),
            roots => roots?,
        };
        let builder = trusting(connection, Trusted::Both(roots, given))?;
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        let name = proxy_name(proxy)?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    pub(super) async fn handshake<S: Stream>(self, stream: S) -> Result<Session<S>, BoxError> {
        match self.connector.connect(self.name, stream).await {
            Ok(stream) => Ok(Session::new(stream)),
            Err(error) if is_hung_up(&error) => Err(io::Error::new(error.kind(), HUNG_UP).into()),
            Err(error) => Err(explained(error).into()),
        }
    }
}

/// Checks what [`Tls::new`] needs, except for the system's certificates.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    let trusted = match given(connection)? {
        Some(given) => Trusted::Given(given),
        None => Trusted::Roots(RootCertStore::empty()),
    };
    config(connection, trusted)?;
    name(connection).map(drop)
}

pub(super) fn check_proxy(proxy: &Proxy) -> Result<(), Error> {
    proxy_name(proxy).map(drop)
}

/// Whose certificates are trusted.
enum Trusted {
    /// Those of these authorities.
    Roots(RootCertStore),
    /// These themselves, and those that they sign.
    Given(Vec<CertificateDer<'static>>),
    Both(RootCertStore, Vec<CertificateDer<'static>>),
}

fn trusting(
    connection: &Connection,
    trusted: Trusted,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    // Not the process's default provider: there is none unless the program installs one.
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| unprepared(connection).with_source(error))?;
    let (mut roots, certificates) = match trusted {
        Trusted::Roots(roots) => return Ok(builder.with_root_certificates(roots)),
        Trusted::Given(given) => (RootCertStore::empty(), given),
        Trusted::Both(roots, given) => (roots, given),
    };
    for certificate in &certificates {
        // It cannot fail: `given` has read them.
        roots
            .add(certificate.clone())
            .map_err(|error| unprepared(connection).with_source(error))?;
    }
    let as_authorities = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .map_err(|error| unprepared(connection).with_source(error))?;
    let verifier = Arc::new(Verifier { certificates, as_authorities });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

fn config(connection: &Connection, trusted: Trusted) -> Result<ClientConfig, Error> {
    let config = trusting(connection, trusted)?;
    let mut config = match &connection.identity {
        None => config.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let chain = certificates(certificate)?;
            // Without the cause, which might show part of a key.
            let parsed = PrivateKeyDer::from_pem_slice(&key.content)
                .map_err(|_| key.unusable("has no PEM key"))?;
            config.with_client_auth_cert(chain, parsed).map_err(|error| {
                let unusable = match &error {
                    rustls::Error::InvalidCertificate(_) => certificate.unusable(MALFORMED),
                    _ => key.unusable("does not belong to the client's certificate"),
                };
                unusable.with_source(error)
            })?
        }
    };
    config.alpn_protocols = match connection.protocol {
        #[cfg(feature = "otlp-grpc")]
        Protocol::Grpc => vec![b"h2".to_vec()],
        #[cfg(feature = "otlp-http")]
        Protocol::HttpProtobuf | Protocol::HttpJson => vec![HTTP_1.to_vec()],
    };
    Ok(config)
}

fn proxy_name(proxy: &Proxy) -> Result<ServerName<'static>, Error> {
    let host = proxy.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(host).map_err(|error| {
        let text = format!("use the proxy {proxy}: no certificate can be for such a host");
        Error::new(ErrorKind::Config, text).with_source(error)
    })
}

fn name(connection: &Connection) -> Result<ServerName<'static>, Error> {
    let host = connection.endpoint.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(host).map_err(|error| {
        let text =
            format!("connect to {}: no certificate can be for such a host", connection.address());
        Error::new(ErrorKind::Config, text).with_source(error)
    })
}

/// The certificates that the connection trusts instead of the system's, if it names any.
fn given(connection: &Connection) -> Result<Option<Vec<CertificateDer<'static>>>, Error> {
    let Some(pem) = &connection.certificate else { return Ok(None) };
    let given = certificates(pem)?;
    for certificate in &given {
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| pem.unusable(MALFORMED).with_source(error))?;
    }
    Ok(Some(given))
}

fn system_roots(connection: &Connection) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Most systems have some that cannot be parsed.
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

/// At least one certificate. One that cannot be read is an error, or else all would seem well until the
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

/// Of valid PEM whose content is no certificate.
const MALFORMED: &str = "has a malformed certificate";

const HTTP_1: &[u8] = b"http/1.1";

/// Whether the peer closed the connection in the handshake, as a server without TLS does.
fn is_hung_up(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof && error.to_string().contains("handshake")
}

const HUNG_UP: &str =
    "the port closed the connection during the TLS handshake: is the endpoint an `http://` one?";
