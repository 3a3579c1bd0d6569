//! Events of `tracing` as log records, over real sockets.

use crate::receiver::{Receiver, Refusal, Transport};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prela::pipeline::{Overflow, Stats};
use prela::redact::Redactor;
use prela::spool::Spool;
use prela::testing::Capture;
use prela::tracing::{Bridge, layer};
use prela::{Exporter, Otlp, Sampler, SpanType};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tracing::{Dispatch, debug, error, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt as _;

const A_WHILE: Duration = Duration::from_secs(30);

/// Runs code whose events are this capture's.
fn run<R>(capture: &Capture, bridge: Bridge, f: impl FnOnce() -> R) -> R {
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(bridge));
    capture.run(|| tracing::dispatcher::with_default(&dispatch, f))
}

fn logging_to(collector: Otlp) -> Capture {
    Capture::with(|builder| builder.logs(collector).diagnostics(|_| ()))
}

fn body(record: &LogRecord) -> String {
    match record.body.as_ref().and_then(|body| body.value.clone()) {
        Some(Any::StringValue(text)) => text,
        other => format!("{other:?}"),
    }
}

fn attribute(record: &LogRecord, key: &str) -> Option<Any> {
    let pair = record.attributes.iter().find(|pair| pair.key == key)?;
    pair.value.as_ref()?.value.clone()
}

#[track_caller]
fn assert_adds_up(stats: &Stats) {
    let sum = stats.unsampled + stats.exported + stats.rejected + stats.dropped + stats.queued;
    assert_eq!(stats.ended, sum + stats.in_flight + stats.spooled, "{stats:?}");
}

#[test]
fn each_has_the_ids_of_the_span_that_it_happens_in() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let capture = logging_to(receiver.exporter());
        let ids = run(&capture, layer(), || {
            warn!(target: "app", user = 7, "outside");
            prela::tracer().span("agent", SpanType::Agent).in_scope(|agent| {
                info!(target: "app", "in Prela's");
                let handler = info_span!("handler");
                let in_handler = handler.in_scope(|| {
                    error!(name: "gave.up", target: "app::db", tries = 3_u64, "in tracing's");
                    prela::current_span().unwrap().span_context()
                });
                let elsewhere = std::thread::spawn(prela::TraceContext::current().wrap({
                    let dispatch = tracing::dispatcher::get_default(Clone::clone);
                    move || {
                        tracing::dispatcher::with_default(
                            &dispatch,
                            || debug!(target: "app", "on a thread"),
                        )
                    }
                }));
                elsewhere.join().unwrap();
                [agent.span_context(), in_handler]
            })
        });
        capture.prela().flush(A_WHILE).unwrap();
        let stats = capture.prela().log_stats().unwrap();
        assert_eq!((stats.ended, stats.exported), (4, 4));

        let records = receiver.log_records();
        let of = |text: &str| records.iter().find(|(_, it)| body(it) == text).unwrap();
        let (scope, outside) = of("outside");
        assert_eq!(scope, "app");
        assert_eq!((outside.severity_number, &*outside.severity_text), (13, "WARN"));
        assert_eq!(attribute(outside, "user"), Some(Any::IntValue(7)));
        assert!(outside.trace_id.is_empty() && outside.span_id.is_empty() && outside.flags == 0);
        // 2026-01-01, the capture's clock.
        assert_eq!(outside.time_unix_nano, 1_767_225_600_000_000_000);
        assert_eq!(outside.observed_time_unix_nano, outside.time_unix_nano);
        for (text, span) in
            [("in Prela's", &ids[0]), ("on a thread", &ids[0]), ("in tracing's", &ids[1])]
        {
            let (_, record) = of(text);
            assert_eq!(record.trace_id, span.trace_id().to_bytes(), "{text}");
            assert_eq!(record.span_id, span.span_id().to_bytes(), "{text}");
            assert_eq!(record.flags & 1, 1, "{text}");
        }
        let (scope, failed) = of("in tracing's");
        assert_eq!((&**scope, &*failed.event_name), ("app::db", "gave.up"));
        assert_eq!((failed.severity_number, failed.dropped_attributes_count), (17, 0));
        assert_eq!(attribute(failed, "tries"), Some(Any::IntValue(3)));
        // And on the spans, as without.
        assert!(capture.tree().contains("• in tracing's"));
    }
}

#[test]
fn shutdown_sends_what_is_queued_and_says_what_became_of_it() {
    let receiver = Receiver::start(Transport::Http);
    let capture = logging_to(receiver.exporter());
    run(&capture, layer().with_span_events(false), || {
        prela::tracer().span_default("work").in_scope(|_| info!("first"));
        assert_eq!(capture.tree(), "work  custom\n");
        let report = capture.prela().shutdown(A_WHILE);
        let logs = report.logs.unwrap();
        assert_eq!((logs.exported, report.timed_out), (1, false));
        info!("too late");
    });
    assert_eq!(receiver.log_records().len(), 1);
    let stats = capture.prela().log_stats().unwrap();
    assert_eq!((stats.ended, stats.dropped_by.shut_down), (2, 1));
}

#[test]
fn there_are_none_unless_they_are_asked_for() {
    let capture = Capture::new();
    run(&capture, layer(), || info!("nobody wants to know"));
    assert_eq!(capture.prela().log_stats(), None);
    assert_eq!(capture.prela().shutdown(A_WHILE).logs, None);
}

