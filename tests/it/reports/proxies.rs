//! Proxies between the program and the collector.

use crate::receiver::{Conduct, Peer, Proxy, Refusal, Transport, tls};
use crate::transports::attempt::Sender;
use crate::transports::taken;
use prela::{ErrorKind, Otlp};
use rcgen::{CertificateParams, KeyPair};
use std::net::SocketAddr;
use std::time::Duration;

/// Known to no resolver but the proxies of these tests.
const HOST: &str = "collector.invalid";

fn address_of(peer: &Peer) -> SocketAddr {
    peer.endpoint().split_once("://").unwrap().1.parse().unwrap()
}

/// A collector, and the certificate to trust if it has TLS.
fn collector(transport: Transport, has_tls: bool) -> (Peer, Option<String>) {
    if !has_tls {
        return (Peer::start(transport, move |_| taken(transport)), None);
    }
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    let identity =
        tls::identity_of(transport, vec![certificate.der().clone()], &key.serialize_der());
    let peer = Peer::start_with_tls(transport, identity, move |_| taken(transport));
    (peer, Some(certificate.pem()))
}

fn otlp(transport: Transport, certificate: Option<&str>) -> Otlp {
    match certificate {
        None => transport.exporter(format!("http://{HOST}:4999")),
        Some(pem) => transport.exporter(format!("https://{HOST}:4999")).certificate(pem),
    }
}

/// What a proxy is asked first for.
fn first_line(transport: Transport, has_tls: bool) -> String {
    match (transport, has_tls) {
        (Transport::Http, false) => format!("POST http://{HOST}:4999/v1/traces HTTP/1.1\r\n"),
        _ => format!("CONNECT {HOST}:4999 HTTP/1.1\r\nHost: {HOST}:4999\r\n"),
    }
}

/// open-telemetry/opentelemetry-js#6637 and open-telemetry/opentelemetry-dotnet#4771: exporters that do
/// not go through the proxy that everything has to go through.
#[test]
fn every_transport_goes_through_the_proxy() {
    for transport in Transport::BOTH {
        for has_tls in [false, true] {
            let (peer, certificate) = collector(transport, has_tls);
            let conducts: &[_] = match (transport, has_tls) {
                // Whose server speaks before it is asked.
                (Transport::Grpc, false) => &[Conduct::Works, Conduct::IsEager, Conduct::Hints],
                _ => &[Conduct::Works, Conduct::Hints],
            };
            for conduct in conducts {
                let proxy = Proxy::start(address_of(&peer), *conduct);
                let otlp = otlp(transport, certificate.as_deref());
                let mut sender = Sender::new(otlp.proxy(format!("http://{}", proxy.address())));
                sender.send().unwrap();
                sender.send().unwrap();
                let heads = proxy.heads();
                assert_eq!(heads.len(), 1, "{heads:?}");
                assert!(heads[0].starts_with(&first_line(transport, has_tls)), "{heads:?}");
                assert!(!heads[0].to_lowercase().contains("proxy-authorization"), "{heads:?}");
            }
        }
    }
}

/// open-telemetry/opentelemetry-collector#10456 and #11537: `NO_PROXY` that is not looked at.
#[test]
fn the_environment_says_which_proxy_and_for_whom() {
    for transport in Transport::BOTH {
        for has_tls in [false, true] {
            let (peer, certificate) = collector(transport, has_tls);
            let proxy = Proxy::start(address_of(&peer), Conduct::Works);
            let (scheme, other) = if has_tls { ("https", "http") } else { ("http", "https") };
            let endpoint = format!("{scheme}://{HOST}:4999");
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(&file, certificate.unwrap_or_default()).unwrap();
            let protocol = if transport == Transport::Grpc { "grpc" } else { "http/protobuf" };
            let address = proxy.address().to_string();
            let url = format!("http://{address}");
            let send = |variables: &[(&str, &str)]| {
                let common = [
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                    ("OTEL_EXPORTER_OTLP_CERTIFICATE", file.path().to_str().unwrap()),
                ];
                let variables = common.iter().chain(variables).copied();
                let prela = prela::builder().env(variables).diagnostics(|_| ()).build().unwrap();
                prela.tracer().span_default("step").in_scope(|_| ());
                let flushed = prela.flush(Duration::from_secs(30));
                let exported = prela.stats().exported;
                let _ = prela.shutdown(Duration::ZERO);
                flushed.is_ok() && exported == 1
            };
            let [upper, lower] =
                [scheme.to_uppercase(), scheme.to_owned()].map(|scheme| scheme + "_proxy");
            let upper = upper.replace("_proxy", "_PROXY");
            for (name, value) in [
                (upper.as_str(), &url),
                (&lower, &address),
                ("ALL_PROXY", &url),
                ("all_proxy", &url),
            ] {
                let before = proxy.heads().len();
                assert!(send(&[(name, value.as_str())]), "{name}");
                assert_eq!(proxy.heads().len(), before + 1, "{name}");
            }
            let before = proxy.heads().len();
            let other = format!("{}_PROXY", other.to_uppercase());
            for variables in [
                &[(other.as_str(), url.as_str())][..],
                &[("ALL_PROXY", &url), ("NO_PROXY", "a.example,.invalid")],
                &[(&lower, &url), ("no_proxy", "collector.invalid:4999")],
            ] {
                // To a host that nobody knows.
                assert!(!send_at_once(&endpoint, protocol, variables), "{variables:?}");
            }
            assert_eq!(proxy.heads().len(), before);
        }
    }
}

