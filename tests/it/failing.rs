//! Collectors that refuse, fail, hang and take only a part: user code is unharmed, every span is
//! counted, and nothing waits longer than it was told.

use crate::receiver::{Answer, Receiver, Refusal, Transport};
use prela::export::MemoryExporter;
use prela::testing::Capture;
use prela::{ErrorKind, Exporter};
use prela_tests::assert_adds_up;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const A_WHILE: Duration = Duration::from_secs(30);
/// The longest time for what is done at once, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(5);

/// Diagnostic lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn sink(&self) -> impl Fn(&str) + Send + Sync + 'static {
        let lines = self.clone();
        move |line| lines.0.lock().unwrap().push(line.to_owned())
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// Work that is traced; its result must not depend on how the tracing goes.
fn work(capture: &Capture, spans: u64) {
    let tracer = capture.tracer();
    let sum: u64 = (1..=spans).map(|n| tracer.span_default("step").in_scope(|_| n)).sum();
    assert_eq!(sum, spans * (spans + 1) / 2);
}

#[test]
fn spans_of_a_partial_success_are_rejected_and_the_message_is_surfaced() {
    for transport in Transport::BOTH {
        let (receiver, lines) = (Receiver::start(transport), Lines::default());
        receiver.answer([Answer::Rejected(2), Answer::Taken]);
        let capture =
            Capture::with(|it| it.exporter(receiver.exporter()).diagnostics(lines.sink()));
        work(&capture, 5);
        capture.prela().flush(A_WHILE).unwrap();
        work(&capture, 1);
        let report = capture.prela().shutdown(A_WHILE);

        let exporter = &report.stats.exporters[1];
        assert_eq!((exporter.exported, exporter.rejected, exporter.dropped), (4, 2, 0));
        assert_adds_up(&report.stats);
        assert!(lines.text().contains("quota exceeded"), "{}", lines.text());
    }
}

#[test]
fn a_refusal_drops_the_batch_and_says_why() {
    for transport in Transport::BOTH {
        let (receiver, lines) = (Receiver::start(transport), Lines::default());
        receiver.answer([Answer::Invalid, Answer::Taken]);
        let capture =
            Capture::with(|it| it.exporter(receiver.exporter()).diagnostics(lines.sink()));
        work(&capture, 3);
        assert_eq!(capture.prela().flush(A_WHILE).unwrap_err().kind(), ErrorKind::Io);
        work(&capture, 4);
        capture.prela().flush(A_WHILE).unwrap();

        let stats = capture.prela().stats();
        let exporter = &stats.exporters[1];
        assert_eq!((exporter.exported, exporter.dropped_by.export_failed), (4, 3));
        assert_adds_up(&stats);
        assert_eq!(receiver.spans().len(), 4);
        let text = lines.text();
        assert!(["Invalid", "400"].iter().any(|word| text.contains(word)), "{text}");
        assert!(text.contains("3 spans could not be exported"), "{text}");
    }
}

#[test]
fn a_collector_that_is_busy_is_asked_again() {
    for transport in Transport::BOTH {
        let (receiver, lines) = (Receiver::start(transport), Lines::default());
        receiver.answer([Answer::Unavailable, Answer::Unavailable, Answer::Taken]);
        let capture =
            Capture::with(|it| it.exporter(receiver.exporter()).diagnostics(lines.sink()));
        work(&capture, 3);
        capture.prela().flush(A_WHILE).unwrap();
        let stats = capture.prela().stats();
        assert_adds_up(&stats);
        assert_eq!((stats.exporters[1].exported, stats.dropped), (3, 0));
        assert_eq!((receiver.requests().len(), receiver.spans().len()), (3, 3));
        assert_eq!(lines.text(), "");
    }
}