/// Neither sampling nor a missing span keeps a record back; `suppress` does.
#[test]
fn sampling_is_of_traces_and_suppression_of_all() {
    let receiver = Receiver::start(Transport::Grpc);
    let collector = receiver.exporter();
    let capture = Capture::with(|it| it.logs(collector).sampler(Sampler::always_off()));
    run(&capture, layer(), || {
        prela::tracer().span_default("left out").in_scope(|span| {
            info!("kept");
            prela::suppress(|| info!("silenced"));
            info!(target: "opentelemetry_sdk", "about itself");
            assert!(!span.is_recording());
        });
    });
    capture.prela().flush(A_WHILE).unwrap();
    let records = receiver.log_records();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!((body(&records[0].1), records[0].1.flags & 1), ("kept".to_owned(), 0));
    assert_eq!(records[0].1.trace_id.len(), 16);
}

#[test]
fn they_are_redacted_and_cut_as_spans_are() {
    let receiver = Receiver::start(Transport::Http);
    let collector = receiver.exporter();
    let redactor = Redactor::new().everything_known().key("password");
    let capture = Capture::with(|it| it.logs(collector).redact(redactor).payload_limit(20));
    run(&capture, layer(), || {
        info!(password = "hunter2", long = "x".repeat(100), "mail to anna@example.com");
        info!(gen_ai.input.messages = "the user's words", "asked");
    });
    capture.prela().flush(A_WHILE).unwrap();
    let records = receiver.log_records();
    let shown = format!("{records:?}");
    assert!(
        !["hunter2", "anna@", "xxxxxxxxxxxxxxxxxxxxx", "user's words"]
            .iter()
            .any(|it| shown.contains(it))
    );
    assert!(shown.contains("prela.original_length.long"), "{shown}");
}

#[test]
fn a_collector_that_is_away_costs_records_and_no_time() {
    let nobody = Refusal::new();
    let said = Arc::new(Mutex::new(String::new()));
    let saying = said.clone();
    let capture = Capture::with(|builder| {
        let collector = Exporter::otlp_grpc(nobody.endpoint());
        builder.logs(collector).max_queue_size(50).overflow(Overflow::DropNewest).diagnostics(
            move |line| {
                saying.lock().unwrap().push_str(line);
            },
        )
    });
    let began = Instant::now();
    run(&capture, layer(), || {
        for n in 0..500 {
            info!(n, "said");
            assert_adds_up(&capture.prela().log_stats().unwrap());
        }
    });
    let stats = capture.prela().log_stats().unwrap();
    assert_eq!(stats.ended, 500);
    assert!(stats.dropped_by.queue_full >= 400, "{stats:?}");
    assert!(began.elapsed() < A_WHILE);
    let report = capture.prela().shutdown(Duration::from_millis(200));
    let logs = report.logs.unwrap();
    assert_adds_up(&logs);
    assert_eq!(logs.dropped, 500);
    let said = said.lock().unwrap();
    let line = "prela: 500 of 500 log records could not be delivered to otlp grpc http://";
    assert!(said.contains(line) && said.contains(" for logs: "), "{said}");
}

#[test]
fn they_wait_in_the_spool_apart_from_spans() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = Refusal::new();
    let capture = |collector: Otlp| {
        Capture::with(|builder| {
            let builder = builder.exporter(collector.clone()).logs(collector);
            builder.spool(Spool::new(dir.path())).diagnostics(|_| ())
        })
    };
    let first = capture(Exporter::otlp_http(nobody.endpoint()));
    run(&first, layer(), || {
        prela::tracer().span_default("work").in_scope(|_| info!("kept"));
    });
    let report = first.prela().shutdown(Duration::from_secs(5));
    assert_eq!(report.logs.unwrap().spooled, 1);
    drop(first);

    let receiver = Receiver::start(Transport::Http);
    let second = capture(receiver.exporter());
    let until = Instant::now() + A_WHILE;
    while receiver.log_records().is_empty() || receiver.spans().is_empty() {
        assert!(Instant::now() < until, "{:?}", second.prela().log_stats());
        std::thread::yield_now();
    }
    assert_eq!((receiver.log_records().len(), receiver.spans().len()), (1, 1));
}

#[test]
fn one_collector_for_all() {
    let names = |env: &[(&str, &str)], logs: Otlp| {
        let env = env.iter().copied();
        let builder = prela::builder().env(env).diagnostics(|_| ()).logs(logs);
        let prela = builder.exporter(prela::export::MemoryExporter::new()).build().unwrap();
        prela.log_stats().map(|stats| stats.exporters[0].name.clone())
    };
    for (env, logs, expected) in [
        (&[][..], Exporter::otlp(), "otlp grpc http://localhost:4317 for logs"),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")],
            Exporter::otlp(),
            "otlp http http://c:4318/v1/logs for logs",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/v1/traces")],
            Exporter::otlp(),
            "otlp grpc http://localhost:4317 for logs",
        ),
        (&[], Exporter::otlp_http("http://c"), "otlp http http://c/v1/logs for logs"),
        (&[], Exporter::otlp_http("http://c/a/v1/traces"), "otlp http http://c/a/v1/logs for logs"),
        (&[], Exporter::otlp_http("http://c/logs"), "otlp http http://c/logs for logs"),
        (
            &[],
            Exporter::otlp_http("http://c").json(true),
            "otlp http/json http://c/v1/logs for logs",
        ),
    ] {
        assert_eq!(names(env, logs).as_deref(), Some(expected), "{env:?}");
    }
    let left_out = [("OTEL_EXPORTER_OTLP_ENDPOINT", "htp://c")];
    assert_eq!(names(&left_out, Exporter::otlp()), None, "nothing goes where nobody asked for");
    let disabled = [("OTEL_SDK_DISABLED", "true")];
    assert_eq!(names(&disabled, Exporter::otlp()), None);
}
