//! Guards and owned spans: dropped out of order, ended twice, ended elsewhere, written to late.

use super::{check, current_name};
use expect_test::expect;
use prela::span::OwnedSpan;
use prela::testing::Capture;
use prela::{SpanType, TraceContext, current_span};
use std::thread;

#[test]
fn guards_are_dropped_out_of_order() {
    check(
        |tracer| {
            let first = tracer.span_default("first").enter();
            let second = tracer.span_default("second").enter();
            let third = tracer.span_default("third").enter();
            drop(first);
            assert_eq!(current_name().as_deref(), Some("third"), "the innermost one that is left");
            tracer.span_default("in_third").in_scope(|_| ());
            drop(third);
            assert_eq!(current_name().as_deref(), Some("second"));
            tracer.span_default("in_second").in_scope(|_| ());
            drop(second);
            assert!(current_span().is_none());
            tracer.span_default("outside").in_scope(|_| ());
        },
        &expect![[r#"
            first  custom
              second  custom
                in_second  custom
                third  custom
                  in_third  custom
            outside  custom
        "#]],
    );
}

#[test]
fn contexts_are_detached_out_of_order() {
    check(
        |tracer| {
            let of = |name| tracer.span_default(name).in_scope(|_| TraceContext::current());
            let (first, second) = (of("first"), of("second"));
            let first = first.attach();
            let second = second.attach();
            drop(first);
            tracer.span_default("in_second").in_scope(|_| ());
            drop(second);
            assert!(current_span().is_none());
        },
        &expect![[r#"
            first  custom
            second  custom
              in_second  custom
        "#]],
    );
}

#[test]
fn a_guard_that_outlives_the_scope_it_was_made_in() {
    check(
        |tracer| {
            let inner =
                tracer.span_default("outer").in_scope(|_| tracer.span_default("inner").enter());
            tracer.span_default("in_inner").in_scope(|_| ());
            drop(inner);
            assert!(current_span().is_none());
        },
        &expect![[r#"
            outer  custom
              inner  custom
                in_inner  custom
        "#]],
    );
}

#[test]
fn a_guard_dropped_by_a_panic_ends_its_span() {
    check(
        |tracer| {
            let entered = std::panic::AssertUnwindSafe(|| {
                let _guard = tracer.span_default("entered").enter();
                panic!("no luck");
            });
            std::panic::catch_unwind(entered).unwrap_err();
            assert!(current_span().is_none());
        },
        &expect![[r#"
            entered  custom {error.type: panic} error: panicked while the span was entered
              • exception {exception.type: panic, exception.message: panicked while the span was entered, exception.escaped: true}
        "#]],
    );
}

#[test]
fn an_owned_span_that_is_dropped_is_exported() {
    check(
        |tracer| drop(tracer.span("job", SpanType::Custom).attr("kept", true).start()),
        &expect![[r#"
            job  custom {kept: true}
        "#]],
    );
}

#[test]
fn a_span_ends_once() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let span = tracer.span_default("twice").start();
    span.end();
    capture.clock().advance(std::time::Duration::from_secs(1));
    span.end();
    drop(span);
    tracer.span_default("in_its_scope").in_scope(|span| span.end());
    let guard = tracer.span_default("before_its_guard").enter();
    guard.end();
    drop(guard);

    let spans = capture.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["twice", "in_its_scope", "before_its_guard"]);
    assert!(spans[0].duration().is_zero(), "the first end counts");
    assert_eq!(capture.prela().stats().ended, 3);
}

#[test]
fn an_end_on_another_thread_changes_nothing_here() {
    check(
        |tracer| {
            tracer.span_default("request").in_scope(|request| {
                let job: OwnedSpan = tracer.span_default("job").start();
                thread::scope(|threads| {
                    threads.spawn(|| drop(job));
                });
                assert_eq!(current_span().unwrap().span_id(), request.span_id());
                tracer.span_default("after").in_scope(|_| ());

                // The current span itself is ended elsewhere, as by a watchdog.
                thread::scope(|threads| {
                    threads.spawn(|| request.end());
                });
                assert_eq!(current_span().unwrap().span_id(), request.span_id());
                tracer.span_default("still_a_child").in_scope(|_| ());
            });
            assert!(current_span().is_none());
            tracer.span_default("next_request").in_scope(|_| ());
        },
        &expect![[r#"
            next_request  custom
            request  custom
              after  custom
              job  custom
              still_a_child  custom
        "#]],
    );
}

#[test]
fn what_is_written_after_the_end_is_lost() {
    check(
        |tracer| {
            let span = tracer.span_default("done").start();
            let handle = span.clone();
            drop(span);
            assert!(!handle.is_recording());
            handle.set_attribute("late", true).add_event("late", [("late", true)]);
            handle.record_error("late").update_name("late").add_link(&handle.context());
            handle.context().run(|| assert!(!prela::enrich([("late", true)])));
        },
        &expect![[r#"
            done  custom
        "#]],
    );
}

#[test]
fn handles_write_from_many_threads_while_the_span_ends() {
    let capture = Capture::new();
    let span = capture.tracer().span_default("busy").start();
    thread::scope(|threads| {
        for worker in 0..4 {
            let handle = span.clone();
            threads.spawn(move || {
                for n in 0..100 {
                    handle.set_attribute(format!("worker_{worker}"), n).add_event("e", [("n", n)]);
                }
                handle.end();
            });
        }
    });
    drop(span);
    assert_eq!(capture.spans().len(), 1);
    assert_eq!(capture.prela().stats().ended, 1);
}
