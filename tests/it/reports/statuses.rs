//! Statuses of success that are not OTLP's.

use crate::receiver::{Peer, Reaction, Transport};
use crate::transports::attempt::{Failure, Sender};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prela::ErrorKind;
use prela::export::Exported;
use prost::Message as _;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json; charset=utf-8";

fn answered(status: u16, kind: &'static str, body: Vec<u8>) -> Result<Exported, Failure> {
    let peer = Peer::start(Transport::Http, move |_| match kind {
        "" => Reaction::http(status, &[], body.clone()),
        _ => Reaction::http(status, &[("content-type", kind)], body.clone()),
    });
    Sender::new(Transport::Http.exporter(peer.endpoint())).send()
}

fn partial_success(rejected_spans: i64) -> Vec<u8> {
    let error_message = "quota".to_owned();
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
    ExportTraceServiceResponse { partial_success }.encode_to_vec()
}

/// langwatch/langwatch#6822 is of this kind: an answer of success by somebody who takes no spans.
#[test]
fn another_status_of_success_counts_if_its_body_is_otlps() {
    for status in [201, 202, 203, 206, 207, 208, 226, 299] {
        // Nobody says that the spans were taken.
        for (kind, body) in [
            ("", &b""[..]),
            ("", b"accepted"),
            ("text/plain", b"accepted"),
            ("application/json", b""),
            ("application/json", b"not JSON"),
            ("application/json", b"[]"),
            ("application/json", br#"{"status":"queued"}"#),
            ("text/html", b"<html>"),
        ] {
            let failure = answered(status, kind, body.to_vec()).unwrap_err();
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
            let said = match kind {
                "text/html" => "a web page".to_owned(),
                _ => format!("the answer is {status}"),
            };
            assert!(failure.line.contains(&said), "{failure:?}");
        }
        for (kind, body, rejected) in [
            (PROTOBUF, Vec::new(), 0),
            (PROTOBUF, partial_success(2), 2),
            (JSON, b"{}".to_vec(), 0),
            (JSON, br#"{"partialSuccess":{"rejectedSpans":"2"}}"#.to_vec(), 2),
        ] {
            assert_eq!(answered(status, kind, body).unwrap().rejected, rejected);
        }
    }
    // These have no body that could say anything.
    for status in [204, 205] {
        for kind in ["", PROTOBUF, JSON] {
            let failure = answered(status, kind, Vec::new()).unwrap_err();
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
        }
    }
}

#[test]
fn the_status_of_success_counts_whatever_its_body() {
    for (kind, body) in [
        ("", &b""[..]),
        ("", b"accepted"),
        ("text/plain", b"accepted"),
        ("application/json", br#"{"status":"queued"}"#),
        ("application/json", b"{}"),
        (PROTOBUF, b""),
    ] {
        assert_eq!(answered(200, kind, body.to_vec()).unwrap(), Exported::all(), "{kind}");
    }
    for (kind, body) in [("application/json", &b"not JSON"[..]), (PROTOBUF, b"\xff")] {
        let exported = answered(200, kind, body.to_vec()).unwrap();
        assert_eq!(exported.message.as_deref(), Some("its answer could not be read"));
    }
}
