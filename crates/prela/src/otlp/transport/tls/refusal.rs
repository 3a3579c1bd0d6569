//! Why a TLS connection failed, and what to do about it.

use humantime::format_rfc3339_seconds;
use std::error::Error as StdError;
use std::time::{Duration, UNIX_EPOCH};
use std::{fmt, io};
use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, OtherError};

/// Puts a sentence on what to do in front of an error of TLS; any other stays as it is.
pub(super) fn explained(error: io::Error) -> io::Error {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls.and_then(advice) {
        Some(advice) => io::Error::new(error.kind(), Refusal { advice, error }),
        None => error,
    }
}

#[derive(Debug)]
struct Refusal {
    advice: String,
    error: io::Error,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.advice)
    }
}

impl StdError for Refusal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.error)
    }
}

fn advice(error: &Error) -> Option<String> {
    Some(match error {
        Error::InvalidCertificate(problem) => certificate(problem),
        Error::AlertReceived(alert) => told(*alert).to_owned(),
        Error::NoCertificatesPresented => "the server shows no certificate: give it one".to_owned(),
        Error::PeerIncompatible(_) => NOTHING_IN_COMMON.to_owned(),
        Error::NoApplicationProtocol => OTHER_PROTOCOL.to_owned(),
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => {
            "the port breaks the rules of TLS: is it the collector's?".to_owned()
        }
        _ => return None,
    })
}

/// What is wrong with the certificate that the server shows.
fn certificate(problem: &CertificateError) -> String {
    match problem {
        CertificateError::BadEncoding => {
            "the server's certificate is malformed: have it reissued".to_owned()
        }
        CertificateError::Expired => format!("the server's certificate has expired: {RENEW}"),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the server's certificate expired on {}: {RENEW}", date(*not_after))
        }
        CertificateError::NotValidYet => {
            format!("the server's certificate is not valid yet: {WAIT}")
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the server's certificate is not valid before {}: {WAIT}", date(*not_before))
        }
        CertificateError::Revoked => {
            "the server's certificate was revoked: give the server another".to_owned()
        }
        CertificateError::UnknownIssuer => {
            format!("no trusted authority vouches for the server's certificate: {TRUST}")
        }
        CertificateError::BadSignature => format!(
            "the server's certificate is not signed by the trusted certificate of that name, \
             which may be an older one: {TRUST}"
        ),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the server's certificate is signed in a way that is not accepted: have it reissued, \
             with RSA of 2048 bits or more, ECDSA (P-256, P-384) or Ed25519, and SHA-256 or longer"
                .to_owned()
        }
        CertificateError::NotValidForName => {
            "the server's certificate is not for the endpoint's host: use one of its names in the \
             endpoint"
                .to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => names(expected, presented),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers: have one issued whose extended key usage has \
             `serverAuth`"
                .to_owned()
        }
        CertificateError::UnhandledCriticalExtension => {
            "the server's certificate has an unknown critical extension: have one issued \
             without it"
                .to_owned()
        }
        CertificateError::Other(other) => verification(other),
        _ => format!("the server's certificate cannot be trusted: {TRUST}"),
    }
}

/// Errors that rustls has no variant for: the verifier's own, recognised by their names.
fn verification(OtherError(error): &OtherError) -> String {
    let name = error.to_string();
    let is = |known| name.starts_with(known);
    if is("CaUsedAsEndEntity") {
        format!(
            "the server shows an authority's certificate (`CA:TRUE`) as its own, which is accepted only \
             if it is configured: {TRUST}"
        )
    } else if is("EndEntityUsedAsCa") {
        format!(
            "the server's certificate is signed by one that is no authority's (`CA:TRUE` is missing): \
             {TRUST}"
        )
    } else if is("UnsupportedCertVersion") {
        "the server's certificate is of X.509 version 1, which names no hosts: have one issued with \
         `subjectAltName`"
            .to_owned()
    } else if is("UnsupportedCriticalExtension") {
        certificate(&CertificateError::UnhandledCriticalExtension)
    } else if is("PathLenConstraintViolated") || is("NameConstraintViolation") {
        "the server's certificate is one that its authority may not issue: have it issued by another"
            .to_owned()
    } else {
        format!("the server's certificate cannot be trusted: {TRUST}")
    }
}

/// The server's certificate is for other hosts.
fn names(expected: &ServerName<'_>, presented: &[String]) -> String {
    let (host, entry) = match expected {
        ServerName::DnsName(name) => (name.as_ref().to_owned(), "DNS"),
        ServerName::IpAddress(ip) => (std::net::IpAddr::from(*ip).to_string(), "IP"),
        _ => ("the endpoint's host".to_owned(), "DNS"),
    };
    let make = format!("have one issued whose `subjectAltName` has `{entry}:{host}`");
    if presented.is_empty() {
        return format!("the server's certificate names no host: {make}");
    }
    let shown = presented.iter().take(MOST_NAMES).map(|name| format!("`{}`", plain(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = if presented.len() > MOST_NAMES { " and others" } else { "" };
    format!(
        "the server's certificate is for {shown}{more}, and not for `{host}`: use such a name in the \
         endpoint, or {make}"
    )
}

/// `DnsName("localhost")` and `IpAddress(127.0.0.1)` as they are in a certificate's text.
fn plain(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    let inner = inner.trim_matches('"');
    inner.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

/// What the server's alert means.
fn told(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => {
            "the server requires a client certificate that it knows: set \
             OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY, or \
             `Otlp::client_certificate`, to one"
        }
        AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::ProtocolVersion => NOTHING_IN_COMMON,
        AlertDescription::UnrecognisedName => {
            "the server has no certificate for the endpoint's host: use another of its names in the \
             endpoint"
        }
        AlertDescription::NoApplicationProtocol => OTHER_PROTOCOL,
        _ => "the server ended the TLS connection: its own log may say why",
    }
}

fn date(time: UnixTime) -> impl fmt::Display {
    // Years have four digits, in certificates and in this format.
    format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs().min(END_OF_9999)))
}

const TRUST: &str = "set OTEL_EXPORTER_OTLP_CERTIFICATE, or `Otlp::certificate`, to the certificate of \
                     the authority that signed it, or to that certificate itself";
const RENEW: &str = "renew it, or correct this machine's clock";
const WAIT: &str = "correct this machine's clock, or have it reissued";
const NOTHING_IN_COMMON: &str = "the server and Prela have no version, cipher and kind of key in \
                                 common: let the server speak TLS 1.2 or 1.3, with a certificate for RSA, \
                                 ECDSA (P-256, P-384) or Ed25519";
const OTHER_PROTOCOL: &str = "the port speaks another protocol over TLS: does \
                              OTEL_EXPORTER_OTLP_PROTOCOL match it?";
/// Some certificates name hundreds of hosts.
const MOST_NAMES: usize = 5;
const LONGEST_NAME: usize = 100;
const END_OF_9999: u64 = 253_402_300_799;

#[cfg(test)]
mod tests;