#[test]
fn a_failing_exporter_harms_no_other() {
    let (grpc, http) = (Receiver::start(Transport::Grpc), Receiver::start(Transport::Http));
    let (refusal, held) = (Refusal::new(), Receiver::start(Transport::Http));
    held.answer([Answer::Held]);
    let memory = MemoryExporter::new();
    let capture = Capture::with(|builder| {
        builder
            .diagnostics(|_| ())
            .exporter(Exporter::otlp_grpc(refusal.endpoint()))
            .exporter(held.exporter())
            .exporter(Panics)
            .exporter(grpc.exporter())
            .exporter(http.exporter())
            .exporter(memory.clone())
    });
    work(&capture, 100);
    // The one that is held is not done, and the others are not held up by it.
    capture.prela().flush(Duration::from_millis(500)).unwrap_err();
    assert_eq!(grpc.wait_for_spans(100).len(), 100);
    assert_eq!(http.wait_for_spans(100).len(), 100);
    assert_eq!(memory.spans().len(), 100);
    held.release();
    assert_eq!(held.wait_for_spans(100).len(), 100);

    let stats = capture.prela().shutdown(A_WHILE).stats;
    assert_adds_up(&stats);
    let exported: Vec<_> = stats.exporters.iter().map(|exporter| exporter.exported).collect();
    assert_eq!(exported, [100, 0, 100, 0, 100, 100, 100]);
    assert_eq!((stats.ended, stats.dropped_by.export_failed), (700, 200));
}

struct Panics;

impl prela::export::SpanExporter for Panics {
    fn name(&self) -> String {
        "panics".to_owned()
    }

    fn export<'a>(
        &'a mut self,
        _: &'a prela::export::Batch,
    ) -> prela::export::ExportFuture<'a, prela::export::Exported> {
        panic!("a bug of the exporter's")
    }
}

#[test]
fn nobody_listens() {
    for transport in Transport::BOTH {
        let (refusal, lines) = (Refusal::new(), Lines::default());
        let exporter = transport.exporter(refusal.endpoint()).header("x-api-key", "secret");
        let capture = Capture::with(|it| it.exporter(exporter).diagnostics(lines.sink()));
        work(&capture, 1_000);
        let start = Instant::now();
        let report = capture.prela().shutdown(A_WHILE);
        assert!(start.elapsed() < SOON, "refused connections take no time");

        assert!(!report.timed_out);
        assert_eq!(report.undelivered(), 1_000);
        assert_adds_up(&report.stats);
        let text = lines.text();
        let last = text.lines().last().unwrap();
        assert!(
            last.starts_with("prela: 1000 of 1000 spans could not be delivered to otlp"),
            "{text}"
        );
        assert!(last.contains(&refusal.endpoint()), "{text}");
        assert!(text.to_lowercase().contains("refused"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn shutdown_gives_up_at_its_deadline_on_a_collector_that_hangs() {
    for transport in Transport::BOTH {
        let (receiver, lines) = (Receiver::start(transport), Lines::default());
        receiver.answer([Answer::Held]);
        let capture = Capture::with(|builder| {
            builder.exporter(receiver.exporter()).diagnostics(lines.sink()).max_batch_size(10)
        });
        work(&capture, 100);
        receiver.wait_for_requests(1);
        let start = Instant::now();
        let report = capture.prela().shutdown(Duration::from_millis(100));
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());

        assert!(report.timed_out);
        assert_eq!(report.undelivered(), 100);
        assert_adds_up(&report.stats);
        assert_eq!((report.stats.queued, report.stats.in_flight), (0, 0));
        assert!(
            lines.text().contains("100 of 100 spans could not be delivered"),
            "{}",
            lines.text()
        );

        // Nothing is counted twice when the answer comes after all, and user code goes on.
        receiver.release();
        work(&capture, 10);
        assert_adds_up(&capture.prela().stats());
        assert_eq!(capture.prela().stats().exporters[1].exported, 0);
    }
}

#[test]
fn a_request_has_a_timeout_of_its_own() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        receiver.answer([Answer::Held, Answer::Taken]);
        let exporter = receiver.exporter().timeout(Duration::from_millis(100));
        let capture = Capture::with(|it| it.exporter(exporter).diagnostics(|_| ()));
        work(&capture, 2);
        // The next attempt finds a connection that works.
        capture.prela().flush(A_WHILE).unwrap();
        let exporter = &capture.prela().stats().exporters[1];
        assert_eq!((exporter.exported, exporter.dropped), (2, 0));
        let error = exporter.last_error.as_deref().unwrap();
        assert!(error.contains("no answer in 100ms"), "{error}");
    }
}

#[test]
fn a_collector_that_comes_back_is_found_again() {
    for transport in Transport::BOTH {
        let refusal = Refusal::new();
        let address = refusal.address();
        let capture = Capture::with(|builder| {
            builder.exporter(transport.exporter(refusal.endpoint())).diagnostics(|_| ())
        });
        let a_moment = Duration::from_millis(100);
        work(&capture, 1);
        capture.prela().flush(a_moment).unwrap_err();
        drop(refusal);
        let receiver = Receiver::start_at(transport, address);
        work(&capture, 2);
        capture.prela().flush(A_WHILE).unwrap();
        assert_eq!(receiver.spans().len(), 3);
        drop(receiver);
        work(&capture, 1);
        capture.prela().flush(a_moment).unwrap_err();
        let receiver = Receiver::start_at(transport, address);
        work(&capture, 3);
        capture.prela().flush(A_WHILE).unwrap();
        assert_eq!(receiver.spans().len(), 4);
        let stats = capture.prela().stats();
        assert_adds_up(&stats);
        assert_eq!(stats.dropped, 0);
    }
}

#[test]
fn everybody_may_flush_and_shut_down_at_once() {
    let receiver = Receiver::start(Transport::Grpc);
    let capture = Capture::with(|builder| builder.exporter(receiver.exporter()));
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                work(&capture, 100);
                capture.prela().flush(A_WHILE).unwrap();
            });
        }
    });
    assert_eq!(receiver.spans().len(), 800);
    work(&capture, 100);
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let report = capture.prela().shutdown(A_WHILE);
                assert_eq!((report.undelivered(), report.timed_out), (0, false));
                assert_adds_up(&report.stats);
            });
        }
    });
    assert_eq!(receiver.spans().len(), 900);
}

