//! Threads of the standard library: a plain one starts clean, one that is given a snapshot does not.

use crate::context::check;
use expect_test::expect;
use prela::span::SpanGuard;
use prela::testing::Capture;
use prela::thread::{BuilderExt as _, ScopeExt as _};
use prela::{SpanType, TraceContext, Tracer, baggage, copy_context_to_thread, current_span};
use std::cell::Cell;
use std::thread;

/// A child of whatever is current where this runs.
fn child(tracer: &Tracer, name: &'static str) {
    tracer.span(name, SpanType::Tool).in_scope(|_| ());
}

#[test]
fn a_plain_thread_starts_a_trace_of_its_own() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span("parent", SpanType::Agent).in_scope(|parent| {
        thread::scope(|threads| {
            threads.spawn(|| {
                assert!(current_span().is_none());
                assert_eq!(prela::current_trace_id(), None);
                child(&tracer, "on_a_plain_thread");
            });
        });
        assert_eq!(current_span().unwrap().span_id(), parent.span_id());
    });
    expect![[r#"
        on_a_plain_thread  tool
        parent  agent
    "#]]
    .assert_eq(&capture.tree());
    let spans = capture.spans();
    assert_ne!(spans[0].span_context.trace_id(), spans[1].span_context.trace_id());
}

#[test]
fn a_copied_context_makes_the_parent_current_on_the_worker() {
    check(
        |tracer| {
            tracer.span("parent", SpanType::Agent).in_scope(|parent| {
                baggage::set("session_id", "s1");
                let seen = copy_context_to_thread(|()| {
                    child(tracer, "on_the_worker");
                    let session = baggage::get("session_id");
                    (current_span().unwrap().span_id(), session)
                });
                let seen = thread::scope(|threads| threads.spawn(|| seen(())).join().unwrap());
                assert_eq!(seen, (parent.span_id(), Some("s1".to_owned())));
            });
        },
        &expect![[r#"
            parent  agent
              on_the_worker  tool
        "#]],
    );
}

#[test]
fn the_snapshot_is_of_the_wrap_not_of_the_call() {
    check(
        |tracer| {
            let wrapped_before = copy_context_to_thread(|name| child(tracer, name));
            tracer.span("parent", SpanType::Agent).in_scope(|_| {
                let wrapped_inside = copy_context_to_thread(|name| child(tracer, name));
                thread::scope(|threads| {
                    threads.spawn(|| wrapped_before("wrapped_before"));
                    threads.spawn(|| wrapped_inside("wrapped_inside"));
                });
                // On the same thread it is no different.
                wrapped_before("wrapped_before_called_here");
                child(tracer, "plain_child");
            });
        },
        &expect![[r#"
            parent  agent
              plain_child  tool
              wrapped_inside  tool
            wrapped_before  tool
            wrapped_before_called_here  tool
        "#]],
    );
}

#[test]
fn spawn_scope_and_builder() {
    check(
        |tracer| {
            tracer.span("parent", SpanType::Agent).in_scope(|_| {
                let job = |name| {
                    let tracer = tracer.clone();
                    move || child(&tracer, name)
                };
                prela::thread::spawn(job("spawn")).join().unwrap();
                let named = thread::Builder::new().name("indexer".to_owned());
                let worker = named.spawn_traced(|| thread::current().name().map(str::to_owned));
                assert_eq!(worker.unwrap().join().unwrap().as_deref(), Some("indexer"));
                thread::Builder::new().spawn_traced(job("builder")).unwrap().join().unwrap();

                let borrowed = String::from("borrowed");
                thread::scope(|threads| {
                    let length = threads.spawn_traced(|| {
                        child(tracer, "scope");
                        borrowed.len()
                    });
                    let builder = thread::Builder::new();
                    builder.spawn_scoped_traced(threads, job("builder_scoped")).unwrap();
                    assert_eq!(length.join().unwrap(), 8);
                });
            });
        },
        &expect![[r#"
            parent  agent
              builder  tool
              builder_scoped  tool
              scope  tool
              spawn  tool
        "#]],
    );
}

#[test]
fn threads_of_threads() {
    check(
        |tracer| {
            let (outer, inner) = (tracer.clone(), tracer.clone());
            tracer.span("first", SpanType::Agent).in_scope(|_| {
                let worker = prela::thread::spawn(move || {
                    outer.span("second", SpanType::Chain).in_scope(|_| {
                        prela::thread::spawn(move || child(&inner, "third")).join().unwrap();
                    });
                });
                worker.join().unwrap();
            });
        },
        &expect![[r#"
            first  agent
              second  chain
                third  tool
        "#]],
    );
}

#[test]
fn a_panic_on_a_thread_reaches_its_join() {
    check(
        |tracer| {
            let worker_tracer = tracer.clone();
            let worker = tracer.span("parent", SpanType::Agent).in_scope(|_| {
                prela::thread::spawn(move || {
                    worker_tracer.span("worker", SpanType::Tool).in_scope(|_| panic!("no luck"))
                })
            });
            let outcome: thread::Result<()> = worker.join();
            assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"no luck"));
        },
        &expect![[r#"
            parent  agent
              worker  tool {error.type: panic} error: no luck
                • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
        "#]],
    );
}

#[test]
fn a_worker_is_left_as_it_was() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let cx = tracer.span("request", SpanType::Agent).in_scope(|_| TraceContext::current());
    thread::scope(|threads| {
        threads.spawn(|| {
            cx.run(|| assert!(current_span().is_some()));
            assert!(current_span().is_none());
            // Also after a panic, and inside a span of the worker's own.
            let job = std::panic::AssertUnwindSafe(|| cx.run(|| panic!("no luck")));
            std::panic::catch_unwind(job).unwrap_err();
            assert!(current_span().is_none());
            tracer.span("own", SpanType::Agent).in_scope(|own| {
                cx.run(|| child(&tracer, "of_the_request"));
                assert_eq!(current_span().unwrap().span_id(), own.span_id());
                child(&tracer, "of_its_own");
            });
        });
    });
    expect![[r#"
        own  agent
          of_its_own  tool
        request  agent
          of_the_request  tool
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn spans_while_a_thread_ends() {
    /// Makes spans when the thread's locals are destroyed, which is before or after Prela's.
    struct Late(Tracer, &'static str);
    impl Drop for Late {
        fn drop(&mut self) {
            let Self(tracer, name) = self;
            let guard = tracer.span(*name, SpanType::Tool).enter();
            let cx = TraceContext::current();
            cx.run(|| baggage::scope([("key", "value")], || baggage::set("more", "m")));
            tracer.span("late_scope", SpanType::Tool).in_scope(|_| ());
            drop(guard);
        }
    }
    thread_local! {
        static HELD: Cell<Option<SpanGuard>> = const { Cell::new(None) };
        static FIRST: Cell<Option<Late>> = const { Cell::new(None) };
        static LAST: Cell<Option<Late>> = const { Cell::new(None) };
        static FORGOTTEN: Cell<Option<SpanGuard>> = const { Cell::new(None) };
    }
    let capture = Capture::new();
    let tracer = capture.tracer();
    thread::spawn(move || {
        // Destroyed last, long after the contexts of this thread.
        HELD.set(None);
        FIRST.set(Some(Late(tracer.clone(), "late_first")));
        tracer.span("in_time", SpanType::Tool).in_scope(|_| ());
        LAST.set(Some(Late(tracer.clone(), "late_last")));
        HELD.set(Some(tracer.span("held", SpanType::Tool).enter()));
        FORGOTTEN.set(Some(tracer.span("forgotten", SpanType::Tool).enter()));
    })
    .join()
    .unwrap();
    let spans = capture.spans();
    let mut names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    names.sort_unstable();
    let late = ["late_first", "late_last", "late_scope", "late_scope"];
    assert_eq!(names, [["forgotten", "held", "in_time"].as_slice(), &late].concat());
}
