//! Answers, well made and ill.

use super::attempt::{Failure, Sender};
use super::taken;
use crate::receiver::{Peer, Reaction, Transport};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prela::ErrorKind;
use prela::export::Exported;
use prost::Message as _;
use std::time::{Duration, SystemTime};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// What one attempt makes of an answer.
#[track_caller]
fn answered(
    transport: Transport,
    answer: impl Fn() -> Reaction + Send + Sync + 'static,
) -> Result<Exported, Failure> {
    let peer = Peer::start(transport, move |_| answer());
    let result = Sender::new(transport.exporter(peer.endpoint())).send();
    if let Err(failure) = &result {
        assert!(failure.line.starts_with(&format!("export to {}", peer.endpoint())), "{failure:?}");
    }
    result
}

fn grpc(code: Code, message: &'static str, details: Option<String>) -> Result<Exported, Failure> {
    let answers = [true, false].map(|with_body| {
        let details = details.clone();
        answered(Transport::Grpc, move || {
            let code = i32::from(code).to_string();
            let mut status = vec![("grpc-status", code.as_str()), ("grpc-message", message)];
            status.extend(details.as_deref().map(|it| ("grpc-status-details-bin", it)));
            match with_body {
                true => Reaction::grpc(Vec::new(), &status),
                false => Reaction::grpc_without_body(&status),
            }
        })
    });
    let [in_trailers, in_headers] = answers.map(|answer| {
        let port = |failure: Failure| Failure { line: after_address(&failure.line), ..failure };
        answer.map_err(port)
    });
    assert_eq!(in_trailers, in_headers);
    in_headers
}

/// The ports differ.
fn after_address(line: &str) -> String {
    line.split_once(": ").unwrap().1.to_owned()
}

fn retry_info(delay: Duration) -> Vec<u8> {
    let details = ErrorDetails::with_retry_info(Some(delay));
    Status::with_error_details(Code::Unavailable, "busy", details).details().to_vec()
}

#[test]
fn grpc_codes_that_may_be_retried_are_otlps() {
    use Code::*;
    let retryable = [Cancelled, DeadlineExceeded, Aborted, OutOfRange, Unavailable, DataLoss];
    for number in 1..=17 {
        let code = Code::from_i32(number);
        let failure = grpc(code, "because", None).unwrap_err();
        let expected = retryable.contains(&code).then_some(Duration::ZERO);
        assert_eq!(failure.retry_after, expected, "{failure:?}");
        let kind = match code {
            DeadlineExceeded => ErrorKind::Timeout,
            _ if expected.is_some() => ErrorKind::Io,
            _ => ErrorKind::Rejected,
        };
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert_eq!(failure.line, format!("the collector answered {code:?}: because"));
    }
}

#[test]
fn retry_info_says_when() {
    let delay = Duration::from_millis(1_250);
    for details in [STANDARD.encode(retry_info(delay)), STANDARD_NO_PAD.encode(retry_info(delay))] {
        for code in [Code::Unavailable, Code::ResourceExhausted] {
            let failure = grpc(code, "busy", Some(details.clone())).unwrap_err();
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Io, Some(delay)));
        }
        // What is final stays so.
        let failure = grpc(Code::InvalidArgument, "no", Some(details)).unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
    }
    let other = Status::with_error_details(
        Code::ResourceExhausted,
        "",
        ErrorDetails::with_quota_failure_violation("spans", "too many"),
    );
    let details = Some(STANDARD.encode(other.details()));
    let failure = grpc(Code::ResourceExhausted, "", details).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
}

#[test]
fn details_that_are_malformed_harm_nobody() {
    let mut cut = retry_info(Duration::from_secs(7));
    cut.truncate(cut.len() - 1);
    for details in ["%%%", "=", "AAAA", "////", &STANDARD.encode(cut)] {
        let failure = grpc(Code::Unavailable, "", Some(details.to_owned())).unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Io, Some(Duration::ZERO)));
    }
    let failure = answered(Transport::Grpc, || {
        Reaction::grpc_without_body(&[("grpc-status", "many"), ("grpc-message", "%ff%0a%1b[1mx")])
    });
    assert_eq!(failure.unwrap_err().kind, ErrorKind::Rejected);
}

#[test]
fn what_stands_between_answers_over_http_alone() {
    for (status, kind, may_retry) in [
        (429, ErrorKind::Io, true),
        (502, ErrorKind::Io, true),
        (503, ErrorKind::Io, true),
        (504, ErrorKind::Io, true),
        (401, ErrorKind::Rejected, false),
        (404, ErrorKind::Rejected, false),
        (500, ErrorKind::Rejected, false),
    ] {
        let failure = answered(Transport::Grpc, move || Reaction::http(status, &[], "sorry"));
        let failure = failure.unwrap_err();
        assert_eq!((failure.kind, failure.retry_after.is_some()), (kind, may_retry), "{failure:?}");
        assert!(failure.line.contains(&status.to_string()), "{failure:?}");
        let wait = move || Reaction::http(status, &[("retry-after", "7")], "sorry");
        let failure = answered(Transport::Grpc, wait).unwrap_err();
        assert_eq!(failure.retry_after, may_retry.then_some(Duration::from_secs(7)));
    }
}

