//! Trees that a test expects, and what it prints when there is another one.

use expect_test::{Expect, expect};
use opentelemetry::trace::Status;
use prela::testing::{Capture, assert_trace};
use prela::{SpanType, Tracer};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

fn leaf(tracer: &Tracer, name: &'static str, span_type: SpanType) {
    tracer.span(name, span_type).in_scope(|_| ());
}

/// An agent with a model call and a tool that fails, as time goes by.
fn support() -> Capture {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let tick = || capture.clock().advance(Duration::from_millis(1));
    tracer.span("support", SpanType::Agent).in_scope(|_| {
        tick();
        leaf(&tracer, "chat gpt-4o", SpanType::Llm);
        tick();
        tracer.span("search", SpanType::Tool).in_scope(|span| {
            tick();
            leaf(&tracer, "index", SpanType::Retrieval);
            span.set_status(Status::error("no index"));
        });
    });
    capture
}

/// Asserts that a test fails, and what it prints.
#[track_caller]
fn assert_fails(test: impl FnOnce(), expected: &Expect) {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("the test fails");
    expected.assert_eq(panic.downcast_ref::<String>().unwrap());
}

#[test]
fn a_tree_as_expected_passes() {
    let capture = support();
    assert_trace!(capture.spans(), {
        agent "support" {
            llm "chat gpt-4o" {}
            tool "search" error { retrieval "index" {} }
        }
    });
    // A list, a reference and a slice are as good.
    let spans = capture.spans();
    assert_trace!(spans, {
        agent "support" { llm "chat gpt-4o" {} tool "search" error { retrieval "index" {} } }
    });
    assert_trace!(&spans[..1], { llm "chat gpt-4o" {} });
    assert_trace!(&spans[..0], {});
}

#[test]
fn every_type_of_span_has_its_word() {
    let capture = Capture::new();
    for span_type in SpanType::ALL {
        leaf(&capture.tracer(), "it", span_type);
        capture.clock().advance(Duration::from_millis(1));
    }
    assert_trace!(capture.spans(), {
        agent "it" {}
        llm "it" {}
        tool "it" {}
        retrieval "it" {}
        embedding "it" {}
        custom "it" {}
        chain "it" {}
        workflow "it" {}
        reranker "it" {}
        guardrail "it" {}
        evaluator "it" {}
    });
}

/// Under a clock that stands still nobody knows which of two siblings came first.
#[test]
fn siblings_of_one_moment_may_stand_in_any_order() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span("batch", SpanType::Chain).in_scope(|_| {
        for outcome in [Status::Unset, Status::error("late"), Status::Unset] {
            tracer.span("item", SpanType::Tool).in_scope(|span| {
                if outcome == Status::Unset {
                    leaf(&tracer, "write", SpanType::Custom);
                }
                span.set_status(outcome);
            });
        }
        leaf(&tracer, "a", SpanType::Custom);
    });
    assert_trace!(capture.spans(), {
        chain "batch" {
            tool "item" error {}
            tool "item" { custom "write" {} }
            custom "a" {}
            tool "item" { custom "write" {} }
        }
    });
}

#[test]
fn a_span_that_is_missing_and_one_too_many_are_named() {
    let capture = support();
    assert_fails(
        || {
            assert_trace!(capture.spans(), {
                agent "support" {
                    guardrail "moderate" {}
                    llm "chat gpt-4o" {}
                    tool "search" error {}
                }
            });
        },
        &expect![[r#"
            the spans form another tree than is expected

            below agent "support": guardrail "moderate" was not recorded
            below agent "support" > tool "search": retrieval "index" is not expected

            expected:
              agent "support" {
            -     guardrail "moderate" {}
                  llm "chat gpt-4o" {}
                  tool "search" error {}
              }

            recorded:
              agent "support" {
                  llm "chat gpt-4o" {}
                  tool "search" error {
            +         retrieval "index" {}
                  }
              }
        "#]],
    );
}

#[test]
fn another_outcome_is_named() {
    let capture = support();
    assert_fails(
        || {
            assert_trace!(capture.spans(), {
                agent "support" error {
                    llm "chat gpt-4o" {}
                    tool "search" { retrieval "index" {} }
                }
            });
        },
        &expect![[r#"
            the spans form another tree than is expected

            at the top: agent "support" did not fail, and is expected to
            below agent "support": tool "search" failed, and is expected not to

            expected:
            - agent "support" error {
                  llm "chat gpt-4o" {}
            -     tool "search" {
                      retrieval "index" {}
                  }
              }

            recorded:
            + agent "support" {
                  llm "chat gpt-4o" {}
            +     tool "search" error {
                      retrieval "index" {}
                  }
              }
        "#]],
    );
}

#[test]
fn another_order_is_named() {
    let capture = support();
    assert_fails(
        || {
            assert_trace!(capture.spans(), {
                agent "support" {
                    tool "search" error { retrieval "index" {} }
                    llm "chat gpt-4o" {}
                }
            });
        },
        &expect![[r#"
            the spans form another tree than is expected

            below agent "support": tool "search" is expected at another place

            expected:
              agent "support" {
            -     tool "search" error {
                      retrieval "index" {}
                  }
                  llm "chat gpt-4o" {}
              }

            recorded:
              agent "support" {
                  llm "chat gpt-4o" {}
            +     tool "search" error {
                      retrieval "index" {}
                  }
              }
        "#]],
    );
}

#[test]
fn another_type_another_root_and_an_orphan_are_shown() {
    let capture = support();
    let spans = capture.spans();
    assert_fails(
        || {
            assert_trace!(&spans[..3], {
                llm "index" {}
                llm "chat gpt-4o" {}
                tool "search" error {}
            });
        },
        &expect![[r#"
            the spans form another tree than is expected

            at the top: llm "index" was not recorded
            below tool "search": retrieval "index" is not expected

            expected:
            - llm "index" {}
              llm "chat gpt-4o" {}
              tool "search" error {}

            recorded:
              llm "chat gpt-4o" {} // its parent is not among the spans
              tool "search" error { // its parent is not among the spans
            +     retrieval "index" {}
              }
        "#]],
    );
}

#[test]
fn no_spans_are_said_to_be_none() {
    let capture = Capture::new();
    assert_fails(
        || assert_trace!(capture.spans(), { tool "say \"hi\"" {} }),
        &expect![[r#"
        the spans form another tree than is expected

        at the top: tool "say \"hi\"" was not recorded

        expected:
        - tool "say \"hi\"" {}

        recorded:
          no spans
    "#]],
    );
}

/// Of many differences only some are told; trees may be wide and deep.
#[test]
fn many_spans_are_compared_too() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    fn nest(tracer: &Tracer, depth: usize) {
        if depth > 0 {
            tracer.span_default("deep").in_scope(|_| nest(tracer, depth - 1));
        }
    }
    nest(&tracer, 200);
    for _ in 0..500 {
        leaf(&tracer, "wide", SpanType::Tool);
    }
    let test = || {
        assert_trace!(capture.spans(), { custom "deep" { custom "deep" {} } tool "wide" {} });
    };
    let failed = catch_unwind(AssertUnwindSafe(test)).unwrap_err();
    let text = failed.downcast::<String>().unwrap();
    assert!(text.contains("at the top: tool \"wide\" is not expected\n"), "{text}");
    assert!(text.contains("and 480 more differences"), "{text}");
}
