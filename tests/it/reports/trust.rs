//! Certificates that are given, and what is wrong with those that are not taken.

use crate::receiver::{Peer, Transport, tls};
use crate::transports::attempt::Sender;
use crate::transports::taken;
use prela::ErrorKind;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, date_time_ymd,
};
use std::process::Command;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const HOST: &str = "127.0.0.1";

/// A certificate for these hosts, as `openssl req -x509` makes it: an authority's.
fn authority(hosts: &[&str]) -> CertificateParams {
    let mut params = leaf(hosts);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf(hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name.push(DnType::CommonName, HOST);
    params
}

fn signed_by_itself(params: &CertificateParams) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap(), key)
}

fn signed_by(
    params: &CertificateParams,
    authority: CertificateParams,
    its_key: &KeyPair,
) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &Issuer::new(authority, its_key)).unwrap();
    (certificate, key)
}

/// What comes of showing a chain to a client that is given a certificate; the error if it is refused.
fn shown(
    transport: Transport,
    chain: &[&Certificate],
    key: &KeyPair,
    given: &str,
) -> Result<(), String> {
    let chain = chain.iter().map(|certificate| certificate.der().clone()).collect();
    shown_der(transport, chain, &key.serialize_der(), given)
}

fn shown_der(
    transport: Transport,
    chain: Vec<CertificateDer<'static>>,
    key: &[u8],
    given: &str,
) -> Result<(), String> {
    let identity = tls::identity_of(transport, chain, key);
    let peer = Peer::start_with_tls(transport, identity, move |_| taken(transport));
    let otlp = transport.exporter(peer.endpoint()).certificate(given);
    let sent = Sender::new(otlp).send();
    sent.map(drop).map_err(|failure| {
        assert!(failure.kind == ErrorKind::Io && failure.retry_after.is_some(), "{failure:?}");
        failure.line
    })
}

/// grpc/grpc-rust#2082: a collector that shows a certificate which nobody but itself has signed.
#[test]
fn a_certificate_that_is_given_is_taken_as_it_is() {
    for transport in Transport::BOTH {
        for params in [authority(&[HOST]), leaf(&[HOST]), authority(&["other.example", HOST]), {
            let mut params = authority(&[HOST]);
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params
        }] {
            let (certificate, key) = signed_by_itself(&params);
            assert_eq!(shown(transport, &[&certificate], &key, &certificate.pem()), Ok(()));
            // Among others.
            let (other, _) = signed_by_itself(&authority(&["other.example"]));
            let both = other.pem() + &certificate.pem();
            assert_eq!(shown(transport, &[&certificate], &key, &both), Ok(()));
        }
        // One that an authority signed, given without it.
        let root_key = KeyPair::generate().unwrap();
        let (certificate, key) = signed_by(&leaf(&[HOST]), authority(&[]), &root_key);
        assert_eq!(shown(transport, &[&certificate], &key, &certificate.pem()), Ok(()));
    }
}