#[test]
fn http_statuses_that_may_be_retried_are_otlps() {
    let refused = |status, headers: &'static [(&'static str, &'static str)]| {
        answered(Transport::Http, move || Reaction::http(status, headers, "because")).unwrap_err()
    };
    for status in [429, 502, 503, 504] {
        let failure = refused(status, &[]);
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Io, Some(Duration::ZERO)));
        let failure = refused(status, &[("retry-after", "7")]);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
        for nonsense in [
            &[("retry-after", "soon")][..],
            &[("retry-after", "-1")],
            &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")],
        ] {
            assert_eq!(refused(status, nonsense).retry_after, Some(Duration::ZERO));
        }
    }
    for status in [301, 307, 400, 401, 403, 404, 405, 408, 409, 415, 422, 500, 501, 505] {
        let failure = refused(status, &[("retry-after", "7"), ("location", "/elsewhere")]);
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
        assert!(failure.line.contains(&status.to_string()), "{failure:?}");
        assert!(failure.line.ends_with("because"), "{failure:?}");
    }
}

#[test]
fn retry_after_may_be_a_date() {
    let failure = answered(Transport::Http, || {
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3_600));
        Reaction::http(503, &[("retry-after", &date)], "")
    });
    let after = failure.unwrap_err().retry_after.unwrap();
    assert!(after > Duration::from_secs(3_500) && after <= Duration::from_secs(3_600), "{after:?}");
}

#[test]
fn what_is_too_large_is_known_by_its_words() {
    for (code, words) in [
        (Code::ResourceExhausted, "grpc: received message larger than max (5000000 vs. 4194304)"),
        (
            Code::ResourceExhausted,
            "grpc: received message after decompression larger than max 4194304",
        ),
        (Code::ResourceExhausted, "SERVER: Received message larger than max (5000000 vs. 4194304)"),
        (Code::ResourceExhausted, "gRPC message exceeds maximum size 4194304: 5000000"),
        (
            Code::ResourceExhausted,
            "Received message that decompresses to a size larger than 4194304",
        ),
        (
            Code::ResourceExhausted,
            "Message has exceeded the configured maximum payload size (max: 4194304, actual: 5000000)",
        ),
        (
            Code::OutOfRange,
            "Error, decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes",
        ),
    ] {
        let failure = grpc(code, words, None).unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::TooLarge, None), "{words}");
    }
    for (status, words) in [
        (413, ""),
        (400, "http: request body too large"),
        (400, "Failed to buffer the request body: length limit exceeded"),
        (400, "Request Entity Too Large"),
        (400, "{\"error\":\"Payload Too Large\"}"),
    ] {
        let failure = answered(Transport::Http, move || Reaction::http(status, &[], words));
        let failure = failure.unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (ErrorKind::TooLarge, None), "{words}");
    }
}

fn partial_success(rejected_spans: i64, error_message: &str) -> Vec<u8> {
    let error_message = error_message.to_owned();
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
    ExportTraceServiceResponse { partial_success }.encode_to_vec()
}

fn success(transport: Transport, message: &[u8]) -> Reaction {
    match transport {
        Transport::Grpc => {
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            let frame = [&[0], &length[..], message].concat();
            Reaction::grpc(frame, &[("grpc-status", "0")])
        }
        Transport::Http => {
            let headers = [("content-type", "Application/X-Protobuf; v=1")];
            Reaction::http(202, &headers, message.to_vec())
        }
    }
}

#[test]
fn partial_success_is_counted_and_its_message_fits_on_a_line() {
    for transport in Transport::BOTH {
        for (rejected, message, counted, shown) in [
            (2, "quota exceeded", 2, Some("quota exceeded".to_owned())),
            (0, "an old\r\nprotocol\x1b[31m", 0, Some("an old  protocol [31m".to_owned())),
            (3, &"long ".repeat(1_000), 3, Some("long ".repeat(60).trim().to_owned())),
            (-1, "", 0, None),
            (0, " \n", 0, None),
        ] {
            let response = partial_success(rejected, message);
            let exported = answered(transport, move || success(transport, &response)).unwrap();
            assert_eq!((exported.rejected, exported.message), (counted, shown), "{transport:?}");
        }
    }
}

#[test]
fn a_success_is_one_whatever_comes_with_it() {
    for transport in Transport::BOTH {
        let exported = answered(transport, move || taken(transport)).unwrap();
        assert_eq!(exported, Exported::all());
        let garbage = answered(transport, move || success(transport, b"\xff\xff garbage"));
        let garbage = garbage.unwrap();
        assert_eq!(garbage.rejected, 0);
        assert_eq!(garbage.message.unwrap(), "its answer could not be read");
    }
    for (kind, body) in [("application/json", "{\"partialSuccess\":{}}"), ("text/plain", "thanks")]
    {
        let answer = move || Reaction::http(200, &[("content-type", kind)], body);
        assert_eq!(answered(Transport::Http, answer).unwrap(), Exported::all());
    }
    let page = || Reaction::http(200, &[("content-type", "text/html; charset=utf-8")], "<html>");
    let failure = answered(Transport::Http, page).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
}

#[test]
fn a_compressed_answer_is_read_as_go_sends_it() {
    let response = partial_success(4, "quota exceeded");
    let mut zipped = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(&mut zipped, flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &response).unwrap();
    encoder.finish().unwrap();
    let frame = [&[1], &u32::try_from(zipped.len()).unwrap().to_be_bytes()[..], &zipped].concat();
    let peer = Peer::start(Transport::Grpc, move |_| {
        let mut answer = Reaction::grpc(frame.clone(), &[("grpc-status", "0")]);
        if let Reaction::Answer(response) = &mut answer {
            response.headers_mut().insert("grpc-encoding", "gzip".parse().unwrap());
        }
        answer
    });
    let exported = Sender::new(Transport::Grpc.exporter(peer.endpoint())).send().unwrap();
    assert_eq!(exported.rejected, 4);
}
