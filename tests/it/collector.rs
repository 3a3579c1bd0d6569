//! The real OpenTelemetry Collector: what it wrote to a file is what was recorded.
//!
//! `tests/collector/README.md` says how it is built; where it is not, these tests pass over it and say so.

mod files;
mod process;
mod tiers;

use self::files::Collector;
use crate::receiver::{Arrived, Receiver, Transport};
use crate::transports::attempt::{Sender, batch_of_size};
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{ErrorKind, Exporter, Otlp, SpanKind, SpanType, Status, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

const A_WHILE: Duration = Duration::from_secs(30);

type Way = fn(&Collector) -> Otlp;

/// Every way into the Collector.
const WAYS: [(&str, Way); 7] = [
    ("gRPC", |it| Exporter::otlp_grpc(it.grpc())),
    ("HTTP", |it| Exporter::otlp_http(it.http())),
    ("gRPC, gzip", |it| Exporter::otlp_grpc(it.grpc()).gzip(true)),
    ("HTTP, gzip", |it| Exporter::otlp_http(it.http()).gzip(true)),
    ("HTTP, zstd", |it| Exporter::otlp_http(it.http()).zstd(true)),
    ("gRPC, socket", |it| Exporter::otlp_grpc(it.socket("grpc.sock"))),
    ("HTTP, socket", |it| Exporter::otlp_http(it.socket("http.sock"))),
];

/// Makes a trace with one of everything that a span can hold.
fn everything(capture: &Capture) {
    let (tracer, clock) = (capture.tracer(), capture.clock());
    let map = Value::Map([("inner".into(), Value::from(vec![1, 2]))].into());
    let planner = tracer.span("planner", SpanType::Agent).kind(SpanKind::Server);
    planner.in_scope(|planner| {
        planner
            .set_attribute("text", "naïve\u{0}\n\"日本\"")
            .set_attribute("empty", "")
            .set_attribute("least", i64::MIN)
            .set_attribute("most", i64::MAX)
            .set_attribute("part", 0.1)
            .set_attribute("no", false)
            .set_attribute("bytes", vec![0_u8, 255])
            .set_attribute("texts", vec!["a", ""])
            .set_attribute("map", map);
        planner.add_event("cache_miss", [("shard", 3)]);
        clock.advance(Duration::from_nanos(1));
        let earlier = planner.context();
        let _ = tracer.span("search", SpanType::Tool).link(&earlier).in_scope_result(|_| {
            clock.advance(Duration::from_micros(1));
            Err::<(), _>("no index")
        });
        tracer.span("ask", SpanType::Llm).in_scope(|ask| {
            ask.set_status(Status::Ok);
        });
    });
}

#[test]
fn everything_arrives_as_it_was_recorded() {
    for (way, otlp) in WAYS {
        let Some(collector) = Collector::start() else { return };
        // Decoded by prost in this process, so that JSON can be compared with it field by field.
        let receiver = Receiver::start(Transport::Grpc);
        let capture =
            Capture::with(|it| it.exporter(otlp(&collector)).exporter(receiver.exporter()));
        everything(&capture);
        capture.prela().flush(A_WHILE).unwrap();
        let (recorded, written) = (capture.spans(), collector.stop().all());
        assert_recorded(way, &recorded, &written);
        let texts = |spans: &[Arrived]| spans.iter().map(Arrived::to_string).collect::<String>();
        assert_eq!(texts(&written), texts(&receiver.spans()), "{way}");
        assert_eq!(written[0].resource, receiver.spans()[0].resource, "{way}");
    }
}

/// What two encoders and two decoders could have in common that is wrong: here is the record itself.
#[track_caller]
fn assert_recorded(way: &str, recorded: &[Arc<SpanData>], written: &[Arrived]) {
    assert_eq!(recorded.len(), written.len(), "{way}");
    let written: HashMap<_, _> = written.iter().map(|it| (it.span_id(), it)).collect();
    for span in recorded {
        let it = written[&span.span_context.span_id()];
        assert_eq!(it.trace_id(), span.span_context.trace_id());
        assert_eq!(it.parent_span_id(), span.parent_span_id);
        assert_eq!(it.name(), span.name);
        let nanos = |time| UNIX_EPOCH + Duration::from_nanos(time);
        assert_eq!(nanos(it.span.start_time_unix_nano), span.start_time);
        assert_eq!(nanos(it.span.end_time_unix_nano), span.end_time);
        let keys: Vec<_> = it.span.attributes.iter().map(|pair| pair.key.as_str()).collect();
        let recorded: Vec<_> = span.attributes.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, recorded);
        assert_eq!(it.span.events.len(), span.events.len());
        assert_eq!(it.span.links.len(), span.links.len());
    }
}

