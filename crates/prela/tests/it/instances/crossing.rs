//! Two instances across threads and tasks.

use super::{check, check_apart, two};
use expect_test::expect;
use prela::testing::Capture;
use prela::{SpanType, Tracer, copy_context_to_thread};
use std::sync::Barrier;
use std::thread;
use tokio::task::yield_now;

#[test]
fn across_threads() {
    check(
        |a, b| {
            a.span("a_batch", SpanType::Agent).in_scope(|_| {
                b.span("b_batch", SpanType::Agent).in_scope(|_| {
                    let both_inside = Barrier::new(2);
                    let work =
                        copy_context_to_thread(|(outer, inner, n): (&Tracer, &Tracer, i32)| {
                            outer.span(format!("outer_{n}"), SpanType::Tool).in_scope(|_| {
                                both_inside.wait();
                                inner.span(format!("inner_{n}"), SpanType::Tool).in_scope(|_| {
                                    outer
                                        .span(format!("below_{n}"), SpanType::Tool)
                                        .in_scope(|_| ());
                                });
                            });
                        });
                    thread::scope(|threads| {
                        threads.spawn(|| work((a, b, 1)));
                        threads.spawn(|| work((b, a, 2)));
                    });
                });
            });
        },
        [
            expect![[r#"
            a_batch  agent
              inner_2  tool
              outer_1  tool
                below_1  tool
        "#]],
            expect![[r#"
            b_batch  agent
              inner_1  tool
              outer_2  tool
                below_2  tool
        "#]],
        ],
    );
}

#[test]
fn across_tasks_and_awaits() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let captures = two();
    let [a, b] = captures.each_ref().map(Capture::tracer);
    let work = a.span("a_batch", SpanType::Agent).run(async |_| {
        let tasks = (0..8).map(|n| prela::task::spawn(one_task(a.clone(), b.clone(), n)));
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    runtime.block_on(work);

    let (of_a, of_b) = (captures[0].spans(), captures[1].spans());
    let batch = of_a.last().unwrap().span_context.span_id();
    assert_eq!((of_a.len(), of_b.len()), (1 + 2 * 8, 2 * 8));
    for span in &of_a {
        let parent = of_a.iter().find(|it| Some(it.span_context.span_id()) == span.parent_span_id);
        match &*span.name {
            "a_batch" => assert_eq!(span.parent_span_id, None),
            "a_task" => assert_eq!(span.parent_span_id, Some(batch)),
            _ => assert_eq!(parent.unwrap().name, "a_task"),
        }
    }
    assert_eq!(of_b.iter().filter(|span| span.parent_span_id.is_none()).count(), 8);
    check_apart(&captures);
}

async fn one_task(a: Tracer, b: Tracer, n: i32) {
    let work = a.span("a_task", SpanType::Agent).attr("n", n).run(async |a_task| {
        let call = b.span("b_call", SpanType::Llm).attr("n", n).run(async |b_call| {
            for _ in 0..10 {
                yield_now().await;
                let current = [&a, &b].map(|it| it.current_span().unwrap().span_id());
                assert_eq!(current, [a_task.span_id(), b_call.span_id()]);
            }
            b.span("b_below", SpanType::Tool).in_scope(|below| {
                assert_eq!(below.parent_span_id(), Some(b_call.span_id()));
            });
        });
        call.await;
        let after = a.span("a_after", SpanType::Tool);
        after.in_scope(|after| assert_eq!(after.parent_span_id(), Some(a_task.span_id())));
    });
    work.await;
}
