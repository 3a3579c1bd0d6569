//! What a snapshot carries through: arguments, results, panics, and the same parent on every thread.

use super::queue::Queue;
use super::{check, trace_count};
use expect_test::expect;
use prela::pool::SpawnTraced as _;
use prela::testing::Capture;
use prela::{SpanType, TraceContext, copy_context_to_thread};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;

#[test]
fn arguments_results_errors_and_panics_pass_through() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    tracer.span_default("parent").in_scope(|_| {
        let divide = copy_context_to_thread(|(a, b): (i32, i32)| {
            tracer.span_default("divide").in_scope_result(|_| {
                assert!(a >= 0, "negative");
                a.checked_div(b).ok_or("division by zero")
            })
        });
        assert_eq!(pool.install(|| divide((6, 3))), Ok(2));
        assert_eq!(pool.install(|| divide((6, 0))), Err("division by zero"));
        let panic = catch_unwind(AssertUnwindSafe(|| pool.install(|| divide((-1, 1)))));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"negative"));

        // A job that runs once, with what it owns.
        let word = String::from("word");
        assert_eq!(pool.install(TraceContext::current().wrap(move || word)), "word");
        assert!(pool.install(prela::current_span).is_none(), "the worker was left as it was");
    });
    expect![[r#"
        parent  custom
          divide  custom
          divide  custom {error.type: &str} error: division by zero
            • exception {exception.type: &str, exception.message: division by zero}
          divide  custom {error.type: panic} error: negative
            • exception {exception.type: panic, exception.message: negative, exception.escaped: true}
    "#]].assert_eq(&capture.tree());
}

#[test]
fn each_submit_takes_its_own_snapshot() {
    check(
        |tracer| {
            let pool = Queue::new(2);
            let job = |name: &'static str| {
                let tracer = tracer.clone();
                pool.spawn_traced(move || tracer.span(name, SpanType::Tool).in_scope(|_| ()))
            };
            let a = tracer.span_default("a").enter();
            let of_a = job("submitted_in_a");
            let b = tracer.span_default("b").enter();
            let of_b = job("submitted_in_b");
            drop(b);
            let of_a_again = job("submitted_in_a_again");
            for job in [of_a, of_b, of_a_again] {
                job.join().unwrap();
            }
            drop(a);
        },
        &expect![[r#"
            a  custom
              b  custom
                submitted_in_b  tool
              submitted_in_a  tool
              submitted_in_a_again  tool
        "#]],
    );
}

#[test]
fn one_snapshot_on_eight_threads_at_once() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span_default("parent").in_scope(|_| {
        let cx = prela::trace_context();
        let start = Barrier::new(8);
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    start.wait();
                    for _ in 0..100 {
                        cx.run(|| tracer.span("job", SpanType::Tool).in_scope(|_| ()));
                    }
                });
            }
        });
    });

    let spans = capture.spans();
    let parent = spans.last().unwrap();
    let parent_id = Some(parent.span_context.span_id());
    assert_eq!(spans.len(), 801);
    assert_eq!(spans.iter().filter(|span| span.parent_span_id != parent_id).count(), 1);
    assert_eq!(trace_count(&spans), 1);
}