#[test]
fn every_span_of_many_threads_arrives_once() {
    let Some(collector) = Collector::start() else { return };
    let capture = Capture::with(|builder| {
        let builder = builder.exporter(Exporter::otlp_grpc(collector.grpc()));
        builder.exporter(Exporter::otlp_http(collector.http()).gzip(true)).max_queue_size(10_000)
    });
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..250 {
                    everything(&capture);
                }
            });
        }
    });
    let recorded = capture.spans();
    let report = capture.prela().shutdown(A_WHILE);
    assert_eq!((report.undelivered(), report.timed_out), (0, false));
    let written = collector.stop().all();
    // Once over each transport.
    assert_eq!(written.len(), 2 * 3_000);
    let mut times = HashMap::new();
    for span in &written {
        *times.entry(span.span_id()).or_insert(0) += 1;
    }
    assert_eq!(recorded.len(), 3_000);
    assert!(recorded.iter().all(|span| times[&span.span_context.span_id()] == 2));
}

#[test]
fn a_tail_sampler_keeps_whole_traces_with_an_error() {
    let Some(collector) = Collector::start() else { return };
    let capture = Capture::with(|it| it.exporter(Exporter::otlp_grpc(collector.grpc())));
    for run in 0..10 {
        capture.tracer().span("run", SpanType::Agent).in_scope(|_| {
            let _ = capture
                .tracer()
                .span("step", SpanType::Tool)
                .in_scope_result(|_| if run % 5 == 0 { Err("it failed") } else { Ok(()) });
        });
    }
    capture.prela().flush(A_WHILE).unwrap();
    let output = collector.stop();
    assert_eq!(output.all().len(), 20);
    let kept = crate::receiver::tree(&output.kept());
    assert_eq!(kept, "run agent\n  step tool error\n".repeat(2));
}

#[test]
fn a_request_over_its_limit_is_too_large() {
    let Some(collector) = Collector::start() else { return };
    let large = batch_of_size(5 << 20);
    for (way, otlp) in WAYS {
        // A socket has the default limit of 20 MiB over HTTP.
        if way == "HTTP, socket" {
            continue;
        }
        let failure = Sender::of(otlp(&collector), large.clone()).send().unwrap_err();
        let expected = (ErrorKind::TooLarge, None);
        assert_eq!((failure.kind, failure.retry_after), expected, "{way}: {failure:?}");
    }
    assert!(collector.stop().all().is_empty());
}

#[test]
fn one_that_is_killed_and_comes_back_gets_it_again() {
    let Some(mut collector) = Collector::start() else { return };
    let mut senders =
        [Exporter::otlp_grpc(collector.grpc()), Exporter::otlp_http(collector.http())]
            .map(Sender::new);
    for sender in &mut senders {
        sender.send().unwrap();
    }
    collector.kill();
    for sender in &mut senders {
        let failure = sender.send().unwrap_err();
        let expected = (ErrorKind::Io, Some(Duration::ZERO));
        assert_eq!((failure.kind, failure.retry_after), expected, "{failure:?}");
    }
    collector.start_again();
    for sender in &mut senders {
        sender.send().unwrap();
    }
    assert!(collector.stop().all().len() >= 10);
}
