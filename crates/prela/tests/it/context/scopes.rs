//! Closures in a span: what they return or throw passes through, and their span ends.

use super::check;
use expect_test::expect;
use prela::{SpanType, Tracer, current_span};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

#[test]
fn a_value_passes_through_and_is_moved() {
    check(
        |tracer| {
            let owned = String::from("owned");
            let returned = tracer.span("work", SpanType::Tool).in_scope(move |_| owned);
            assert_eq!(returned, "owned");
        },
        &expect![[r#"
            work  tool
        "#]],
    );
}

#[test]
fn a_question_mark_ends_every_span_on_its_way() {
    fn parse(tracer: &Tracer, text: &str) -> Result<i32, std::num::ParseIntError> {
        tracer.span_default("outer").in_scope_result(|_| {
            let inner = tracer.span_default("inner");
            let number = inner.in_scope_result(|span| {
                let number: i32 = text.parse()?;
                span.set_attribute("number", number);
                Ok(number)
            })?;
            tracer.span_default("after").in_scope(|_| ());
            Ok(number)
        })
    }
    check(
        |tracer| assert_eq!(parse(tracer, "12"), Ok(12)),
        &expect![[r#"
        outer  custom
          after  custom
          inner  custom {number: 12}
    "#]],
    );
    check(
        |tracer| assert!(parse(tracer, "twelve").is_err()),
        &expect![[r#"
        outer  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
          • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
          inner  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
            • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
    "#]],
    );
}

#[test]
fn an_early_return_of_an_error_is_not_an_error_of_in_scope() {
    check(
        |tracer| {
            let outcome = tracer.span_default("handled").in_scope(|_| Err::<(), _>("expected"));
            assert_eq!(outcome, Err("expected"));
        },
        &expect![[r#"
            handled  custom
        "#]],
    );
}

#[test]
fn a_panic_goes_on_with_its_payload() {
    check(
        |tracer| {
            let outer = AssertUnwindSafe(|| {
                tracer.span_default("outer").in_scope(|_| {
                    tracer.span_default("inner").in_scope(|_| panic_any(7_u8));
                });
            });
            assert_eq!(catch_unwind(outer).unwrap_err().downcast_ref(), Some(&7_u8));
            assert!(current_span().is_none());
        },
        &expect![[r#"
            outer  custom {error.type: panic} error: a panic without a message
              • exception {exception.type: panic, exception.message: a panic without a message, exception.escaped: true}
              inner  custom {error.type: panic} error: a panic without a message
                • exception {exception.type: panic, exception.message: a panic without a message, exception.escaped: true}
        "#]],
    );
}

#[test]
fn a_panic_that_is_caught_inside_is_no_error_of_the_outer_span() {
    check(
        |tracer| {
            tracer.span_default("outer").in_scope(|outer| {
                let inner = AssertUnwindSafe(|| {
                    tracer.span_default("inner").in_scope(|_| panic!("no luck"));
                });
                catch_unwind(inner).unwrap_err();
                assert_eq!(current_span().unwrap().span_id(), outer.span_id());
                tracer.span_default("after").in_scope(|_| ());
            });
        },
        &expect![[r#"
            outer  custom
              after  custom
              inner  custom {error.type: panic} error: no luck
                • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
        "#]],
    );
}

/// A destructor that traces, while a panic unwinds through it.
#[test]
fn spans_of_destructors_during_a_panic() {
    struct Tidy<'a>(&'a Tracer);
    impl Drop for Tidy<'_> {
        fn drop(&mut self) {
            let _guard = self.0.span_default("tidy_guard").enter();
            self.0.span_default("tidy").in_scope(|_| ());
        }
    }
    check(
        |tracer| {
            let work = AssertUnwindSafe(|| {
                tracer.span_default("work").in_scope(|_| {
                    let _tidy = Tidy(tracer);
                    panic!("no luck");
                });
            });
            catch_unwind(work).unwrap_err();
        },
        &expect![[r#"
            work  custom {error.type: panic} error: no luck
              • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
              tidy_guard  custom
                tidy  custom
        "#]],
    );
}