/// Whether a single attempt succeeds: those that cannot are not waited for.
fn send_at_once(endpoint: &str, protocol: &str, variables: &[(&str, &str)]) -> bool {
    let common =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
    let variables = common.iter().chain(variables).copied();
    let prela = prela::builder().env(variables).diagnostics(|_| ()).build().unwrap();
    prela.tracer().span_default("step").in_scope(|_| ());
    let _ = prela.shutdown(Duration::from_millis(300));
    prela.stats().exported == 1
}

#[test]
fn a_proxy_that_asks_is_told_who_comes() {
    // `user:p@ss:word`.
    const AUTHORIZATION: &str = "Basic dXNlcjpwQHNzOndvcmQ=";
    for transport in Transport::BOTH {
        for has_tls in [false, true] {
            let (peer, certificate) = collector(transport, has_tls);
            let proxy = Proxy::start(address_of(&peer), Conduct::Asks(AUTHORIZATION));
            let send = |user: &str| {
                let url = format!("http://{user}{}", proxy.address());
                let otlp = otlp(transport, certificate.as_deref()).proxy(url);
                assert!(
                    !format!("{otlp:?}").contains("p@ss") && !format!("{otlp:?}").contains("word")
                );
                Sender::new(otlp).send()
            };
            send("user:p%40ss%3Aword@").unwrap();
            send("user:p@ss:word@").unwrap();
            for (user, said) in [
                ("", "wants a user and a password"),
                ("user:wrong-word@", "refuses the user and the password of its URL"),
            ] {
                let failure = send(user).unwrap_err();
                let named = format!("the proxy http://{} answered 407", proxy.address());
                assert!(failure.line.contains(&named), "{failure:?}");
                assert!(failure.line.contains(said), "{failure:?}");
                assert!(!failure.line.contains("wrong-word"), "{failure:?}");
            }
        }
    }
}

/// open-telemetry/otel-arrow#1710: a proxy that is itself reached by TLS.
#[test]
fn a_proxy_may_have_tls() {
    for transport in Transport::BOTH {
        for has_tls in [false, true] {
            let (peer, certificate) = collector(transport, has_tls);
            let identity = tls::identity(Transport::Http);
            let trusted = certificate.clone().unwrap_or_default() + &identity.certificate;
            let proxy = Proxy::start_with_tls(address_of(&peer), identity);
            let url = format!("https://{}", proxy.address());
            let otlp = otlp(transport, certificate.as_deref());
            let mut sender = Sender::new(otlp.certificate(trusted).proxy(url.as_str()));
            sender.send().unwrap();
            assert!(proxy.heads()[0].starts_with(&first_line(transport, has_tls)));
        }
    }
}

#[test]
fn what_a_proxy_does_wrong_is_its_fault() {
    const ANSWERS: [(&[u8], &str); 8] = [
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "502"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "503"),
        (b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n", "504"),
        (b"HTTP/1.1 403 s3cret\r\nContent-Length: 0\r\n\r\n", "403"),
        (b"HTTP/1.1 407 s3cret\r\nContent-Length: 0\r\n\r\n", "407"),
        (b"SSH-2.0-s3cret\r\n", "neither HTTP/1 nor HTTP/2, but SSH"),
        (b"\x15\x03\x01\0\x02\x02\x46", "speaks TLS"),
        (b"\xff\xff s3cret", "neither HTTP/1 nor HTTP/2"),
    ];
    for transport in Transport::BOTH {
        for has_tls in [false, true] {
            let (peer, certificate) = collector(transport, has_tls);
            let send = |address: SocketAddr| {
                let otlp = otlp(transport, certificate.as_deref());
                let otlp = otlp.proxy(format!("http://user:s3cret@{address}"));
                let failure =
                    Sender::new(otlp.timeout(Duration::from_millis(1_500))).send().unwrap_err();
                let named = format!("the proxy http://{address}");
                // Once in the address, and once in what is wrong.
                assert!(failure.line.matches(&named).count() >= 2, "{failure:?}");
                assert!(!failure.line.contains("s3cret"), "{failure:?}");
                failure
            };
            for (words, said) in ANSWERS {
                let proxy = Proxy::start(address_of(&peer), Conduct::Says(words));
                let failure = send(proxy.address());
                assert!(failure.line.contains(said), "{failure:?}");
            }
            let proxy = Proxy::start(address_of(&peer), Conduct::HangsUp);
            let failure = send(proxy.address());
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Io, Some(Duration::ZERO)));
            let failure = send(Refusal::new().address());
            assert!(failure.line.contains("cannot be reached"), "{failure:?}");
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Io, Some(Duration::ZERO)));
        }
        // Over a tunnel the proxy is known to be the silent one.
        let (peer, _) = collector(transport, false);
        let proxy = Proxy::start(address_of(&peer), Conduct::IsSilent);
        let url = format!("http://{}", proxy.address());
        let exporter = otlp(transport, None).proxy(url.as_str());
        let failure = Sender::new(exporter.timeout(Duration::from_secs(2))).send().unwrap_err();
        assert!(failure.retry_after.is_some(), "{failure:?}");
        assert!(failure.line.contains(&format!("the proxy {url}")), "{failure:?}");
        if transport == Transport::Grpc {
            assert!(failure.line.contains(&format!("the proxy {url} did not answer in")));
        }
    }
}
