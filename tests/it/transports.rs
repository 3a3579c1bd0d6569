//! One attempt over a real socket: what each answer, and each way of having none, means for the next.

mod answers;
pub mod attempt;
mod broken;
mod languages;
mod security;
mod sizes;

use crate::receiver::{Peer, Reaction, Receiver, Transport};
use attempt::Sender;
use prela::Exporter;
use std::sync::{Arc, Mutex};

/// An answer of success that says nothing more.
pub fn taken(transport: Transport) -> Reaction {
    match transport {
        Transport::Grpc => Reaction::grpc(vec![0; 5], &[("grpc-status", "0")]),
        Transport::Http => Reaction::http(200, &[("content-type", "application/x-protobuf")], ""),
    }
}

#[test]
fn the_request_is_what_otlp_says() {
    for (transport, path, kind) in [
        (
            Transport::Grpc,
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            "application/grpc",
        ),
        (Transport::Http, "/v1/traces", "application/x-protobuf"),
    ] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let peer = Peer::start(transport, move |request| {
            seen.lock().unwrap().push(request);
            taken(transport)
        });
        let exporter = transport.exporter(peer.endpoint()).header("x-team", "a").gzip(true);
        Sender::new(exporter).send().unwrap();
        let asked = asked.lock().unwrap().pop().unwrap();
        assert_eq!(asked.path, path);
        assert_eq!(asked.headers["content-type"], kind);
        assert_eq!(asked.headers["x-team"], "a");
        let agent = asked.headers["user-agent"].to_str().unwrap();
        assert!(agent.starts_with(concat!("prela/", env!("CARGO_PKG_VERSION_MAJOR"))), "{agent}");
        if transport == Transport::Grpc {
            assert_eq!(asked.headers["te"], "trailers");
            assert_eq!(asked.headers["grpc-encoding"], "gzip");
        } else {
            assert_eq!(asked.headers["content-encoding"], "gzip");
            assert_eq!(asked.headers["host"], peer.endpoint().trim_start_matches("http://"));
        }
    }
}

#[test]
fn a_frame_has_the_length_of_its_message() {
    for gzip in [false, true] {
        let peer = Peer::start(Transport::Grpc, move |request| {
            let (head, message) = request.body.split_at(5);
            let length = u32::from_be_bytes(head[1..].try_into().unwrap());
            assert_eq!((head[0], length as usize), (u8::from(gzip), message.len()));
            taken(Transport::Grpc)
        });
        Sender::new(Exporter::otlp_grpc(peer.endpoint()).gzip(gzip)).send().unwrap();
    }
}

#[test]
fn the_connection_is_kept_and_every_compression_arrives() {
    for transport in Transport::BOTH {
        for configure in [
            (|otlp| otlp) as fn(prela::Otlp) -> prela::Otlp,
            |otlp| otlp.gzip(true),
            |otlp| otlp.zstd(true),
        ] {
            let receiver = Receiver::start(transport);
            let mut sender = Sender::new(configure(receiver.exporter()));
            for _ in 0..3 {
                sender.send().unwrap();
            }
            assert_eq!(receiver.spans().len(), 3 * attempt::SPANS);
            assert_eq!(receiver.connections(), 1);
        }
    }
}

#[test]
fn a_unix_socket_is_a_collector() {
    let dir = tempfile::tempdir().unwrap();
    for transport in Transport::BOTH {
        let path = dir.path().join(format!("{transport:?}.sock"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let peer = Peer::start_at_socket(transport, &path, move |request| {
            seen.lock().unwrap().push(request.path);
            taken(transport)
        });
        let mut sender = Sender::new(transport.exporter(peer.endpoint()));
        sender.send().unwrap();
        sender.send().unwrap();
        assert_eq!(peer.connections(), 1);
        let paths = asked.lock().unwrap();
        let path_ok =
            if transport == Transport::Grpc { "TraceService/Export" } else { "/v1/traces" };
        assert!(paths.len() == 2 && paths[1].ends_with(path_ok), "{paths:?}");
        drop(peer);

        let failure = sender.send().unwrap_err();
        assert!(failure.retry_after.is_some());
        assert!(failure.line.contains(&format!("unix:{}", path.display())), "{}", failure.line);
    }
    let relative = Exporter::otlp_grpc("unix:relative").into_exporter().err().unwrap();
    assert!(relative.to_string().contains("absolute path"), "{relative}");
}
