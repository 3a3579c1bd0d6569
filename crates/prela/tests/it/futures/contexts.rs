//! Futures in a context that is not a span of their own.

use super::{check, current_name, run_hopping};
use expect_test::expect;
use prela::{FutureExt as _, SpanType, TraceContext, Tracer, baggage, trace_context};
use tokio::task::yield_now;

/// Makes a child before and after an await.
async fn children(tracer: &Tracer) {
    tracer.span("before", SpanType::Tool).in_scope(|_| ());
    yield_now().await;
    tracer.span("after", SpanType::Tool).in_scope(|_| ());
}

#[test]
fn in_context_in_current_context_and_bind() {
    check(
        |tracer| {
            let cx = tracer.span("of_the_context", SpanType::Agent).in_scope(|_| trace_context());
            run_hopping(children(tracer).in_context(cx));
            let bound = tracer
                .span("of_the_call", SpanType::Agent)
                .in_scope(|_| children(tracer).in_current_context());
            run_hopping(bound);
            let bound = tracer
                .span("bound", SpanType::Agent)
                .in_scope(|_| TraceContext::current().bind(children(tracer)));
            run_hopping(bound);
        },
        &expect![[r#"
            bound  agent
              after  tool
              before  tool
            of_the_call  agent
              after  tool
              before  tool
            of_the_context  agent
              after  tool
              before  tool
        "#]],
    );
}

#[test]
fn an_empty_context_hides_the_current_one() {
    check(
        |tracer| {
            let work = tracer.span("request", SpanType::Agent).run(async |_| {
                children(tracer).in_context(TraceContext::default()).await;
                assert_eq!(current_name().as_deref(), Some("request"));
            });
            run_hopping(work);
        },
        &expect![[r#"
            after  tool
            before  tool
            request  agent
        "#]],
    );
}

#[test]
fn a_scope_of_baggage_around_a_future() {
    check(
        |tracer| {
            let work = baggage::scope([("user_id", "user123")], || {
                async {
                    yield_now().await;
                    assert_eq!(baggage::get("user_id").as_deref(), Some("user123"));
                    assert!(baggage::set("user_id", "changed"));
                    yield_now().await;
                    assert_eq!(baggage::get("user_id").as_deref(), Some("changed"));
                    tracer.span_default("work").in_scope(|_| ());
                }
                .in_current_context()
            });
            run_hopping(work);
        },
        &expect![[r#"
            work  custom
        "#]],
    );
}

#[test]
fn a_context_bound_twice_is_not_changed_by_one_of_them() {
    let cx = baggage::scope([("user_id", "shared")], trace_context);
    let sets = async {
        assert!(baggage::set("user_id", "own"));
        yield_now().await;
        baggage::get("user_id")
    };
    let reads = async {
        yield_now().await;
        baggage::get("user_id")
    };
    let both = async { tokio::join!(sets.in_context(cx.clone()), reads.in_context(cx.clone())) };
    let (own, shared) = run_hopping(both);
    assert_eq!((own.as_deref(), shared.as_deref()), (Some("own"), Some("shared")));
    assert_eq!(cx.baggage().get("user_id"), Some("shared"));
}
