//! Who may see what: certificates, and secrets that a peer quotes.

use super::attempt::Sender;
use super::taken;
use crate::receiver::{Peer, Reaction, Receiver, Transport, tls};
use prela::{ErrorKind, Otlp};
use std::time::Duration;

#[test]
fn a_collector_may_ask_who_its_client_is() {
    for transport in Transport::BOTH {
        let (identity, client) = tls::identity_for_a_client(transport);
        let certificate = identity.certificate.clone();
        let peer = Peer::start_with_tls(transport, identity, move |_| taken(transport));
        let otlp = || transport.exporter(peer.endpoint()).certificate(certificate.as_str());

        let known = otlp().client_certificate(client.certificate.as_str(), client.key.as_str());
        let mut sender = Sender::new(known);
        sender.send().unwrap();
        sender.send().unwrap();
        assert_eq!(peer.connections(), 1);

        let (_, stranger) = tls::identity_for_a_client(transport);
        let stranger = otlp().client_certificate(stranger.certificate, stranger.key);
        for otlp in [otlp(), stranger] {
            let failure = Sender::new(otlp).send().unwrap_err();
            let expected = (ErrorKind::Io, Some(Duration::ZERO));
            assert_eq!((failure.kind, failure.retry_after), expected, "{failure:?}");
        }
    }
}

#[test]
fn certificates_come_from_files_that_the_environment_names() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for transport in Transport::BOTH {
        let (identity, client) = tls::identity_for_a_client(transport);
        let root = file("root.pem", &identity.certificate);
        let peer = Peer::start_with_tls(transport, identity, move |_| taken(transport));
        let (certificate, key) =
            (file("cert.pem", &client.certificate), file("key.pem", &client.key));
        let protocol = if transport == Transport::Grpc { "grpc" } else { "http/protobuf" };
        let any = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", peer.endpoint()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &root),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &certificate),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
        ];
        let send = |variables: &[(&str, &str)]| {
            let builder = prela::builder().env(variables.iter().copied()).strict(true);
            let prela = builder.diagnostics(|_| ()).build()?;
            prela.tracer().span_default("step").in_scope(|_| ());
            prela.flush(Duration::from_secs(30))
        };
        send(&any).unwrap();

        // The names for traces win; a key that does not fit, or is missing, is an error at start if
        // errors are asked for.
        let (_, other) = tls::identity_for_a_client(transport);
        let other = file("other.pem", &other.key);
        let wrong = ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", other.as_str());
        let error = send(&[&any[..], &[wrong]].concat()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let error = send(&any[..4]).unwrap_err().to_string();
        let name = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
        let problem = "is of no use without OTEL_EXPORTER_OTLP_CLIENT_KEY";
        assert_eq!(error, format!("read {name}: `{certificate}` {problem}"));
    }
}

#[test]
fn keys_and_certificates_that_cannot_be_read_are_errors_at_start() {
    let (identity, client) = tls::identity_for_a_client(Transport::Grpc);
    let otlp =
        || Transport::Grpc.exporter("https://localhost").certificate(identity.certificate.as_str());
    let refused = |otlp: Otlp| {
        let shown = format!("{otlp:?}");
        assert!(!shown.contains("PRIVATE") && !shown.contains("secret"), "{shown}");
        let error = otlp.into_exporter().err().expect("it is refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        let shown = format!("{error:?}");
        assert!(!shown.contains("PRIVATE") && !shown.contains("secret"), "{shown}");
    };
    refused(otlp().client_certificate(client.certificate.as_str(), "secret"));
    refused(otlp().client_certificate("none", client.key.as_str()));
    refused(otlp().client_certificate(identity.certificate.as_str(), client.key.as_str()));
    refused(otlp().certificate("-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----"));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    for transport in Transport::BOTH {
        let (receiver, stranger) =
            (Receiver::start_with_tls(transport), Receiver::start_with_tls(transport));
        let otlp = transport.exporter(receiver.endpoint()).certificate(stranger.certificate());
        let failure = Sender::new(otlp).send().unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Io);
        assert!(failure.line.contains("certificate"), "{failure:?}");
        assert!(receiver.requests().is_empty());
    }
}

#[test]
fn what_a_peer_quotes_of_the_secrets_is_not_shown() {
    const QUOTE: &str =
        "no tenant for Bearer s3cret-token; s3cret-token of k3y-in-url is expired, 1";
    for transport in Transport::BOTH {
        let peer = Peer::start(transport, move |_| match transport {
            Transport::Grpc => {
                Reaction::grpc_without_body(&[("grpc-status", "16"), ("grpc-message", QUOTE)])
            }
            Transport::Http => Reaction::http(401, &[], QUOTE),
        });
        let endpoint = format!("{}/?key=k3y-in-url", peer.endpoint());
        let otlp = transport.exporter(endpoint).header("authorization", "Bearer s3cret-token");
        let failure = Sender::new(otlp.header("x-shard", "1")).send().unwrap_err();
        let said = failure.line.rsplit(": ").next().unwrap();
        assert_eq!(said, "no tenant for …; … of … is expired, 1", "{failure:?}");
    }
}

#[test]
fn what_is_no_certificate_or_key_is_named_with_its_variable() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (_, client) = tls::identity_for_a_client(Transport::Grpc);
    let (_, stranger) = tls::identity_for_a_client(Transport::Grpc);
    let malformed = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let (certificate, key) = (file("cert", &client.certificate), file("key", &client.key));
    let (none, malformed) = (file("none", "secret"), file("malformed", malformed));
    let other = file("other", &stranger.key);
    for (certificate, key, at_fault, problem) in [
        (&none, &key, "CERTIFICATE", "has no PEM certificate"),
        (&malformed, &key, "CERTIFICATE", "has a malformed certificate"),
        (&certificate, &none, "KEY", "has no PEM key"),
        (&certificate, &other, "KEY", "does not belong to the client's certificate"),
    ] {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", certificate),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", key),
        ];
        let error = prela::builder().env(variables).strict(true).build().unwrap_err();
        let path = if at_fault == "KEY" { key } else { certificate };
        let expected = format!("read OTEL_EXPORTER_OTLP_CLIENT_{at_fault}: `{path}` {problem}");
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Config, expected));
        assert!(!format!("{error:?}").contains("secret"));

        // Else no certificate is shown, which the collector may refuse, and each half is warned of.
        let prela = prela::builder().env(variables).diagnostics(|_| ()).build().unwrap();
        let warnings = prela.warnings();
        let begin = format!("OTEL_EXPORTER_OTLP_CLIENT_{at_fault}: `{path}` {problem}");
        assert!(warnings[0].starts_with(&begin), "{warnings:?}");
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings.iter().all(|line| line.ends_with("; used instead: none")), "{warnings:?}");
        assert!(!warnings.concat().contains("secret"), "{warnings:?}");
    }
}

#[test]
fn a_secret_need_not_be_ascii() {
    let peer = Peer::start(Transport::Http, |_| Reaction::http(401, &[], "not you, gehe\u{ef}m!"));
    let otlp = Transport::Http.exporter(peer.endpoint()).header("authorization", "gehe\u{ef}m");
    let failure = Sender::new(otlp).send().unwrap_err();
    assert!(failure.line.ends_with(": not you, \u{2026}!"), "{failure:?}");
}
