//! Each of tokio's spawners, with the context of the call.

use super::{current_id, runtimes};
use prela::task::{JoinSetExt as _, LocalSetExt as _, RuntimeExt as _};
use prela::testing::Capture;
use prela::{SpanId, SpanType};
use std::rc::Rc;
use std::sync::mpsc;
use tokio::runtime::{Handle, Runtime};
use tokio::task::{JoinSet, LocalSet, yield_now};

/// What a task sees as current, first and after an await.
async fn seen() -> [Option<SpanId>; 2] {
    let before = current_id();
    yield_now().await;
    [before, current_id()]
}

/// Runs the test inside a span, on each runtime. The argument is what a task is to see twice.
fn in_a_span<Fut: Future<Output = ()>>(test: impl Fn([Option<SpanId>; 2]) -> Fut) {
    for runtime in runtimes() {
        let capture = Capture::new();
        let span = capture.tracer().span("parent", SpanType::Agent);
        let test = span.run(async |span| test([Some(span.span_id()); 2]).await);
        LocalSet::new().block_on(&runtime, test);
        assert_eq!(capture.tree(), "parent  agent\n");
    }
}

/// Asserts that the blocking threads and the workers have no context any more.
async fn is_clean(runtime: &Handle) {
    let tasks = (0..4).map(|_| runtime.spawn(seen()));
    for task in tasks.collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), [None, None]);
    }
    assert_eq!(runtime.spawn_blocking(current_id).await.unwrap(), None);
}

#[test]
fn spawned_tasks_and_blocking_jobs_keep_the_context() {
    in_a_span(async |parent| {
        assert_eq!(prela::task::spawn(seen()).await.unwrap(), parent);
        assert_eq!(prela::task::spawn_blocking(current_id).await.unwrap(), parent[0]);
        is_clean(&Handle::current()).await;
    });
}

#[test]
fn local_tasks_keep_the_context() {
    in_a_span(async |parent| {
        let not_send = Rc::new(());
        let task = prela::task::spawn_local(async move {
            let seen = seen().await;
            drop(not_send);
            seen
        });
        assert_eq!(task.await.unwrap(), parent);
    });
}

#[test]
fn tasks_of_a_join_set_keep_the_context() {
    in_a_span(async |parent| {
        let mut tasks = JoinSet::new();
        tasks.spawn_traced(seen());
        tasks.spawn_local_traced(seen());
        tasks.spawn_blocking_traced(|| [current_id(); 2]);
        let mut count = 0;
        while let Some(seen) = tasks.join_next().await {
            assert_eq!(seen.unwrap(), parent);
            count += 1;
        }
        assert_eq!(count, 3);
    });
}

#[test]
fn tasks_spawned_by_a_handle_keep_the_context() {
    in_a_span(async |parent| {
        let runtime = Handle::current();
        assert_eq!(runtime.spawn_traced(seen()).await.unwrap(), parent);
        assert_eq!(runtime.spawn_blocking_traced(current_id).await.unwrap(), parent[0]);
    });
}

#[test]
fn tasks_spawned_from_outside_of_a_runtime_keep_the_context() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    for runtime in runtimes() {
        tracer.span_default("parent").in_scope(|parent| {
            let parent = Some(parent.span_id());
            let task = runtime.spawn_traced(seen());
            let blocking = runtime.spawn_blocking_traced(current_id);
            // Waited for on a thread that has no span itself.
            let wait = |runtime: Runtime| {
                assert_eq!(runtime.block_on(task).unwrap(), [parent; 2]);
                assert_eq!(runtime.block_on(blocking).unwrap(), parent);
                runtime.block_on(is_clean(runtime.handle()));
            };
            std::thread::scope(|threads| {
                threads.spawn(|| wait(runtime));
            });
        });
    }
}

#[test]
fn tasks_of_a_local_set_spawned_from_outside_keep_the_context() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    for runtime in runtimes() {
        let local = LocalSet::new();
        let (parent, task) = tracer
            .span_default("parent")
            .in_scope(|parent| (Some(parent.span_id()), local.spawn_local_traced(seen())));
        assert_eq!(local.block_on(&runtime, task).unwrap(), [parent; 2]);
    }
}

#[test]
fn an_aborted_task_is_dropped_in_its_context() {
    struct Dropped(mpsc::Sender<Option<SpanId>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.send(current_id()).unwrap();
        }
    }
    for runtime in runtimes() {
        let capture = Capture::new();
        let (sender, dropped) = mpsc::channel();
        let parent = capture.tracer().span_default("parent").in_scope(|parent| {
            let captured = Dropped(sender);
            let task = runtime.spawn_traced(async move {
                std::future::pending::<()>().await;
                drop(captured);
            });
            task.abort();
            let error = std::thread::scope(|threads| {
                threads.spawn(|| runtime.block_on(task).unwrap_err()).join().unwrap()
            });
            assert!(error.is_cancelled());
            parent.span_id()
        });
        assert_eq!(dropped.recv(), Ok(Some(parent)));
    }
}
