//! OTLP over HTTP with bodies of JSON.

use crate::receiver::{Peer, Reaction, Transport};
use crate::transports::attempt::{Failure, SPANS, Sender};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prela::export::Exported;
use prela::{ErrorKind, Exporter};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const JSON: &str = "application/json";

/// open-telemetry/opentelemetry-java#5598: the variable was read, and bodies were protobuf all the same.
#[test]
fn the_variable_makes_bodies_json() {
    for gzip in [false, true] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let peer = Peer::start(Transport::Http, move |request| {
            seen.lock().unwrap().push(request);
            Reaction::http(200, &[("content-type", JSON)], "{}")
        });
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", peer.endpoint()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", if gzip { "gzip" } else { "none" }),
            ("OTEL_SERVICE_NAME", "reports"),
        ];
        let prela = prela::builder().env(variables).diagnostics(|_| ()).build().unwrap();
        prela.tracer().span_default("parent").attr("n", i64::MAX).in_scope(|_| {
            prela
                .tracer()
                .span_default("child")
                .attr("f", f64::NAN)
                .attr("t", "\"é\n")
                .in_scope(|_| ());
        });
        prela.flush(Duration::from_secs(30)).unwrap();
        assert_eq!(prela.stats().exported, 2);

        let asked = asked.lock().unwrap().pop().unwrap();
        assert_eq!(
            (asked.path.as_str(), &asked.headers["content-type"]),
            ("/v1/traces", &JSON.parse().unwrap())
        );
        let body = match gzip {
            false => asked.body.to_vec(),
            true => {
                let mut plain = Vec::new();
                let mut reader = flate2::read::GzDecoder::new(&*asked.body);
                std::io::Read::read_to_end(&mut reader, &mut plain).unwrap();
                plain
            }
        };
        // Not read by serde's form of the messages, which knows no `NaN`.
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let spans = &json["resourceSpans"][0]["scopeSpans"][0]["spans"];
        let [child, parent] = &spans.as_array().unwrap()[..] else { panic!("{spans}") };
        assert_eq!((&child["name"], &parent["name"]), (&"child".into(), &"parent".into()));
        assert_eq!(child["parentSpanId"], parent["spanId"]);
        assert_eq!(parent["traceId"].as_str().map(str::len), Some(32));
        let text = String::from_utf8(body).unwrap();
        assert!(text.contains(r#"{"intValue":"9223372036854775807"}"#), "{text}");
        assert!(text.contains(r#"{"doubleValue":"NaN"}"#), "{text}");
        assert!(text.contains(r#"{"stringValue":"\"é\n"}"#), "{text}");
    }
}

#[test]
fn the_code_makes_bodies_json() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let peer = Peer::start(Transport::Http, move |request| {
        seen.lock().unwrap().push(request.body);
        Reaction::http(200, &[("content-type", JSON)], "{}")
    });
    let exported = Sender::new(Exporter::otlp_http(peer.endpoint()).json(true)).send().unwrap();
    assert_eq!(exported, Exported::all());
    let body = asked.lock().unwrap().pop().unwrap();
    let request: ExportTraceServiceRequest = serde_json::from_slice(&body).unwrap();
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    assert_eq!((spans.len(), spans[0].name.as_str()), (SPANS, "step"));
}

/// What is too large is halved, as a message, and goes out as JSON again.
#[test]
fn halves_are_json_too() {
    let peer = Peer::start(Transport::Http, |request| {
        let request: ExportTraceServiceRequest = serde_json::from_slice(&request.body).unwrap();
        match request.resource_spans[0].scope_spans[0].spans.len() {
            0..=3 => Reaction::http(200, &[("content-type", JSON)], "{}"),
            _ => {
                Reaction::http(413, &[("content-type", JSON)], r#"{"code":8,"message":"too much"}"#)
            }
        }
    });
    let exporter = Exporter::otlp_http(peer.endpoint()).json(true);
    let builder = prela::builder().env([("", ""); 0]).exporter(exporter).diagnostics(|_| ());
    let prela = builder.build().unwrap();
    for _ in 0..10 {
        prela.tracer().span_default("step").in_scope(|_| ());
    }
    prela.flush(Duration::from_secs(30)).unwrap();
    assert_eq!(prela.stats().exported, 10);
}

fn answered(status: u16, kind: &'static str, body: &'static str) -> Result<Exported, Failure> {
    let peer = Peer::start(Transport::Http, move |_| {
        Reaction::http(status, &[("content-type", kind)], body)
    });
    Sender::new(Exporter::otlp_http(peer.endpoint()).json(true)).send()
}

#[test]
fn partial_success_is_read() {
    for (body, rejected, message) in [
        ("{}", 0, None),
        (r#"{"partialSuccess":{}}"#, 0, None),
        (r#"{"partialSuccess":null}"#, 0, None),
        (r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"quota"}}"#, 3, Some("quota")),
        (r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"quota"}}"#, 3, Some("quota")),
        (r#" { "partialSuccess" : { "rejectedSpans" : 3.0 , "more" : [ { } ] } } "#, 3, None),
        (r#"{"partial_success":{"rejected_spans":"3","error_message":"quota"}}"#, 3, Some("quota")),
        (r#"{"partialSuccess":{"errorMessage":"d\u00e9j\u00e0\nvu"}}"#, 0, Some("déjà vu")),
        (r#"{"partialSuccess":{"rejectedLogRecords":"3"}}"#, 3, None),
        (r#"{"partial_success":{"rejected_data_points":3}}"#, 3, None),
        (r#"{"partialSuccess":{"rejectedSpans":"-3"}}"#, 0, None),
        (r#"{"partialSuccess":{"rejectedSpans":"many"}}"#, 0, None),
        (r#"{"partialSuccess":[]}"#, 0, None),
        ("not JSON", 0, Some("its answer could not be read")),
    ] {
        for kind in [JSON, "Application/JSON; charset=utf-8", "application/json ;x=y"] {
            let exported = answered(200, kind, body).unwrap();
            assert_eq!(
                (exported.rejected, exported.message.as_deref()),
                (rejected, message),
                "{body}"
            );
        }
    }
    let deep: &str = Box::leak(format!("{{\"a\":{}", "[".repeat(1 << 20)).into_boxed_str());
    assert!(answered(200, JSON, deep).unwrap().message.is_some());
}

#[test]
fn errors_are_read() {
    for (status, body, kind, said) in [
        (400, r#"{"code":3,"message":"bad \"span\""}"#, ErrorKind::Rejected, ": bad \"span\""),
        (
            400,
            r#"{"code":3,"message":"bad","details":[{"@type":"x"}]}"#,
            ErrorKind::Rejected,
            ": bad",
        ),
        (400, r#"{"message":"request body too large"}"#, ErrorKind::TooLarge, "too large"),
        (413, "{}", ErrorKind::TooLarge, ": {}"),
        (400, r#"{"error":"mine"}"#, ErrorKind::Rejected, r#": {"error":"mine"}"#),
        (400, "not JSON", ErrorKind::Rejected, ": not JSON"),
        (503, r#"{"code":14,"message":"busy"}"#, ErrorKind::Io, ": busy"),
    ] {
        let failure = answered(status, "application/json; charset=utf-8", body).unwrap_err();
        assert_eq!((failure.kind, failure.retry_after.is_some()), (kind, kind == ErrorKind::Io));
        assert!(failure.line.ends_with(said), "{failure:?}");
    }
}

/// What a program's last batch was told is told, although nothing of it was lost on the way.
#[test]
fn spans_that_are_rejected_at_the_end_are_told_of() {
    for (body, rejected, said) in [
        ("{}", 0, None),
        (r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"quota"}}"#, 2, Some(": quota")),
        (r#"{"partialSuccess":{"rejectedSpans":"2"}}"#, 2, Some("")),
        (r#"{"partialSuccess":{"errorMessage":"deprecated"}}"#, 0, Some(" says: deprecated")),
    ] {
        let peer = Peer::start(Transport::Http, move |_| {
            Reaction::http(200, &[("content-type", JSON)], body)
        });
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = lines.clone();
        let prela = prela::builder()
            .env([("", ""); 0])
            .exporter(Exporter::otlp_http(peer.endpoint()).json(true))
            .schedule_delay(Duration::from_secs(3_000))
            .diagnostics(move |line| written.lock().unwrap().push(line.to_owned()))
            .build()
            .unwrap();
        for _ in 0..3 {
            prela.tracer().span_default("step").in_scope(|_| ());
        }
        let stats = prela.shutdown(Duration::from_secs(30)).stats;
        assert_eq!((stats.exported, stats.rejected), (3 - rejected, rejected));
        let name = format!("otlp http/json {}/v1/traces", peer.endpoint());
        let expected = said.map(|said| match rejected {
            0 => format!("prela: {name}{said}"),
            _ => format!("prela: {rejected} of 3 spans were rejected by {name}{said}"),
        });
        assert_eq!(*lines.lock().unwrap(), expected.into_iter().collect::<Vec<_>>());
    }
}
