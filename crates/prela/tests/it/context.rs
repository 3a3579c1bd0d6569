//! What is current: nesting, clean slates, parents that are named, spans that are not entered.

mod guards;
mod scopes;

use expect_test::{Expect, expect};
use prela::testing::Capture;
use prela::{
    Sampler, SpanType, TraceContext, Tracer, baggage, current_span, new_trace_context,
    trace_context,
};

/// Checks that what `run` records is this tree.
#[track_caller]
pub(crate) fn check(run: impl FnOnce(&Tracer), expected: &Expect) -> Capture {
    let capture = Capture::new();
    run(&capture.tracer());
    expected.assert_eq(&capture.tree());
    capture
}

pub(crate) fn current_name() -> Option<String> {
    current_span().map(|span| span.name().into_owned())
}

#[test]
fn nesting_and_what_is_current_on_the_way() {
    check(
        |tracer| {
            let mut names = vec![current_name()];
            tracer.span_default("level_1").in_scope(|_| {
                names.push(current_name());
                tracer.span_default("level_2").in_scope(|_| names.push(current_name()));
                names.push(current_name());
            });
            names.push(current_name());
            let expected = [None, Some("level_1"), Some("level_2"), Some("level_1"), None];
            assert_eq!(names, expected.map(|name| name.map(str::to_owned)));
        },
        &expect![[r#"
            level_1  custom
              level_2  custom
        "#]],
    );
}

#[test]
fn the_parent_is_had_from_the_child() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span_default("parent").in_scope(|parent| {
        tracer.span_default("child").in_scope(|child| {
            assert_eq!(child.parent_span_id(), Some(parent.span_id()));
            assert_eq!(child.trace_id(), parent.trace_id());
        });
    });
}

#[test]
fn outside_of_every_span_all_is_a_no_op() {
    std::thread::spawn(|| {
        assert!(current_span().is_none());
        assert!(!prela::enrich([("key", "value")]));
        assert!(!baggage::set("key", "value"));
        let cx = trace_context();
        assert_eq!((cx.trace_id(), cx.span_id(), cx.is_sampled()), (None, None, false));
    })
    .join()
    .unwrap();
}

#[test]
fn enrich_writes_to_the_current_span() {
    check(
        |tracer| {
            let helper = || prela::enrich([("from_the_helper", 1)]);
            tracer.span_default("outer").in_scope(|_| {
                tracer.span_default("inner").in_scope(|_| assert!(helper()));
            });
        },
        &expect![[r#"
            outer  custom
              inner  custom {from_the_helper: 1}
        "#]],
    );
}

#[test]
fn a_new_trace_context_is_a_clean_slate() {
    let capture = check(
        |tracer| {
            tracer.span("request", SpanType::Agent).in_scope(|request| {
                baggage::set("user_id", "user123");
                let result = new_trace_context(|cx| {
                    assert_eq!((cx.span_id(), cx.baggage().len()), (None, 0));
                    assert!(current_span().is_none());
                    assert_eq!(baggage::get("user_id"), None);
                    tracer.span_default("inside").in_scope(|span| {
                        assert_eq!(span.parent_span_id(), None);
                        assert_ne!(span.trace_id(), request.trace_id());
                        tracer.span_default("below").in_scope(|_| ());
                    });
                    "result"
                });
                assert_eq!(result, "result");
                assert_eq!(current_span().unwrap().span_id(), request.span_id());
                assert_eq!(baggage::get("user_id").as_deref(), Some("user123"));
                tracer.span_default("after").in_scope(|_| ());
            });
        },
        &expect![[r#"
            inside  custom
              below  custom
            request  agent
              after  custom
        "#]],
    );
    let traces =
        capture.spans().iter().map(|span| span.span_context.trace_id()).collect::<Vec<_>>();
    assert_eq!(traces[0], traces[1]);
    assert_eq!(traces[2], traces[3]);
    assert_ne!(traces[1], traces[2]);
}

#[test]
fn the_sampler_is_asked_for_a_new_root() {
    let capture = Capture::with(|builder| builder.sampler(Sampler::always_off()));
    new_trace_context(|_| {
        capture.tracer().span_default("inside").in_scope(|span| assert!(!span.is_recording()));
    });
    assert_eq!(capture.tree(), "");
    assert_eq!(capture.prela().stats().unsampled, 1);
}

#[test]
fn a_background_job_is_a_trace_of_its_own_with_a_link() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let creator = tracer.span("request", SpanType::Agent).in_scope(|request| {
        let creator = trace_context();
        new_trace_context(|_| {
            tracer.span("background_job", SpanType::Custom).link(&creator).in_scope(|_| ());
        });
        tracer.span("by_root", SpanType::Custom).root().link(&creator).in_scope(|_| ());
        request.span_context()
    });
    for job in &capture.spans()[..2] {
        assert_eq!(job.parent_span_id, None);
        assert_ne!(job.span_context.trace_id(), creator.trace_id());
        assert_eq!(job.links[0].span_context, creator);
    }
}

#[test]
fn the_ids_that_are_read_are_those_that_are_exported() {
    let capture = Capture::new();
    let cx = capture.tracer().span_default("work").in_scope(|_| {
        baggage::set("tenant", "a");
        assert_eq!(prela::current_trace_id(), trace_context().trace_id());
        trace_context()
    });
    let exported = &capture.spans()[0].span_context;
    assert_eq!(cx.trace_id(), Some(exported.trace_id()));
    assert_eq!(cx.span_id(), Some(exported.span_id()));
    assert!(cx.is_sampled());
    assert_eq!(cx.baggage().get("tenant"), Some("a"));
    // For a log line: 32 hex digits; outside there is nothing to log.
    assert_eq!(cx.trace_id().unwrap().to_string(), format!("{:032x}", 1));
    assert_eq!(prela::current_trace_id(), None);
}

#[test]
fn a_span_that_is_not_entered_is_nobodys_parent_unless_named() {
    check(
        |tracer| {
            let parent = tracer.span_default("parent").start();
            assert!(current_span().is_none());
            tracer.span_default("not_a_child").in_scope(|_| ());
            let cx = parent.context();
            tracer.span_default("named_its_parent").parent(&cx).in_scope(|_| {
                tracer.span_default("below").in_scope(|_| ());
            });
            cx.run(|| tracer.span_default("run_in_its_context").in_scope(|_| ()));
        },
        &expect![[r#"
            not_a_child  custom
            parent  custom
              named_its_parent  custom
                below  custom
              run_in_its_context  custom
        "#]],
    );
}

#[test]
fn a_named_parent_wins_over_the_current_one_for_its_descendants_too() {
    check(
        |tracer| {
            let elsewhere = tracer.span_default("elsewhere").in_scope(|_| TraceContext::current());
            tracer.span_default("here").in_scope(|here| {
                tracer.span_default("child").parent(&elsewhere).in_scope(|_| {
                    tracer.span_default("grandchild").in_scope(|_| ());
                });
                assert_eq!(current_span().unwrap().span_id(), here.span_id());
            });
        },
        &expect![[r#"
            elsewhere  custom
              child  custom
                grandchild  custom
            here  custom
        "#]],
    );
}
