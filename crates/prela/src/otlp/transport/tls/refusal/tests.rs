use super::*;
use std::sync::Arc;
use tokio_rustls::rustls::{InvalidMessage, PeerIncompatible};

fn line(error: Error) -> String {
    let explained = explained(io::Error::new(io::ErrorKind::InvalidData, error));
    assert_eq!(explained.kind(), io::ErrorKind::InvalidData);
    explained.to_string()
}

#[derive(Debug)]
struct Named(&'static str);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Named {}

#[test]
fn every_error_says_what_to_do() {
    use CertificateError::*;
    let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let other = |name| Other(OtherError(Arc::new(Named(name))));
    let name = |text: &'static str| ServerName::try_from(text).unwrap();
    let names = |expected, presented: &[&str]| NotValidForNameContext {
        expected: name(expected),
        presented: presented.iter().map(|it| (*it).to_owned()).collect(),
    };
    for (problem, said) in [
        (BadEncoding, "malformed: have it reissued"),
        (Expired, "has expired: renew it"),
        (
            ExpiredContext { time: time(9), not_after: time(0) },
            "expired on 1970-01-01T00:00:00Z: renew",
        ),
        (ExpiredContext { time: time(9), not_after: time(u64::MAX) }, "expired on 9999-"),
        (NotValidYet, "not valid yet: correct this machine's clock"),
        (
            NotValidYetContext { time: time(0), not_before: time(86_400) },
            "not valid before 1970-01-02T00:00:00Z: correct this machine's clock",
        ),
        (Revoked, "give the server another"),
        (UnhandledCriticalExtension, "have one issued without it"),
        (UnknownIssuer, "set OTEL_EXPORTER_OTLP_CERTIFICATE, or `Otlp::certificate`, to"),
        (UnknownRevocationStatus, "set OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (BadSignature, "set OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (
            UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: vec![],
                supported_algorithms: vec![],
            },
            "have it reissued, with RSA",
        ),
        (NotValidForName, "use one of its names"),
        (
            names("c.example", &[]),
            "names no host: have one issued whose `subjectAltName` has `DNS:c.example`",
        ),
        (
            names("10.1.2.3", &["DnsName(\"a.example\")", "IpAddress(10.0.0.1)"]),
            "is for `a.example`, `10.0.0.1`, and not for `10.1.2.3`: use such a name in the endpoint, or \
             have one issued whose `subjectAltName` has `IP:10.1.2.3`",
        ),
        (names("c", &["a", "b", "c", "d", "e", "f"]), "`e` and others, and not for `c`"),
        (names("c", &["DnsName(\"a\n\")"]), "is for `a`"),
        (InvalidPurpose, "`serverAuth`"),
        (InvalidOcspResponse, "cannot be trusted: set OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (ApplicationVerificationFailure, "cannot be trusted: set OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (
            other("CaUsedAsEndEntity"),
            "accepted only if it is configured: set OTEL_EXPORTER_OTLP_CERTIFICATE",
        ),
        (other("EndEntityUsedAsCa"), "set OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (other("UnsupportedCertVersion"), "have one issued with `subjectAltName`"),
        (other("UnsupportedCriticalExtension"), "have one issued without it"),
        (other("PathLenConstraintViolated"), "have it issued by another"),
        (other("SomethingNew(7)"), "cannot be trusted: set OTEL_EXPORTER_OTLP_CERTIFICATE"),
    ] {
        let line = line(Error::InvalidCertificate(problem));
        assert!(line.contains(said), "{line}");
        assert!(line.contains("the server") && !line.contains(char::is_control), "{line}");
    }
}

#[test]
fn so_does_every_other_way_to_fail() {
    for (error, said) in [
        (Error::NoCertificatesPresented, "give it one"),
        (Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon), "TLS 1.2 or 1.3"),
        (
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            "TLS 1.2 or 1.3",
        ),
        (Error::NoApplicationProtocol, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (Error::InvalidMessage(InvalidMessage::InvalidContentType), "is it the collector's?"),
        (Error::PeerSentOversizedRecord, "is it the collector's?"),
        (Error::DecryptError, "is it the collector's?"),
    ] {
        let line = line(error);
        assert!(line.contains(said), "{line}");
    }
    for code in 0..=u8::MAX {
        let alert = AlertDescription::from(code);
        let line = line(Error::AlertReceived(alert));
        let said = match alert {
            AlertDescription::CertificateRequired | AlertDescription::UnknownCA => {
                "set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY"
            }
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure => {
                "TLS 1.2 or 1.3"
            }
            AlertDescription::UnrecognisedName => "use another of its names",
            AlertDescription::NoApplicationProtocol => "OTEL_EXPORTER_OTLP_PROTOCOL",
            _ => "",
        };
        assert!(line.contains(said) && line.contains(": "), "{line}");
    }
}

#[test]
fn what_is_no_error_of_tls_stays_as_it_is() {
    for error in [io::Error::from(io::ErrorKind::ConnectionReset), io::Error::other("mine")] {
        let text = error.to_string();
        assert_eq!(explained(error).to_string(), text);
    }
}
