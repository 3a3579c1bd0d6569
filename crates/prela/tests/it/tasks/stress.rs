//! Many tasks and threads at once: every span exactly once, and each under its parent.

use super::{current_id, runtimes};
use prela::pipeline::Stats;
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{Span, SpanType, Tracer, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use tokio::runtime::Runtime;
use tokio::task::yield_now;

const TASKS: usize = 64;
const THREADS: usize = 8;
/// The steps of a task or thread, of three spans each: with the one around them 1,000 spans.
const STEPS: usize = 333;

#[test]
fn tasks_and_threads_on_a_current_thread_runtime() {
    let [current_thread, _] = runtimes();
    stress(&current_thread);
}

#[test]
fn tasks_and_threads_on_a_multi_thread_runtime() {
    let [_, multi_thread] = runtimes();
    stress(&multi_thread);
}

fn stress(runtime: &Runtime) {
    let total = (TASKS + THREADS) * 1_000;
    let capture = Capture::with(|builder| builder.max_queue_size(total));
    let tracer = capture.tracer();
    thread::scope(|threads| {
        let mut workers: Vec<_> =
            (0..THREADS).map(|_| threads.spawn(|| run_on_a_thread(&tracer))).collect();
        workers.push(threads.spawn(|| {
            let tasks = (0..TASKS).map(|_| runtime.spawn(run_in_a_task(tracer.clone())));
            for task in tasks.collect::<Vec<_>>() {
                runtime.block_on(task).unwrap();
            }
        }));
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            check_sum(&capture.prela().stats());
            thread::yield_now();
        }
    });

    let spans = capture.spans();
    assert_eq!(spans.len(), total);
    assert_eq!(wrong_parents(&spans), 0);
    let stats = capture.prela().stats();
    check_sum(&stats);
    let counts = (stats.ended, stats.exported, stats.dropped, stats.unsampled);
    assert_eq!(counts, (u64::try_from(total).unwrap(), u64::try_from(total).unwrap(), 0, 0));
}

async fn run_in_a_task(tracer: Tracer) {
    let run = tracer.span("root", SpanType::Agent).run(async |root| {
        for _ in 0..STEPS {
            let run = tracer.span("step", SpanType::Chain).run(async |step| {
                names_parent(&step, &root);
                leaf(&tracer, &step);
                yield_now().await;
                assert_eq!(current_id(), Some(step.span_id()));
                leaf(&tracer, &step);
            });
            run.await;
        }
    });
    run.await;
    assert_eq!(current_id(), None);
}

fn run_on_a_thread(tracer: &Tracer) {
    tracer.span("root", SpanType::Agent).in_scope(|root| {
        for _ in 0..STEPS {
            let step = tracer.span("step", SpanType::Chain).enter();
            names_parent(&step, root);
            leaf(tracer, &step);
            thread::yield_now();
            leaf(tracer, &step);
        }
    });
    assert_eq!(current_id(), None);
}

fn leaf(tracer: &Tracer, parent: &Span) {
    tracer.span("leaf", SpanType::Tool).in_scope(|leaf| names_parent(leaf, parent));
}

/// Says in the span which parent it is to have, as the code that makes it knows.
fn names_parent(span: &Span, parent: &Span) {
    span.set_attribute("expected_parent", parent.span_id().to_string());
}

/// Spans under another parent, or in another trace, than the code says; by ids that are unique.
fn wrong_parents(spans: &[Arc<SpanData>]) -> usize {
    let by_id: HashMap<_, _> =
        spans.iter().map(|span| (span.span_context.span_id(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "every span once");
    let is_wrong = |span: &&Arc<SpanData>| {
        let expected = span.attribute("expected_parent");
        let parent = span.parent_span_id.map(|id| Value::from(id.to_string()));
        let is_in_trace = span
            .parent_span_id
            .is_none_or(|id| by_id[&id].span_context.trace_id() == span.span_context.trace_id());
        expected != parent.as_ref() || !is_in_trace || expected.is_none() != (span.name == "root")
    };
    spans.iter().filter(is_wrong).count()
}

/// The counts add up at any moment.
fn check_sum(stats: &Stats) {
    let fates = stats.unsampled + stats.exported + stats.rejected + stats.dropped;
    assert_eq!(stats.ended, fates + stats.queued + stats.in_flight + stats.spooled);
}
