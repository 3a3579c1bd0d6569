//! From the end of a span to its exporter: what is counted, what waits, and what is lost.

mod gated;
mod hidden;
mod hostile;
mod overflow;
mod retry;
mod tail;

use self::gated::{Answer, Gate, Gated};
use prela::export::MemoryExporter;
use prela::pipeline::Stats;
use prela::testing::Capture;
use prela::{ErrorKind, Prela};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// An instance with one exporter that does as the gate says, and the lines it wrote.
fn gated(configure: impl FnOnce(prela::Builder) -> prela::Builder) -> (Prela, Gate, Lines) {
    let gate = Gate::new();
    let lines = Lines::default();
    let written = lines.clone();
    let builder = prela::builder()
        .env([("", ""); 0])
        .service_name("test")
        .exporter(Gated(gate.clone()))
        .schedule_delay(LONG)
        .diagnostics(move |line| written.0.lock().unwrap().push(line.to_owned()));
    (configure(builder).build().expect("valid"), gate, lines)
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn end_spans(prela: &Prela, count: usize) {
    let tracer = prela.tracer();
    for n in 0..count {
        tracer.span_default("work").in_scope(|span| {
            span.set_attribute("n", n);
        });
    }
}

/// Asserts that every span that ended is counted somewhere.
#[track_caller]
fn adds_up(stats: &Stats) {
    let Stats { ended, unsampled, exported, rejected, dropped, queued, in_flight, spooled, .. } =
        *stats;
    let sum = unsampled + exported + rejected + dropped + queued + in_flight + spooled;
    assert_eq!(ended, sum, "{stats:?}");
}

#[test]
fn a_full_batch_leaves_at_once_and_the_rest_waits() {
    let (prela, gate, _) = gated(|builder| builder.max_batch_size(10));
    end_spans(&prela, 15);
    gate.wait_until_taken(1);
    adds_up(&prela.stats());
    assert_eq!(prela.stats().in_flight, 10);
    assert_eq!(prela.stats().queued, 5);
    gate.answer(Answer::Take);
    gate.answer(Answer::Take);
    prela.flush(LONG).unwrap();
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.queued, stats.in_flight), (15, 0, 0));
    assert_eq!(gate.batches(), [10, 5]);
}

#[test]
fn a_full_queue_refuses_the_newest_and_says_so() {
    let (prela, gate, lines) = gated(|builder| builder.max_queue_size(8).max_batch_size(4));
    end_spans(&prela, 4);
    gate.wait_until_taken(1);
    end_spans(&prela, 20);
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.in_flight, stats.queued, stats.dropped_by.queue_full), (4, 8, 12));
    for _ in 0..3 {
        gate.answer(Answer::Take);
    }
    prela.flush(LONG).unwrap();
    assert_eq!(
        lines.take(),
        ["prela: 12 spans could not be exported to gated: the queue was full"]
    );
    let report = prela.shutdown(LONG);
    adds_up(&report.stats);
    assert_eq!((report.stats.exported, report.undelivered()), (12, 12));
    assert_eq!(
        lines.take(),
        ["prela: 12 of 24 spans could not be delivered to gated: the queue was full"]
    );
}

#[test]
fn a_failed_batch_is_counted_and_told() {
    let (prela, gate, lines) = gated(|builder| builder);
    gate.answer(Answer::Fail);
    end_spans(&prela, 3);
    let error = prela.flush(LONG).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.to_string(), "flush: 3 spans could not be exported to gated: reach nobody");
    gate.answer(Answer::Take);
    end_spans(&prela, 2);
    prela.flush(LONG).unwrap();

    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.dropped_by.export_failed), (2, 3));
    assert_eq!(stats.exporters[0].last_error.as_deref(), Some("reach nobody"));
    assert_eq!(lines.take(), ["prela: 3 spans could not be exported to gated: reach nobody"]);
    prela.shutdown(LONG);
    assert_eq!(lines.take(), ["prela: 3 of 5 spans could not be delivered to gated: reach nobody"]);
}

#[test]
fn what_a_receiver_rejects_is_counted_apart() {
    let (prela, gate, lines) = gated(|builder| builder);
    gate.answer(Answer::Reject(2));
    end_spans(&prela, 5);
    prela.flush(LONG).unwrap();
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.rejected), (3, 2));
    gate.answer(Answer::Reject(100));
    end_spans(&prela, 1);
    prela.flush(LONG).unwrap();
    adds_up(&prela.stats());
    assert_eq!(prela.stats().rejected, 3, "no more than were sent");
    assert_eq!(lines.take(), [""; 0]);
}

#[test]
fn an_exporter_that_panics_harms_nobody() {
    let memory = MemoryExporter::new();
    let (prela, gate, lines) = gated(|builder| builder.exporter(memory.clone()));
    for answer in [Answer::PanicNow, Answer::PanicLater, Answer::Take] {
        gate.answer(answer);
        end_spans(&prela, 1);
        let _ = prela.flush(LONG);
    }
    let stats = prela.stats();
    adds_up(&stats);
    let [first, second] = &stats.exporters[..] else { panic!("there are two") };
    assert_eq!((first.exported, first.dropped_by.export_failed), (1, 2));
    assert_eq!((second.exported, memory.spans().len()), (3, 3));
    assert_eq!(
        lines.take()[0],
        "prela: 1 span could not be exported to gated: export: the exporter panicked"
    );
}

