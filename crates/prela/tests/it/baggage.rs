//! Baggage: seen below where it was set, gone with its scope, and each thread's own.

use prela::opentelemetry::baggage::BaggageExt as _;
use prela::opentelemetry::trace::TraceContextExt as _;
use prela::opentelemetry::{Context, KeyValue};
use prela::testing::Capture;
use prela::{
    SpanContext, SpanId, SpanType, TraceFlags, TraceId, TraceState, Tracer, baggage,
    copy_context_to_thread,
};
use std::sync::Barrier;
use std::thread;

fn capture() -> (Capture, Tracer) {
    let capture = Capture::new();
    let tracer = capture.tracer();
    (capture, tracer)
}

fn user_id() -> Option<String> {
    baggage::get("user_id")
}

fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn baggage_is_seen_by_descendants_and_gone_after_the_scope() {
    let (_capture, tracer) = capture();
    tracer.span("request", SpanType::Agent).in_scope(|_| {
        assert!(baggage::set("user_id", "user123"));
        assert_eq!(user_id(), some("user123"));
        tracer.span_default("child").in_scope(|_| {
            assert_eq!(user_id(), some("user123"));
            tracer.span_default("grandchild").in_scope(|_| assert_eq!(user_id(), some("user123")));
        });
    });
    assert_eq!(user_id(), None);
}

#[test]
fn what_a_child_sets_ends_with_the_child() {
    let (_capture, tracer) = capture();
    tracer.span_default("request").in_scope(|_| {
        baggage::set("user_id", "parent");
        tracer.span_default("child").in_scope(|_| {
            baggage::set("user_id", "child");
            baggage::set("only", "here");
            assert_eq!(user_id(), some("child"));
        });
        assert_eq!(user_id(), some("parent"));
        assert_eq!(baggage::get("only"), None);
    });
}

#[test]
fn a_scope_of_entries_hides_and_restores_those_outside() {
    let (_capture, tracer) = capture();
    let result = baggage::scope([("user_id", "outer"), ("tenant", "t")], || {
        tracer.span_default("request").in_scope(|_| {
            baggage::scope([("user_id", "inner")], || {
                assert_eq!((user_id(), baggage::get("tenant")), (some("inner"), some("t")));
                assert!(prela::current_span().is_some(), "the span is still current");
                assert!(baggage::set("more", "m"), "bounded by the scope of entries");
            });
            assert_eq!((user_id(), baggage::get("more")), (some("outer"), None));
        });
        "result"
    });
    assert_eq!((result, baggage::all().len()), ("result", 0));
}

#[test]
fn the_order_of_entries_is_kept_and_the_last_value_wins() {
    let (_capture, tracer) = capture();
    tracer.span_default("request").in_scope(|_| {
        for (key, value) in [("b", "1"), ("a", "2"), ("c", "3"), ("a", "4")] {
            assert!(baggage::set(key, value));
        }
        assert_eq!(baggage::get("a").as_deref(), Some("4"));
        assert_eq!(baggage::all().len(), 3);
        let keys: Vec<_> = baggage::all().iter().map(|entry| entry.key().to_owned()).collect();
        assert_eq!(keys, ["b", "a", "c"]);
    });
}

#[test]
fn a_scope_left_by_a_panic_takes_its_entries_along() {
    let scope = || baggage::scope([("user_id", "user123")], || panic!("no luck"));
    std::panic::catch_unwind(scope).unwrap_err();
    assert_eq!(user_id(), None);
}

#[test]
fn scopes_that_end_out_of_order_keep_what_began_with_them() {
    let (_capture, tracer) = capture();
    let first = tracer.span_default("first").enter();
    baggage::set("user_id", "first");
    let second = tracer.span_default("second").enter();
    drop(first);
    assert_eq!(user_id(), some("first"), "the second one began with it");
    assert!(baggage::set("user_id", "second"));
    assert_eq!(user_id(), some("second"));
    drop(second);
    assert_eq!(user_id(), None);
    assert!(!baggage::set("user_id", "outside"));
}

#[test]
fn without_a_scope_nothing_is_set() {
    assert!(!baggage::set("user_id", "user123"));
    assert_eq!(user_id(), None);
}

#[test]
fn a_scope_may_set_as_often_as_it_likes() {
    let (capture, tracer) = capture();
    tracer.span("loop", SpanType::Agent).in_scope(|span| {
        baggage::set("user_id", "user123");
        for step in 0..70_000 {
            assert!(baggage::set("step", step.to_string()));
        }
        assert_eq!((user_id(), baggage::get("step")), (some("user123"), some("69999")));
        // The span below is still entered, and the one above still current after it.
        tracer.span("after", SpanType::Tool).in_scope(|after| {
            assert_eq!(prela::trace_context().span_id(), Some(after.span_id()));
        });
        assert_eq!(prela::trace_context().span_id(), Some(span.span_id()));
    });
    assert_eq!(capture.tree(), "loop  agent\n  after  tool\n");
}

