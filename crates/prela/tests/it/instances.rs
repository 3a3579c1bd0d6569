//! Several instances in one process: each has its own spans and parents, in one context.

mod crossing;

use expect_test::{Expect, expect};
use prela::id::RandomIds;
use prela::testing::Capture;
use prela::{SpanType, TraceContext, Tracer, new_trace_context};
use std::collections::HashSet;
use std::time::Duration;

/// Two instances, with ids that tell their spans apart.
fn two() -> [Capture; 2] {
    [(); 2].map(|()| Capture::with(|builder| builder.id_generator(RandomIds::default())))
}

/// Checks that each of two instances records its own tree, with parents and traces of its own.
#[track_caller]
fn check(run: impl FnOnce(&Tracer, &Tracer), expected: [Expect; 2]) {
    let captures = two();
    run(&captures[0].tracer(), &captures[1].tracer());
    for (capture, expected) in captures.iter().zip(expected) {
        expected.assert_eq(&capture.tree());
    }
    check_apart(&captures);
}

/// No id of one instance is known to the other.
#[track_caller]
fn check_apart(captures: &[Capture; 2]) {
    let [a, b] = captures.each_ref().map(|capture| {
        let ids = capture.spans().into_iter().flat_map(|span| {
            let own = span.span_context.clone();
            let span_ids = [Some(own.span_id()), span.parent_span_id];
            let span_ids = span_ids.into_iter().flatten().map(|id| id.to_string());
            span_ids.chain([own.trace_id().to_string()])
        });
        ids.collect::<HashSet<_>>()
    });
    assert!(a.is_disjoint(&b));
}

