//! Exporters, peers and handlers that do what they should not.

use super::gated::{Answer, Gate, Gated};
use super::{LONG, adds_up, end_spans, gated};
use prela::Prela;
use prela::export::{Batch, ExportFuture, Exported};
use prela::export::{MemoryExporter, SpanExporter};
use prela::pipeline::Overflow;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

/// A peer may ask for more time than there is.
#[test]
fn a_peer_that_asks_for_ever_is_tried_again() {
    let (prela, gate, _) = gated(|builder| builder);
    gate.answer(Answer::Retry(Duration::MAX));
    end_spans(&prela, 1);
    prela.flush(LONG).unwrap_err();
    gate.answer(Answer::Take);
    end_spans(&prela, 1);
    prela.flush(LONG).unwrap();
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.dropped_by.export_failed), (1, 1));
}

/// Blocks its thread until the test is over.
struct Blocked(mpsc::Receiver<()>);

impl SpanExporter for Blocked {
    fn name(&self) -> String {
        "blocked".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        let _ = self.0.recv();
        Box::pin(async { Ok(Exported::all()) })
    }
}

#[test]
fn an_exporter_that_blocks_its_thread_holds_up_no_other() {
    let (over, blocked) = mpsc::channel();
    let memory = MemoryExporter::new();
    let prela = prela::builder()
        .env([("", ""); 0])
        .service_name("test")
        .exporter(Blocked(blocked))
        .exporter(memory.clone())
        .max_batch_size(1)
        .build()
        .unwrap();
    end_spans(&prela, 3);
    assert!(prela.flush(Duration::from_millis(300)).is_err(), "one is blocked");
    assert_eq!(memory.spans().len(), 3, "the other is not");
    end_spans(&prela, 3);
    let begin = Instant::now();
    let report = prela.shutdown(Duration::from_secs(1));
    assert!(begin.elapsed() < LONG / 4, "the deadline holds");
    assert!(report.timed_out);
    adds_up(&report.stats);
    assert_eq!(memory.spans().len(), 6);
    drop(over);
}

/// A handler that waited for the export thread, on which it runs, would wait for itself.
#[test]
fn a_drop_handler_may_call_back() {
    let instance = Arc::new(OnceLock::<Prela>::new());
    let (tell, told) = mpsc::channel();
    let (inside, tell) = (instance.clone(), Mutex::new(tell));
    let (prela, gate, _) = gated(move |builder| {
        builder.max_queue_size(4).max_batch_size(4).on_drop(move |_| {
            let prela = inside.get_or_init(|| unreachable!("it is set before anything is lost"));
            end_spans(prela, 1);
            let _ = prela.stats();
            let flushed = prela.flush(LONG).is_ok();
            let report = prela.shutdown(LONG);
            let _ = tell.lock().unwrap().send((flushed, report));
        })
    });
    let prela = instance.get_or_init(|| prela);
    let begin = Instant::now();
    end_spans(prela, 20);
    let (flushed, report) = told.recv().unwrap();
    assert!(begin.elapsed() < LONG / 4, "it did not wait for itself");
    assert!(!flushed);
    adds_up(&report.stats);
    drop(gate);
}

/// The breaker spares a peer; those who shut down have no time to spare.
#[test]
fn a_shutdown_does_not_wait_for_a_peer_that_is_left_alone() {
    let (prela, gate, _) = gated(|builder| builder.export_timeout(Duration::from_secs(10)));
    // Each is lost at once, and from the fourth on the peer is left alone for twice as long.
    for _ in 0..8 {
        gate.answer(Answer::Retry(LONG));
        end_spans(&prela, 1);
        prela.flush(LONG).unwrap_err();
    }
    (0..100).for_each(|_| gate.answer(Answer::Retry(Duration::ZERO)));
    end_spans(&prela, 1);
    let begin = Instant::now();
    let report = prela.shutdown(LONG);
    assert!(begin.elapsed() < Duration::from_secs(5), "took {:?}", begin.elapsed());
    assert!(!report.timed_out);
    adds_up(&report.stats);
}

/// Many threads and few places: nothing is forgotten in a queue that nobody looks at.
#[test]
fn small_queues_are_not_forgotten() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Block(LONG)] {
        let memory = MemoryExporter::new();
        let prela = prela::builder()
            .env([("", ""); 0])
            .service_name("test")
            .exporter(memory.clone())
            .max_queue_size(2)
            .max_batch_size(1)
            .schedule_delay(Duration::ZERO)
            .overflow(overflow)
            .build()
            .unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| end_spans(&prela, 500));
            }
        });
        // No flush: what was pushed must leave by itself.
        let begin = Instant::now();
        while prela.stats().queued + prela.stats().in_flight > 0 {
            assert!(begin.elapsed() < LONG / 4, "{overflow:?}: {:?}", prela.stats());
            std::thread::yield_now();
        }
        let stats = prela.stats();
        adds_up(&stats);
        assert_eq!(stats.ended, 4000);
        if overflow == Overflow::Block(LONG) {
            assert_eq!(stats.exported, 4000);
        }
    }
}

/// Instances that come and go leave no thread and no file behind.
#[cfg(target_os = "linux")]
#[test]
fn many_instances_leave_nothing_behind() {
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.trim() == "prela-export").count()
    };
    let files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let files_before = files();
    let many: Vec<_> = (0..100).map(|_| gated(|builder| builder)).collect();
    for (prela, gate, _) in &many {
        gate.answer(Answer::Take);
        end_spans(prela, 1);
    }
    for (prela, ..) in &many {
        assert_eq!(prela.shutdown(LONG).stats.exported, 1);
    }
    drop(many);
    for _ in 0..500 {
        let gate = Gate::new();
        gate.answer(Answer::Take);
        let prela =
            prela::builder().env([("", ""); 0]).service_name("test").exporter(Gated(gate)).build();
        end_spans(&prela.unwrap(), 1);
    }
    // Other tests have theirs at the same time.
    let begin = Instant::now();
    while threads() > 60 || files() > files_before + 300 {
        assert!(begin.elapsed() < LONG, "{} threads, {} files", threads(), files());
        std::thread::yield_now();
    }
}
