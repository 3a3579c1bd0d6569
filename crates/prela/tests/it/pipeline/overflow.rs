//! A full queue, by each policy.

use super::gated::Answer;
use super::{LONG, adds_up, end_spans, gated};
use prela::export::MemoryExporter;
use prela::pipeline::{Dropped, Overflow};
use prela::testing::Capture;
use prela::{Prela, SpanType};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// An instance with four spans under way and its queue of eight full: those that wait have the
/// attribute `n` 0 to 7.
fn full(overflow: Overflow) -> (Prela, super::Gate) {
    let (prela, gate, _) =
        gated(|builder| builder.max_queue_size(8).max_batch_size(4).overflow(overflow));
    end_spans(&prela, 4);
    gate.wait_until_taken(1);
    end_spans(&prela, 8);
    (prela, gate)
}

#[test]
fn the_oldest_make_room() {
    let (prela, gate) = full(Overflow::DropOldest);
    end_spans(&prela, 3);
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.queued, stats.dropped_by.queue_full, stats.in_flight), (8, 3, 4));
    (0..3).for_each(|_| gate.answer(Answer::Take));
    prela.flush(LONG).unwrap();
    adds_up(&prela.stats());
    assert_eq!(prela.stats().exported, 12);
}

#[test]
fn waiting_for_room_loses_nothing() {
    let (prela, gate) = full(Overflow::Block(LONG));
    thread::scope(|threads| {
        threads.spawn(|| end_spans(&prela, 20));
        (0..8).for_each(|_| gate.answer(Answer::Take));
    });
    prela.flush(LONG).unwrap();
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.exported, stats.dropped), (32, 0));
}

#[test]
fn waiting_for_room_has_an_end() {
    let (prela, _gate) = full(Overflow::Block(Duration::from_millis(1)));
    end_spans(&prela, 2);
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.queued, stats.dropped_by.queue_full), (8, 2));
}

#[test]
fn a_shutdown_lets_go_of_those_who_wait() {
    let (prela, _gate) = full(Overflow::Block(LONG));
    let open = prela.tracer().span_default("work").start();
    thread::scope(|threads| {
        threads.spawn(|| drop(open));
        adds_up(&prela.shutdown(Duration::from_millis(20)).stats);
    });
    adds_up(&prela.stats());
    assert_eq!(prela.stats().dropped_by.shut_down, 13);
}

#[test]
fn room_is_kept_for_roots_and_errors() {
    let (prela, _gate, _) =
        gated(|builder| builder.max_queue_size(64).max_batch_size(64).schedule_delay(LONG));
    let tracer = prela.tracer();
    let root = tracer.span("root", SpanType::Agent).start();
    let child = |name: &'static str| tracer.span_default(name).parent(&root.context());
    for _ in 0..70 {
        drop(child("ordinary").start());
    }
    assert_eq!((prela.stats().queued, prela.stats().dropped_by.queue_full), (60, 10));
    for _ in 0..2 {
        let failed = child("failed").start();
        failed.set_status(prela::Status::error("no seats"));
        drop(failed);
    }
    drop(child("ordinary").start());
    drop(root);
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.queued, stats.dropped_by.queue_full), (63, 11));
}

#[test]
fn bytes_bound_the_queue_too() {
    let (prela, gate, _) =
        gated(|builder| builder.max_queue_bytes(100_000).max_queue_size(1000).max_batch_size(4));
    end_spans(&prela, 4);
    gate.wait_until_taken(1);
    let tracer = prela.tracer();
    for _ in 0..20 {
        tracer.span_default("long").attr("prompt", "x".repeat(10_000)).in_scope(|_| ());
    }
    let stats = prela.stats();
    adds_up(&stats);
    assert_eq!((stats.queued, stats.dropped_by.queue_full), (9, 11));
    // One that never fits is refused, even if nothing waits.
    let capture = Capture::with(|builder| builder.max_queue_bytes(2_000).diagnostics(|_| ()));
    capture.tracer().span_default("huge").attr("prompt", "x".repeat(10_000)).in_scope(|_| ());
    assert_eq!(capture.prela().stats().dropped_by.queue_full, 1);
}

#[test]
fn a_batch_is_cut_by_bytes() {
    let (prela, gate, _) = gated(|builder| builder.max_batch_size(100));
    let tracer = prela.tracer();
    for _ in 0..4 {
        tracer.span_default("long").attr("prompt", "x".repeat(1_500_000)).in_scope(|_| ());
    }
    (0..2).for_each(|_| gate.answer(Answer::Take));
    prela.flush(LONG).unwrap();
    assert_eq!(gate.batches(), [2, 2]);
}

#[test]
fn the_program_is_told_of_every_loss_once() {
    let told: Arc<Mutex<Vec<Dropped>>> = Arc::default();
    let heard = told.clone();
    let (prela, gate, _) = gated(|builder| {
        builder.max_queue_size(8).max_batch_size(4).on_drop(move |dropped| {
            heard.lock().unwrap().push(*dropped);
            panic!("harms nobody");
        })
    });
    end_spans(&prela, 4);
    gate.wait_until_taken(1);
    end_spans(&prela, 11);
    gate.answer(Answer::Fail);
    gate.answer(Answer::Take);
    gate.answer(Answer::Take);
    let stats = prela.shutdown(LONG).stats;
    adds_up(&stats);
    end_spans(&prela, 1);
    let told = told.lock().unwrap();
    let sum = |of: fn(&Dropped) -> u64| told.iter().map(of).sum::<u64>();
    assert_eq!(sum(|it| it.queue_full), 3);
    assert_eq!(sum(|it| it.export_failed), 4);
    assert_eq!(stats.dropped, 7);
}

/// Each thread has a shard of its own, and still children come before their parent.
#[test]
fn a_trace_of_several_threads_is_in_order() {
    let memory = MemoryExporter::new();
    let prela = prela::builder().env([("", ""); 0]).exporter(memory.clone());
    let prela = prela.schedule_delay(LONG).build().unwrap();
    for _ in 0..50 {
        let root = prela.tracer().span("root", SpanType::Agent).start();
        thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    drop(prela.tracer().span_default("child").parent(&root.context()).start());
                });
            }
        });
        drop(root);
    }
    prela.flush(LONG).unwrap();
    let names: Vec<_> = memory.spans().iter().map(|span| span.name.clone()).collect();
    for trace in names.chunks(5) {
        assert_eq!(trace, ["child", "child", "child", "child", "root"]);
    }
}