/// What most people make, where it is there to be made.
#[test]
fn what_openssl_makes_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (path("key.pem"), path("cert.pem"));
    for kind in ["rsa:2048", "ec", "ed25519"] {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=collector"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        openssl.args(["-keyout", &key, "-out", &certificate, "-newkey", kind]);
        if kind == "ec" {
            openssl.args(["-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        }
        let Ok(made) = openssl.output() else { return };
        assert!(made.status.success(), "{made:?}");
        let given = std::fs::read_to_string(&certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(&key).unwrap();
        let chain = vec![CertificateDer::from_pem_file(&certificate).unwrap()];
        for transport in Transport::BOTH {
            let shown = shown_der(transport, chain.clone(), key.secret_der(), &given);
            assert_eq!(shown, Ok(()), "{kind}");
        }
    }
}

#[test]
fn an_authority_that_is_given_vouches_for_others() {
    for transport in Transport::BOTH {
        let root_key = KeyPair::generate().unwrap();
        let mut root = authority(&[]);
        root.distinguished_name.push(DnType::CommonName, "root");
        let given = root.self_signed(&root_key).unwrap().pem();
        let (certificate, key) = signed_by(&leaf(&[HOST]), root.clone(), &root_key);
        assert_eq!(shown(transport, &[&certificate], &key, &given), Ok(()));

        let mut between = authority(&[]);
        between.distinguished_name.push(DnType::CommonName, "between");
        let (middle, middle_key) = signed_by(&between, root, &root_key);
        let (certificate, key) = signed_by(&leaf(&[HOST]), between, &middle_key);
        assert_eq!(shown(transport, &[&certificate, &middle], &key, &given), Ok(()));
        let error = shown(transport, &[&certificate], &key, &given).unwrap_err();
        assert!(error.contains("no trusted authority vouches"), "{error}");
    }
}

#[test]
fn names_and_dates_count_for_what_is_given() {
    let expired = |mut params: CertificateParams| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 2, 3);
        params
    };
    let to_come = |mut params: CertificateParams| {
        params.not_before = date_time_ymd(2999, 1, 1);
        params
    };
    for transport in Transport::BOTH {
        for (params, said) in [
            (expired(authority(&[HOST])), "expired on 2021-02-03T00:00:00Z: renew it"),
            (expired(leaf(&[HOST])), "expired on 2021-02-03T00:00:00Z: renew it"),
            (to_come(authority(&[HOST])), "is not valid before 2999-01-01T00:00:00Z: correct this"),
            (to_come(leaf(&[HOST])), "is not valid before 2999-01-01T00:00:00Z: correct this"),
            (
                authority(&["a.example", "10.0.0.1"]),
                "is for `a.example`, `10.0.0.1`, and not for `127.0.0.1`: use such a name in the endpoint, \
                 or have one issued whose `subjectAltName` has `IP:127.0.0.1`",
            ),
            (leaf(&["a.example"]), "is for `a.example`, and not for `127.0.0.1`"),
            (
                authority(&[]),
                "names no host: have one issued whose `subjectAltName` has `IP:127.0.0.1`",
            ),
            (leaf(&[]), "names no host"),
        ] {
            let (certificate, key) = signed_by_itself(&params);
            let error = shown(transport, &[&certificate], &key, &certificate.pem()).unwrap_err();
            assert!(error.contains(&format!("the server's certificate {said}")), "{error}");
        }
    }
}

#[test]
fn what_is_not_given_byte_for_byte_is_not_taken() {
    for transport in Transport::BOTH {
        // The same names and dates, and another key: as after a collector was set up anew.
        for params in [authority(&[HOST]), leaf(&[HOST])] {
            let (given, _) = signed_by_itself(&params);
            let (certificate, key) = signed_by_itself(&params);
            let error = shown(transport, &[&certificate], &key, &given.pem()).unwrap_err();
            let advice =
                "set OTEL_EXPORTER_OTLP_CERTIFICATE, or `Otlp::certificate`, to the certificate";
            assert!(error.contains(advice), "{error}");
        }
        // One of somebody else's, with the given one beside it.
        let (given, _) = signed_by_itself(&authority(&[HOST]));
        let mut params = authority(&[HOST]);
        params.distinguished_name.push(DnType::CommonName, "mine");
        let (mine, key) = signed_by_itself(&params);
        let error = shown(transport, &[&mine, &given], &key, &given.pem()).unwrap_err();
        assert!(error.contains("accepted only if it is configured"), "{error}");

        let root_key = KeyPair::generate().unwrap();
        let given = authority(&[]).self_signed(&root_key).unwrap().pem();
        let mut clients = leaf(&[HOST]);
        clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (certificate, key) = signed_by(&clients, authority(&[]), &root_key);
        let error = shown(transport, &[&certificate], &key, &given).unwrap_err();
        assert!(error.contains("is not for servers: have one issued"), "{error}");
    }
}

/// open-telemetry/opentelemetry-rust#2008: an endpoint whose certificate the client does not know.
#[test]
fn the_collectors_refusal_of_a_client_says_what_to_set() {
    for transport in Transport::BOTH {
        let (identity, _) = tls::identity_for_a_client(transport);
        let certificate = identity.certificate.clone();
        let peer = Peer::start_with_tls(transport, identity, move |_| taken(transport));
        let otlp = transport.exporter(peer.endpoint()).certificate(certificate);
        let failure = Sender::new(otlp).send().unwrap_err();
        let said = "set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY";
        assert!(failure.line.contains(said), "{failure:?}");
    }
}
