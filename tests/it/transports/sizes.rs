//! Bounds of what is sent and read.

use super::attempt::{Sender, batch_of_size};
use crate::receiver::{Peer, Reaction, Receiver, Transport, tls};
use prela::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const MIB: usize = 1 << 20;

#[test]
fn a_server_that_takes_less_says_so() {
    // tonic's own server, with the Collector's limit.
    let receiver = Receiver::start(Transport::Grpc);
    for gzip in [false, true] {
        let exporter = receiver.exporter().gzip(gzip);
        let failure = Sender::of(exporter, batch_of_size(5 * MIB)).send().unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::TooLarge, None), "{failure:?}");
    }
    let just_right = batch_of_size(MIB * 7 / 2);
    Sender::of(receiver.exporter(), just_right).send().unwrap();
}

/// The refusal comes while most of the body is not sent yet, and the connection ends with it.
#[test]
fn an_answer_that_comes_early_is_read() {
    let refusal = |transport| match transport {
        Transport::Http => Reaction::http(413, &[], "length limit exceeded"),
        Transport::Grpc => Reaction::grpc_without_body(&[
            ("grpc-status", "8"),
            ("grpc-message", "grpc: received message larger than max (9 vs. 8)"),
        ]),
    };
    let long = batch_of_size(8 * MIB);
    for transport in Transport::BOTH {
        let plain = Peer::start_early(
            transport,
            move |_| Some(refusal(transport).and_close()),
            |_| Reaction::Silence,
        );
        let identity = tls::identity(transport);
        let certificate = identity.certificate.clone();
        let early = move |_| Some(refusal(transport));
        let secure = Peer::start_early_with_tls(transport, identity, early);
        let otlps = [
            transport.exporter(plain.endpoint()),
            transport.exporter(secure.endpoint()).certificate(certificate),
        ];
        for otlp in otlps {
            let mut sender = Sender::of(otlp, long.clone());
            for _ in 0..10 {
                let failure = sender.send().unwrap_err();
                // Over gRPC, the connection may be known to be closed when it is used again.
                if transport == Transport::Grpc && failure.kind == ErrorKind::Io {
                    assert_eq!(failure.retry_after, Some(Duration::ZERO), "{failure:?}");
                    continue;
                }
                let expected = (ErrorKind::TooLarge, None);
                assert_eq!((failure.kind, failure.retry_after), expected, "{failure:?}");
                let said = ["limit exceeded", "(9 vs. 8)"];
                assert!(said.iter().any(|words| failure.line.ends_with(words)), "{failure:?}");
            }
        }
    }
}

#[test]
fn what_is_longer_than_64_mib_is_not_sent() {
    let long = batch_of_size(65 * MIB);
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        for gzip in [false, true] {
            let failure = Sender::of(receiver.exporter().gzip(gzip), long.clone()).send();
            let failure = failure.unwrap_err();
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::TooLarge, None));
        }
        assert_eq!(receiver.connections(), 0);
    }
}

#[test]
fn an_answer_is_not_read_without_end() {
    for (transport, content_type) in [
        (Transport::Grpc, "application/grpc"),
        (Transport::Http, "application/x-protobuf"),
        (Transport::Http, "text/plain"),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let peer =
            Peer::start(transport, move |_| Reaction::endless(content_type, counted.clone()));
        let result = Sender::new(transport.exporter(peer.endpoint())).send();
        match transport {
            // How it went would have been said at the end.
            Transport::Grpc => {
                let failure = result.unwrap_err();
                assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
                assert!(failure.line.contains("too long"), "{failure:?}");
            }
            // It was said at the beginning.
            Transport::Http => {
                let message = result.unwrap().message.unwrap();
                assert_eq!(message, "its answer could not be read");
            }
        }
        // What the sockets' buffers hold was sent as well.
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < 32 * MIB, "{} MiB", sent / MIB);
    }
}
