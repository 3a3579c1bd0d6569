//! Starting, sending and stopping on every kind of runtime and on none, and one correct trace of
//! many threads and tasks at once.

use crate::receiver::{Arrived, Receiver, Transport};
use prela::task::{JoinSetExt as _, RuntimeExt as _};
use prela::{Prela, SpanId, SpanType, Tracer};
use prela_tests::assert_adds_up;
use std::collections::HashMap;
use std::thread;
use std::time::Duration;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

const A_WHILE: Duration = Duration::from_secs(60);

fn instance(receiver: &Receiver) -> Prela {
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("runtimes");
    builder.exporter(receiver.exporter()).build().unwrap()
}

fn current_thread() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

fn names(receiver: &Receiver) -> Vec<String> {
    receiver.spans().iter().map(|span| span.name().to_owned()).collect()
}

fn span(prela: &Prela, name: &'static str) {
    prela.tracer().span_default(name).in_scope(|_| ());
}

#[test]
fn an_instance_needs_no_runtime() {
    for transport in Transport::BOTH {
        let receiver = Receiver::start(transport);
        let prela = instance(&receiver);
        span(&prela, "flushed");
        prela.flush(A_WHILE).unwrap();
        assert_eq!(names(&receiver), ["flushed"]);
        span(&prela, "shut down");
        assert_eq!(prela.shutdown(A_WHILE).stats.exported, 2);

        let prela = instance(&receiver);
        span(&prela, "dropped");
        drop(prela);
        assert_eq!(names(&receiver), ["flushed", "shut down", "dropped"]);
    }
}

/// Starts, flushes and stops on a runtime, in async code and by blocking in it.
async fn on_a_runtime(transport: Transport) {
    let receiver = Receiver::start(transport);
    let prela = instance(&receiver);
    prela.tracer().span_default("awaited").run(async |_| tokio::task::yield_now().await).await;
    prela.flush_async(A_WHILE).await.unwrap();
    assert_eq!(names(&receiver), ["awaited"]);
    span(&prela, "blocked");
    prela.flush(A_WHILE).unwrap();
    assert_eq!(names(&receiver), ["awaited", "blocked"]);
    span(&prela, "shut down");
    let report = prela.shutdown_async(A_WHILE).await;
    assert_eq!((report.stats.exported, report.timed_out), (3, false));

    let prela = instance(&receiver);
    span(&prela, "dropped");
    drop(prela);
    assert_eq!(names(&receiver), ["awaited", "blocked", "shut down", "dropped"]);
}

#[test]
fn an_instance_works_inside_a_current_thread_runtime() {
    for transport in Transport::BOTH {
        current_thread().block_on(on_a_runtime(transport));
    }
}

#[test]
fn an_instance_works_inside_a_multi_thread_runtime() {
    for transport in Transport::BOTH {
        multi_thread().block_on(on_a_runtime(transport));
        // And on one of its workers.
        multi_thread().block_on(async { tokio::spawn(on_a_runtime(transport)).await.unwrap() });
    }
}

#[test]
fn an_instance_works_in_a_runtime_without_timers_and_sockets() {
    let bare = runtime::Builder::new_current_thread().build().unwrap();
    bare.block_on(async {
        let receiver = Receiver::start(Transport::Grpc);
        let prela = instance(&receiver);
        span(&prela, "span");
        prela.flush_async(A_WHILE).await.unwrap();
        assert_eq!(prela.shutdown_async(A_WHILE).await.stats.exported, 1);
    });
}

#[test]
fn the_runtime_may_go_first() {
    for runtime in [current_thread(), multi_thread()] {
        let receiver = Receiver::start(Transport::Grpc);
        let prela = runtime.block_on(async {
            let prela = instance(&receiver);
            span(&prela, "with the runtime");
            // Connected while the runtime was there.
            prela.flush_async(A_WHILE).await.unwrap();
            prela
        });
        drop(runtime);
        span(&prela, "without it");
        prela.flush(A_WHILE).unwrap();
        span(&prela, "at the end");
        drop(prela);
        assert_eq!(names(&receiver), ["with the runtime", "without it", "at the end"]);
    }
}

#[test]
fn the_instance_may_go_first() {
    let receiver = Receiver::start(Transport::Grpc);
    let runtime = multi_thread();
    let prela = instance(&receiver);
    let tracer = prela.tracer();
    let (go_on, gone) = tokio::sync::oneshot::channel::<()>();
    let late = runtime.spawn(async move {
        tracer.span_default("open").run(async |_| gone.await).await.unwrap();
        tracer.span_default("after").run(async |_| ()).await;
    });
    drop(prela);
    go_on.send(()).unwrap();
    runtime.block_on(late).unwrap();
    assert!(receiver.spans().is_empty());
}

const TASKS: usize = 64;
const THREADS: usize = 8;
const SPANS: usize = 1_000;