#[test]
fn two_instances_never_cross() {
    check(
        |a, b| {
            a.span("a_outer", SpanType::Agent).in_scope(|a_outer| {
                b.span("b_outer", SpanType::Agent).in_scope(|b_outer| {
                    assert_eq!(b_outer.parent_span_id(), None);
                    a.span("a_inner", SpanType::Tool).in_scope(|a_inner| {
                        assert_eq!(a_inner.parent_span_id(), Some(a_outer.span_id()));
                        b.span("b_inner", SpanType::Tool).in_scope(|b_inner| {
                            assert_eq!(b_inner.parent_span_id(), Some(b_outer.span_id()));
                            // Each tracer knows the current span of its own instance.
                            let current = [a, b].map(|it| it.current_span().unwrap().span_id());
                            assert_eq!(current, [a_inner.span_id(), b_inner.span_id()]);
                        });
                    });
                    let current = [a, b].map(|it| it.current_span().unwrap().span_id());
                    assert_eq!(current, [a_outer.span_id(), b_outer.span_id()]);
                });
                assert!(b.current_span().is_none());
                b.span("b_later", SpanType::Agent).in_scope(|_| ());
            });
        },
        [
            expect![[r#"
            a_outer  agent
              a_inner  tool
        "#]],
            expect![[r#"
            b_later  agent
            b_outer  agent
              b_inner  tool
        "#]],
        ],
    );
}

#[test]
fn guards_of_two_instances_out_of_order() {
    check(
        |a, b| {
            let a_first = a.span_default("a_first").enter();
            let b_first = b.span_default("b_first").enter();
            drop(a_first);
            // The context is the one that `b_first` was entered in, so `a_first` is still in it.
            a.span_default("a_second").in_scope(|_| b.span_default("b_second").in_scope(|_| ()));
            drop(b_first);
            assert!(a.current_span().is_none() && b.current_span().is_none());
        },
        [
            expect![[r#"
            a_first  custom
              a_second  custom
        "#]],
            expect![[r#"
            b_first  custom
              b_second  custom
        "#]],
        ],
    );
}

#[test]
fn a_root_of_one_is_none_of_the_other() {
    check(
        |a, b| {
            a.span_default("a_outer").in_scope(|_| {
                b.span_default("b_outer").in_scope(|_| {
                    a.span_default("a_root").root().in_scope(|a_root| {
                        assert_eq!(a_root.parent_span_id(), None);
                        b.span_default("b_inner").in_scope(|_| ());
                        a.span_default("a_inner").in_scope(|_| ());
                    });
                    b.span_default("b_root").root().in_scope(|b_root| {
                        assert_eq!(b_root.parent_span_id(), None);
                        b.span_default("b_below").in_scope(|_| ());
                        a.span_default("a_inside_of_b_root").in_scope(|_| ());
                    });
                });
            });
        },
        [
            expect![[r#"
            a_outer  custom
              a_inside_of_b_root  custom
            a_root  custom
              a_inner  custom
        "#]],
            expect![[r#"
            b_outer  custom
              b_inner  custom
            b_root  custom
              b_below  custom
        "#]],
        ],
    );
}

#[test]
fn a_new_trace_context_is_clean_for_both() {
    check(
        |a, b| {
            a.span_default("a_outer").in_scope(|_| {
                b.span_default("b_outer").in_scope(|_| {
                    new_trace_context(|_| {
                        assert!(a.current_span().is_none() && b.current_span().is_none());
                        b.span_default("b_fresh").in_scope(|_| {
                            a.span_default("a_fresh").in_scope(|_| {
                                b.span_default("b_below").in_scope(|_| ());
                                a.span_default("a_below").in_scope(|_| ());
                            });
                        });
                    });
                });
            });
        },
        [
            expect![[r#"
            a_fresh  custom
              a_below  custom
            a_outer  custom
        "#]],
            expect![[r#"
            b_fresh  custom
              b_below  custom
            b_outer  custom
        "#]],
        ],
    );
}

#[test]
fn a_named_parent_of_one_instance_is_none_for_the_other() {
    check(
        |a, b| {
            let of_a = a.span_default("a_first").in_scope(|_| TraceContext::current());
            b.span_default("b_outer").in_scope(|_| {
                a.span_default("a_child").parent(&of_a).in_scope(|_| ());
                b.span_default("b_of_a_context").parent(&of_a).in_scope(|_| ());
            });
        },
        [
            expect![[r#"
            a_first  custom
              a_child  custom
        "#]],
            expect![[r#"
            b_of_a_context  custom
            b_outer  custom
        "#]],
        ],
    );
}

#[test]
fn one_is_shut_down_beside_one_that_runs() {
    let captures = two();
    let [a, b] = captures.each_ref().map(Capture::tracer);
    a.span_default("a_outer").in_scope(|_| {
        b.span_default("b_outer").in_scope(|b_outer| {
            captures[0].prela().shutdown(Duration::from_secs(10));
            let result = a.span_default("a_late").in_scope(|_| {
                b.span_default("b_inner").in_scope(|b_inner| {
                    assert_eq!(b_inner.parent_span_id(), Some(b_outer.span_id()));
                    "result"
                })
            });
            assert_eq!(result, "result");
        });
    });
    b.span_default("b_after").in_scope(|_| ());
    expect![[r#"
        b_after  custom
        b_outer  custom
          b_inner  custom
    "#]]
    .assert_eq(&captures[1].tree());
    let stats = captures[0].prela().stats();
    assert_eq!((stats.ended, stats.dropped_by.shut_down), (1, 1), "a_outer alone, which was open");
}

#[test]
fn one_is_gone_beside_one_that_runs() {
    let [a, b] = two();
    let (a_tracer, b_tracer) = (a.tracer(), b.tracer());
    a_tracer.span_default("a_outer").in_scope(|_| {
        drop(a);
        b_tracer.span_default("b_outer").in_scope(|_| {
            a_tracer.span_default("a_late").in_scope(|_| ());
            b_tracer.span_default("b_inner").in_scope(|_| ());
        });
    });
    expect![[r#"
        b_outer  custom
          b_inner  custom
    "#]]
    .assert_eq(&b.tree());
}
