//! Which certificates to trust, for both transports.

use super::Connection;
use crate::{Error, ErrorKind};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What the connection trusts instead of the system's certificates, if it says so.
///
/// # Errors
///
/// If there is no certificate in it, or one that cannot be read: what cannot be read is not passed
/// over, or else all would seem well until the handshake.
pub(super) fn given_roots(connection: &Connection) -> Result<Option<RootCertStore>, Error> {
    let Some(pem) = &connection.certificate else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| unusable(connection).with_source(error))?;
        roots.add(certificate).map_err(|error| unusable(connection).with_source(error))?;
    }
    if roots.is_empty() {
        let text = "the given file has no PEM certificate";
        return Err(unusable(connection).with_source(text));
    }
    Ok(Some(roots))
}

pub(super) fn unusable(connection: &Connection) -> Error {
    Error::new(ErrorKind::Config, format!("prepare TLS for {}", connection.address()))
}