#[test]
fn a_full_queue_drops_the_newest_and_never_blocks() {
    let receiver = Receiver::start(Transport::Grpc);
    receiver.answer([Answer::Held]);
    let capture = Capture::with(|builder| {
        builder
            .exporter(receiver.exporter())
            .diagnostics(|_| ())
            .max_queue_size(10)
            .max_batch_size(5)
    });
    work(&capture, 5);
    receiver.wait_for_requests(1);
    work(&capture, 1_000);
    let exporter = &capture.prela().stats().exporters[1];
    assert_eq!((exporter.in_flight, exporter.queued, exporter.dropped_by.queue_full), (5, 10, 990));

    receiver.release();
    capture.prela().flush(A_WHILE).unwrap();
    assert_eq!(receiver.spans().len(), 15);
    let ids: Vec<_> = receiver.spans().iter().map(|span| span.span_id()).collect();
    assert_eq!(ids, (1..=15).map(prela::SpanId::from).collect::<Vec<_>>());
}

#[test]
fn the_counts_add_up_at_every_moment() {
    let receiver = Receiver::start(Transport::Grpc);
    receiver.answer([Answer::Rejected(1), Answer::Invalid, Answer::Rejected(3), Answer::Taken]);
    let capture = Capture::with(|builder| {
        builder
            .exporter(receiver.exporter())
            .diagnostics(|_| ())
            .max_queue_size(300)
            .max_batch_size(20)
            .sampler(prela::Sampler::ratio(0.5))
            .id_generator(prela::id::RandomIds::default())
    });
    let is_done = AtomicBool::new(false);
    thread::scope(|threads| {
        let looking = threads.spawn(|| {
            let mut looks = 0;
            while !is_done.load(Ordering::Relaxed) {
                assert_adds_up(&capture.prela().stats());
                looks += 1;
            }
            looks
        });
        let workers: Vec<_> = (0..4).map(|_| threads.spawn(|| work(&capture, 2_000))).collect();
        for worker in workers {
            worker.join().unwrap();
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(looking.join().unwrap() > 0);
    });
    let stats = capture.prela().shutdown(A_WHILE).stats;
    assert_adds_up(&stats);
    // Recorded spans count for each of two exporters, the others once.
    assert_eq!(stats.unsampled + stats.exporters[1].ended, 8_000);
    assert!(stats.unsampled > 0 && stats.rejected > 0 && stats.dropped_by.export_failed > 0);
    assert_eq!(stats.exporters[1].exported, (receiver.spans().len() - 4) as u64);
}