#[test]
fn an_exporter_that_hangs_loses_its_batch_alone() {
    let memory = MemoryExporter::new();
    let (prela, gate, _) =
        gated(|builder| builder.exporter(memory.clone()).export_timeout(Duration::from_millis(1)));
    end_spans(&prela, 4);
    let error = prela.flush(LONG).unwrap_err();
    let text = "flush: 4 spans could not be exported to gated: export: not done after 1ms";
    assert_eq!(error.to_string(), text);
    assert_eq!(gate.batches(), [4]);
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exporters[0].dropped, stats.exporters[1].exported), (4, 4));
}

#[test]
fn a_flush_has_a_deadline() {
    let (prela, gate, _) = gated(|builder| builder);
    end_spans(&prela, 2);
    let error = prela.flush(Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "flush: 2 spans did not reach gated in time");
    gate.answer(Answer::Take);
    prela.flush(LONG).unwrap();
    adds_up(&prela.stats());
}

#[test]
fn a_shutdown_has_a_deadline_and_an_honest_report() {
    let (prela, gate, lines) = gated(|builder| builder.max_batch_size(2));
    end_spans(&prela, 2);
    gate.wait_until_taken(1);
    end_spans(&prela, 3);
    let report = prela.shutdown(Duration::from_millis(1));
    adds_up(&report.stats);
    assert!(report.timed_out);
    assert_eq!((report.stats.dropped_by.shut_down, report.undelivered()), (5, 5));
    let told = "prela: 5 of 5 spans could not be delivered to gated: the time for shutdown ran out";
    assert_eq!(lines.take(), [told]);
    // The answer that comes too late changes nothing.
    gate.answer(Answer::Take);
    adds_up(&prela.stats());
    assert_eq!(prela.stats().exported, 0);
}

#[test]
fn a_shutdown_sends_what_waits_and_ends_the_exporter() {
    let (prela, gate, lines) = gated(|builder| builder.max_batch_size(2));
    for _ in 0..3 {
        gate.answer(Answer::Take);
    }
    end_spans(&prela, 5);
    let report = prela.shutdown(LONG);
    assert_eq!((report.stats.exported, report.timed_out), (5, false));
    assert!(gate.is_shut_down());
    assert_eq!(lines.take(), [""; 0]);
}

#[test]
fn dropping_the_instance_sends_what_waits() {
    let memory = MemoryExporter::new();
    let builder = prela::builder().env([("", ""); 0]).exporter(memory.clone());
    let prela = builder.schedule_delay(LONG).shutdown_timeout(LONG).build().unwrap();
    end_spans(&prela, 3);
    drop(prela);
    assert_eq!(memory.spans().len(), 3);
}

#[test]
fn the_oldest_span_leaves_after_the_schedule_delay() {
    let (prela, gate, _) = gated(|builder| builder.schedule_delay(Duration::from_millis(1)));
    gate.answer(Answer::Take);
    end_spans(&prela, 1);
    // Nobody flushes.
    gate.wait_until_taken(1);
    prela.flush(LONG).unwrap();
    assert_eq!(prela.stats().exported, 1);
}

#[test]
fn the_longest_delay_is_no_fault() {
    let (prela, gate, _) = gated(|builder| builder.schedule_delay(Duration::MAX));
    gate.answer(Answer::Take);
    end_spans(&prela, 1);
    prela.flush(Duration::MAX).unwrap();
    let report = prela.shutdown(Duration::MAX);
    assert_eq!((report.stats.exported, report.timed_out), (1, false));
}

#[test]
fn without_an_exporter_spans_are_counted() {
    let prela = prela::builder().env([("OTEL_TRACES_EXPORTER", "none")]).build().unwrap();
    end_spans(&prela, 2);
    prela.flush(LONG).unwrap();
    let report = prela.shutdown(LONG);
    adds_up(&report.stats);
    assert_eq!((report.stats.dropped_by.no_exporter, report.undelivered()), (2, 0));
}

#[test]
fn a_diagnostic_receiver_that_panics_harms_nobody() {
    let (prela, gate, _) = gated(|builder| builder.diagnostics(|_| panic!("no time")));
    gate.answer(Answer::Fail);
    end_spans(&prela, 1);
    assert!(prela.flush(LONG).is_err());
    adds_up(&prela.shutdown(LONG).stats);
}

#[test]
fn several_threads_count_exactly() {
    let capture =
        Capture::with(|builder| builder.max_queue_size(64).max_batch_size(16).diagnostics(|_| ()));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| end_spans(capture.prela(), 1_000));
        }
        threads.spawn(|| {
            for _ in 0..1_000 {
                adds_up(&capture.prela().stats());
            }
        });
    });
    let stats = capture.prela().shutdown(LONG).stats;
    adds_up(&stats);
    assert_eq!((stats.ended, stats.queued, stats.in_flight), (8_000, 0, 0));
}

#[test]
fn flush_and_shutdown_are_futures_for_any_runtime() {
    let (prela, gate, _) = gated(|builder| builder);
    gate.answer(Answer::Take);
    gate.answer(Answer::Take);
    end_spans(&prela, 1);
    // On an executor that has no timers.
    gated::block_on(async {
        prela.flush_async(LONG).await.unwrap();
        assert_eq!(prela.stats().exported, 1);
        end_spans(&prela, 1);
        let report = prela.shutdown_async(LONG).await;
        assert_eq!((report.stats.exported, report.timed_out), (2, false));
    });
}
