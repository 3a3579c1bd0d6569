//! Tokio's tasks: each keeps its own span, on whichever thread it is polled.

mod spawners;
mod stress;

use expect_test::{Expect, expect};
use futures_util::future::join_all;
use prela::testing::Capture;
use prela::{FutureExt as _, Span, SpanId, SpanType, Tracer, current_span};
use std::future::Future;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

/// A runtime with a single thread, and one whose tasks move between threads.
fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.worker_threads(4).build().unwrap())
}

/// Checks that what the future records is this tree, on each runtime.
#[track_caller]
fn check<F: Future<Output = ()> + Send + 'static>(run: impl Fn(Tracer) -> F, expected: &Expect) {
    let [current_thread, multi_thread] = runtimes().map(|runtime| {
        let capture = Capture::new();
        let task = runtime.spawn(run(capture.tracer()));
        runtime.block_on(task).unwrap();
        capture.tree()
    });
    expected.assert_eq(&current_thread);
    assert_eq!(multi_thread, current_thread);
}

fn current_id() -> Option<SpanId> {
    current_span().map(|span| span.span_id())
}

/// Lets other tasks run, and the thread change, many times: `span` stays current.
async fn awaits_within(span: &Span) {
    for _ in 0..20 {
        yield_now().await;
        assert_eq!(current_id(), Some(span.span_id()));
    }
}

#[test]
fn a_fan_out_in_one_task() {
    check(
        async |tracer| {
            let batch = tracer.span("async_batch", SpanType::Agent).attr("num_prompts", 4);
            let run = batch.run(async |batch| {
                let completions = (0..4).map(|n| {
                    let span = tracer.span(format!("completion_{n}"), SpanType::Llm);
                    span.run(async move |span| {
                        awaits_within(&span).await;
                        n
                    })
                });
                let results: Vec<i64> = join_all(completions).await;
                assert_eq!(results, [0, 1, 2, 3]);
                batch.set_attribute("results_count", results.len());
            });
            run.await;
        },
        &expect![[r#"
            async_batch  agent {num_prompts: 4, results_count: 4}
              completion_0  llm
              completion_1  llm
              completion_2  llm
              completion_3  llm
        "#]],
    );
}

#[test]
fn a_fan_out_over_tasks() {
    check(
        async |tracer| {
            let batch = tracer.span("process_batch", SpanType::Agent);
            let run = batch.run(async |_| {
                let tasks = (0..4).map(|n| {
                    let tracer = tracer.clone();
                    prela::task::spawn(async move {
                        let span = tracer.span(format!("task_{n}"), SpanType::Tool);
                        let run = span.run(async |span| {
                            awaits_within(&span).await;
                            let sub = tracer.span(format!("sub_{n}"), SpanType::Custom);
                            sub.run(async |sub| awaits_within(&sub).await).await;
                            awaits_within(&span).await;
                        });
                        run.await;
                    })
                });
                for task in tasks.collect::<Vec<_>>() {
                    task.await.unwrap();
                }
            });
            run.await;
        },
        &expect![[r#"
            process_batch  agent
              task_0  tool
                sub_0  custom
              task_1  tool
                sub_1  custom
              task_2  tool
                sub_2  custom
              task_3  tool
                sub_3  custom
        "#]],
    );
}

#[test]
fn a_plain_task_has_no_context_of_its_spawner() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let capture = Capture::new();
    let tracer = capture.tracer();
    let parent = tracer.span("parent", SpanType::Agent).run(async |_| {
        let tracer = tracer.clone();
        let task = tokio::spawn(async move {
            assert_eq!(current_id(), None);
            tracer.span("on_a_plain_task", SpanType::Tool).run(async |_| yield_now().await).await;
            assert_eq!(current_id(), None);
        });
        task.await.unwrap();
    });
    runtime.block_on(parent);
    expect![[r#"
        on_a_plain_task  tool
        parent  agent
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn awaits_in_a_row() {
    check(
        async |tracer| {
            let run = tracer.span("agent", SpanType::Agent).run(async |agent| {
                for n in 1..=2 {
                    let fetch = tracer.span(format!("fetch_{n}"), SpanType::Retrieval);
                    fetch.run(async |fetch| awaits_within(&fetch).await).await;
                    assert_eq!(current_id(), Some(agent.span_id()));
                }
            });
            run.await;
        },
        &expect![[r#"
            agent  agent
              fetch_1  retrieval
              fetch_2  retrieval
        "#]],
    );
}

#[test]
fn a_task_leaves_no_context_to_the_others() {
    for runtime in runtimes() {
        let capture = Capture::new();
        let tracer = capture.tracer();
        let tasks = (0..16).map(|n| {
            let tracer = tracer.clone();
            runtime.spawn(async move {
                // Every other task has no span, and must see none while it shares the threads.
                if n % 2 == 0 {
                    let run = tracer.span_default("task").run(async |span| {
                        assert_eq!(span.parent_span_id(), None);
                        awaits_within(&span).await;
                    });
                    run.await;
                }
                for _ in 0..20 {
                    yield_now().await;
                    assert_eq!(current_id(), None);
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            runtime.block_on(task).unwrap();
        }
        assert_eq!(capture.spans().len(), 8);
    }
}

#[test]
fn a_spawner_that_prela_does_not_know() {
    check(
        async |tracer| {
            let run = tracer.span("parent", SpanType::Agent).run(async |parent| {
                let tracer = tracer.clone();
                let work = async move {
                    awaits_within(&parent).await;
                    tracer.span("child", SpanType::Tool).in_scope(|_| ());
                };
                tokio::spawn(work.in_current_context()).await.unwrap();
            });
            run.await;
        },
        &expect![[r#"
            parent  agent
              child  tool
        "#]],
    );
}
