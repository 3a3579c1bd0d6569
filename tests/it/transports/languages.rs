//! Ports that speak another protocol than the one that was meant.

use super::attempt::Sender;
use crate::receiver::{Peer, Reaction, Transport, tls};
use prela::ErrorKind;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

/// What a server of Go's says to a request that is not HTTP/1.
const HTTP1: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request";
/// What a server of gRPC says to all: `SETTINGS`.
const HTTP2: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0";
/// What a server of TLS says to what is not TLS: the alert `protocol_version`.
const TLS: &[u8] = b"\x15\x03\x01\0\x02\x02\x46";

/// Says this once it has heard something; gives its address. It stays until the client leaves.
fn peer_that_says(words: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = [0; 1024];
        let _ = stream.read(&mut heard);
        // A client that hangs up early has read enough.
        let _ = stream.write_all(words);
        while stream.read(&mut heard).is_ok_and(|length| length > 0) {}
    });
    address
}

#[test]
fn the_error_says_what_the_port_speaks() {
    // So that the system's certificates play no part.
    let certificate = tls::identity_for_a_client(Transport::Grpc).0.certificate;
    for (transport, scheme, words, said) in [
        (Transport::Grpc, "http", HTTP1, "speaks HTTP/1 instead of gRPC"),
        (Transport::Http, "http", HTTP2, "speaks HTTP/2 instead of HTTP/1"),
        (Transport::Grpc, "http", TLS, "speaks TLS"),
        (Transport::Http, "http", TLS, "speaks TLS"),
        (Transport::Grpc, "https", HTTP1, "does not speak TLS"),
        (Transport::Http, "https", HTTP1, "does not speak TLS"),
        (Transport::Grpc, "https", HTTP2, "does not speak TLS"),
        (Transport::Http, "https", HTTP2, "does not speak TLS"),
    ] {
        let endpoint = format!("{scheme}://{}", peer_that_says(words));
        let exporter = transport.exporter(endpoint).certificate(certificate.as_str());
        let failure = Sender::new(exporter).send().unwrap_err();
        assert!(failure.line.contains(&format!("the port {said}")), "{failure:?}");
        // Who is there may be replaced.
        assert!(failure.kind == ErrorKind::Io && failure.retry_after.is_some(), "{failure:?}");
    }
}

/// tonic's server, where it takes HTTP/1 too: no status of HTTP's says that nothing was taken.
#[test]
fn an_answer_of_grpc_over_http_1_is_a_refusal() {
    let peer = Peer::start(Transport::Http, |_| {
        Reaction::http(200, &[("content-type", "application/grpc"), ("grpc-status", "12")], "")
    });
    let failure = Sender::new(Transport::Http.exporter(peer.endpoint())).send().unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
    assert!(
        failure.line.ends_with("the answer is gRPC: no OTLP/HTTP endpoint there"),
        "{failure:?}"
    );
}

/// A server of HTTP/2 understands the request, and has no such path.
#[test]
fn an_answer_of_http_to_grpc_says_so() {
    for status in [404, 405, 415] {
        let peer =
            Peer::start(Transport::Grpc, move |_| Reaction::http(status, &[], "nothing here"));
        let failure = Sender::new(Transport::Grpc.exporter(peer.endpoint())).send().unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
        let hint = " instead of gRPC: is the port meant for the protocol `http/protobuf`?";
        assert!(failure.line.ends_with(hint), "{failure:?}");
    }
}