#[test]
fn other_libraries_share_it() {
    let (_capture, tracer) = capture();
    tracer.span_default("request").in_scope(|_| {
        baggage::set("user_id", "ours");
        let cx = Context::current();
        assert_eq!(cx.baggage().get("user_id").map(|value| value.as_str()), Some("ours"));

        let theirs = cx.with_baggage([KeyValue::new("tenant", "theirs")]).attach();
        assert_eq!(baggage::get("tenant").as_deref(), Some("theirs"));
        assert!(baggage::set("more", "m"));
        drop(theirs);

        // Over another library's span there is no scope of Prela's that would end it.
        let ids = (TraceId::from(99), SpanId::from(99));
        let span = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::NONE);
        let _theirs = Context::current().with_remote_span_context(span).attach();
        assert!(!baggage::set("user_id", "over_theirs"));
    });
    assert!(baggage::all().is_empty());
}

#[test]
fn what_started_before_does_not_see_it() {
    let (_capture, tracer) = capture();
    tracer.span_default("request").in_scope(|_| {
        let is_set = Barrier::new(2);
        let early_child = copy_context_to_thread(|()| {
            tracer.span_default("early_child").in_scope(|_| {
                is_set.wait();
                user_id()
            })
        });
        thread::scope(|threads| {
            let early_child = threads.spawn(|| early_child(()));
            baggage::set("user_id", "user123");
            is_set.wait();
            assert_eq!(early_child.join().unwrap(), None);
        });
        tracer.span_default("next_child").in_scope(|_| assert_eq!(user_id(), some("user123")));
    });
}

#[test]
fn each_worker_sets_its_own() {
    let (_capture, tracer) = capture();
    tracer.span_default("batch").in_scope(|_| {
        baggage::set("user_id", "parent");
        baggage::set("session_id", "s1");
        let all_have_set = Barrier::new(5);
        let worker = copy_context_to_thread(|n: usize| {
            let copied = (user_id(), baggage::get("session_id"));
            baggage::set("user_id", n.to_string());
            all_have_set.wait();
            assert_eq!(copied, (some("parent"), some("s1")));
            tracer.span_default("child").in_scope(|_| user_id())
        });
        thread::scope(|threads| {
            let workers = [0, 1, 2, 3].map(|n| {
                let worker = &worker;
                threads.spawn(move || worker(n))
            });
            all_have_set.wait();
            assert_eq!(user_id(), some("parent"));
            let seen = workers.map(|worker| worker.join().unwrap());
            assert_eq!(seen, ["0", "1", "2", "3"].map(some));
        });
        assert_eq!(user_id(), some("parent"));
    });
}

#[test]
fn a_workers_next_job_does_not_see_it() {
    let (_capture, tracer) = capture();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    tracer.span_default("first_request").in_scope(|_| {
        let job = copy_context_to_thread(|()| baggage::set("user_id", "first"));
        assert!(pool.install(|| job(())));
    });
    assert_eq!(pool.install(user_id), None);
    tracer.span_default("second_request").in_scope(|_| {
        let job = copy_context_to_thread(|()| user_id());
        assert_eq!(pool.install(|| job(())), None);
    });
}

#[test]
fn listed_keys_become_attributes_of_later_spans() {
    let capture = Capture::with(|builder| builder.baggage_to_attributes(["user_id", "request_id"]));
    let tracer = capture.tracer();
    tracer.span("handler", SpanType::Agent).in_scope(|_| {
        tracer.span("before", SpanType::Tool).in_scope(|_| ());
        baggage::set("user_id", "user123");
        baggage::set("secret", "never");
        tracer.span("later_child", SpanType::Tool).in_scope(|_| {
            baggage::set("request_id", "r1");
            tracer.span("later_grandchild", SpanType::Tool).in_scope(|_| ());
        });
        // A span's own attribute is newer than the baggage.
        tracer.span("names_its_own", SpanType::Tool).attr("user_id", "own").in_scope(|_| ());
    });
    expect_test::expect![[r#"
        handler  agent
          before  tool
          later_child  tool {user_id: user123}
            later_grandchild  tool {user_id: user123, request_id: r1}
          names_its_own  tool {user_id: own}
    "#]]
    .assert_eq(&capture.tree());
}
