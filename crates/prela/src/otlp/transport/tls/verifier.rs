//! Trusts the certificates that were given: as authorities, and as the collector's own.

use super::validity::Validity;
use std::sync::Arc;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Verifies as rustls does, and also accepts a certificate that is byte for byte a given one as the
/// collector's own. rustls refuses those that `openssl req -x509` makes, since they say they are an authority.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) as_authorities: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.as_authorities.verify_server_cert(presented, intermediates, name, ocsp, now);
        let is_given =
            || self.certificates.iter().any(|given| given.as_ref() == presented.as_ref());
        match verified {
            Err(error) if !is_final(&error) && is_given() => {
                // Checked here, since the verification above may have failed before it came to these.
                let parsed = ParsedCertificate::try_from(presented)?;
                Validity::of(presented).ok_or(CertificateError::BadEncoding)?.check(now)?;
                verify_server_name(&parsed, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.as_authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.as_authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.as_authorities.supported_verify_schemes()
    }
}

/// Whether a certificate with this error is refused even if it was given.
fn is_final(error: &Error) -> bool {
    use CertificateError::*;
    matches!(
        error,
        Error::InvalidCertificate(
            BadEncoding
                | Expired
                | ExpiredContext { .. }
                | NotValidYet
                | NotValidYetContext { .. }
                | NotValidForName
                | NotValidForNameContext { .. }
                | Revoked
        )
    )
}