/// One worker's share: [`SPANS`] spans, half of them inside of the other half.
async fn task(tracer: Tracer, worker: usize) {
    tracer
        .span(format!("worker {worker}"), SpanType::Agent)
        .run(async |_| {
            for step in 0..SPANS / 2 {
                let outer = tracer.span("outer", SpanType::Custom).attr("of", label(worker, step));
                let work = outer.run(async |_| {
                    tokio::task::yield_now().await;
                    let inner =
                        tracer.span("inner", SpanType::Tool).attr("of", label(worker, step));
                    inner.run(async |_| tokio::task::yield_now().await).await;
                });
                work.await;
            }
        })
        .await;
}

/// The share of a worker that is a thread: as many spans as [`task`] makes.
fn thread_job(tracer: &Tracer, worker: usize) {
    tracer.span(format!("worker {worker}"), SpanType::Agent).in_scope(|_| {
        for step in 0..SPANS / 2 {
            let outer = tracer.span("outer", SpanType::Custom).attr("of", label(worker, step));
            outer.in_scope(|_| {
                thread::yield_now();
                let inner = tracer.span("inner", SpanType::Tool).attr("of", label(worker, step));
                inner.in_scope(|_| ());
            });
        }
    });
}

fn label(worker: usize, step: usize) -> String {
    format!("{worker}.{step}")
}

/// Asserts that every span of `workers` arrived once, in one trace, under the right parent.
#[track_caller]
fn assert_whole(receiver: &Receiver, prela: &Prela, workers: usize) {
    prela.flush(A_WHILE).unwrap();
    let spans = receiver.spans();
    let by_id: HashMap<SpanId, &Arrived> = spans.iter().map(|it| (it.span_id(), it)).collect();
    assert_eq!(spans.len(), 1 + workers * (1 + SPANS), "all arrive");
    assert_eq!(by_id.len(), spans.len(), "none arrives twice");

    let root = spans.iter().find(|span| span.parent_span_id().is_none()).expect("a root");
    assert_eq!(root.name(), "root");
    let mut counts = HashMap::new();
    let mut wrong = 0;
    for span in &spans {
        *counts.entry(span.name()).or_insert(0) += 1;
        let parent = span.parent_span_id().map(|id| by_id.get(&id).expect("the parent arrived"));
        let of = span.attribute("of");
        let is_right = match span.name() {
            "root" => parent.is_none(),
            "outer" => {
                let worker = of.as_deref().and_then(|of| Some(of.split_once('.')?.0.to_owned()));
                parent.map(|it| it.name().to_owned()) == worker.map(|it| format!("worker {it}"))
            }
            "inner" => parent.is_some_and(|it| it.name() == "outer" && it.attribute("of") == of),
            _worker => parent.is_some_and(|parent| parent.span_id() == root.span_id()),
        };
        wrong += usize::from(!is_right || span.trace_id() != root.trace_id());
    }
    assert_eq!(wrong, 0, "spans under a wrong parent");
    assert_eq!(counts["outer"], workers * SPANS / 2);
    assert_eq!(counts["inner"], workers * SPANS / 2);

    let stats = prela.stats();
    assert_adds_up(&stats);
    assert_eq!((stats.exported, stats.dropped), (spans.len() as u64, 0));
}

fn tasks_of_one_trace(runtime: &Runtime) {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let tracer = prela.tracer();
    runtime.block_on(tracer.span("root", SpanType::Agent).run(async |_| {
        let mut tasks = JoinSet::new();
        for worker in 0..TASKS {
            tasks.spawn_traced(task(tracer.clone(), worker));
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }));
    assert_whole(&receiver, &prela, TASKS);
}

#[test]
fn many_tasks_on_a_current_thread_runtime_make_one_correct_trace() {
    tasks_of_one_trace(&current_thread());
}

#[test]
fn many_tasks_on_a_multi_thread_runtime_make_one_correct_trace() {
    tasks_of_one_trace(&multi_thread());
}

#[test]
fn many_threads_make_one_correct_trace() {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let tracer = prela.tracer();
    tracer.span("root", SpanType::Agent).in_scope(|_| {
        let job = prela::copy_context_to_thread(|worker| thread_job(&tracer, worker));
        thread::scope(|threads| {
            for worker in 0..THREADS {
                let job = &job;
                threads.spawn(move || job(worker));
            }
        });
    });
    assert_whole(&receiver, &prela, THREADS);
}

/// Threads that block in a runtime's pool, started from either flavour of it.
fn blocking_threads_of(runtime: &Runtime) {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = instance(&receiver);
    let tracer = prela.tracer();
    let jobs: Vec<_> = tracer.span("root", SpanType::Agent).in_scope(|_| {
        let job = |worker| {
            let tracer = tracer.clone();
            runtime.spawn_blocking_traced(move || thread_job(&tracer, worker))
        };
        (0..THREADS).map(job).collect()
    });
    for job in jobs {
        runtime.block_on(job).unwrap();
    }
    assert_whole(&receiver, &prela, THREADS);
}

#[test]
fn many_blocking_threads_of_a_current_thread_runtime_make_one_correct_trace() {
    blocking_threads_of(&current_thread());
}

#[test]
fn many_blocking_threads_of_a_multi_thread_runtime_make_one_correct_trace() {
    blocking_threads_of(&multi_thread());
}
