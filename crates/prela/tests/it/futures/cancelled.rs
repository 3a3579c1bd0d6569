//! Futures that are dropped before they are done.

use super::check;
use expect_test::expect;
use futures_util::FutureExt as _;
use prela::testing::Capture;
use prela::{FutureExt as _, SpanType, baggage, current_span};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use tokio::task::yield_now;

/// Says which span, and which `user_id`, was current when it was dropped.
struct Dropped(mpsc::Sender<(String, Option<String>)>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let name = current_span().map(|span| span.name().into_owned()).unwrap_or_default();
        self.0.send((name, baggage::get("user_id"))).unwrap();
    }
}

#[test]
fn dropped_early_is_an_error() {
    check(
        |tracer| {
            let by_run = tracer.span("by_run", SpanType::Llm).run(async |_| pending::<()>().await);
            assert_eq!(by_run.now_or_never(), None);
            let by_in_span = pending::<()>().in_span(tracer.span("by_in_span", SpanType::Llm));
            assert_eq!(by_in_span.now_or_never(), None);
            let by_run_result = tracer.span("by_run_result", SpanType::Llm);
            let by_run_result =
                by_run_result.run_result(async |_| pending::<Result<(), &str>>().await);
            assert_eq!(by_run_result.now_or_never(), None);
        },
        &expect![[r#"
            by_in_span  llm {error.type: cancelled} error: dropped before it was done
              • cancelled
            by_run  llm {error.type: cancelled} error: dropped before it was done
              • cancelled
            by_run_result  llm {error.type: cancelled} error: dropped before it was done
              • cancelled
        "#]],
    );
}

#[test]
fn the_span_is_current_while_its_future_is_dropped() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let (sender, dropped) = mpsc::channel();
    let work = |name: &'static str, local: Dropped, captured: Dropped| {
        tracer.span_default(name).run(async move |_| {
            baggage::set("user_id", "user123");
            let _local = local;
            pending::<()>().await;
            drop(captured);
        })
    };
    // Dropped elsewhere, inside of another span, which is current again afterwards.
    let cancelled = work("work", Dropped(sender.clone()), Dropped(sender.clone()));
    tracer.span_default("elsewhere").in_scope(|elsewhere| {
        assert_eq!(cancelled.now_or_never(), None);
        assert_eq!(current_span().unwrap().span_id(), elsewhere.span_id());
    });
    let in_the_span = ("work".to_owned(), Some("user123".to_owned()));
    assert_eq!(dropped.try_iter().collect::<Vec<_>>(), [in_the_span.clone(), in_the_span]);

    // What is dropped at the regular end is so inside of the span, too.
    let local = Dropped(sender.clone());
    let done = tracer.span_default("done").run(async move |_| {
        let _local = local;
    });
    assert_eq!(done.now_or_never(), Some(()));
    assert_eq!(dropped.recv().unwrap(), ("done".to_owned(), None));

    // And without a span of its own: by the context it is bound to.
    let bound = tracer.span_default("bound").in_scope(|_| {
        let local = Dropped(sender);
        async move {
            let _local = local;
            pending::<()>().await;
        }
        .in_current_context()
    });
    assert_eq!(bound.now_or_never(), None);
    assert_eq!(dropped.recv().unwrap().0, "", "the span has ended, and has no name any more");
}

#[test]
fn spans_of_destructors_are_children() {
    struct Tidy(prela::Tracer);
    impl Drop for Tidy {
        fn drop(&mut self) {
            self.0.span("tidy", SpanType::Tool).in_scope(|_| ());
        }
    }
    check(
        |tracer| {
            let tidy = Tidy(tracer.clone());
            let work = tracer.span("work", SpanType::Agent).run(async move |_| {
                let _tidy = tidy;
                pending::<()>().await;
            });
            assert_eq!(work.now_or_never(), None);
        },
        &expect![[r#"
            work  agent {error.type: cancelled} error: dropped before it was done
              • cancelled
              tidy  tool
        "#]],
    );
}

#[test]
fn the_loser_of_a_select() {
    check(
        |tracer| {
            let work = tracer.span("race", SpanType::Agent).run(async |_| {
                let fast = tracer.span("fast", SpanType::Llm).run(async |_| {
                    yield_now().await;
                    "fast"
                });
                let slow =
                    tracer.span("slow", SpanType::Llm).run(async |_| pending::<&str>().await);
                let winner = tokio::select! {
                    biased;
                    winner = slow => winner,
                    winner = fast => winner,
                };
                assert_eq!(winner, "fast");
                tracer.span("after", SpanType::Tool).in_scope(|_| ());
            });
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work);
        },
        &expect![[r#"
            race  agent
              after  tool
              fast  llm
              slow  llm {error.type: cancelled} error: dropped before it was done
                • cancelled
        "#]],
    );
}

#[test]
fn cancelled_from_the_outside_all_the_way_down() {
    check(
        |tracer| {
            let outer = tracer.span_default("outer").run(async |outer| {
                let middle = async {
                    pending::<()>().in_span(tracer.span_default("inner")).await;
                };
                middle.in_span(tracer.span_default("middle")).await;
                outer.set_attribute("unreachable", true);
            });
            assert_eq!(outer.now_or_never(), None);
        },
        &expect![[r#"
            outer  custom {error.type: cancelled} error: dropped before it was done
              • cancelled
              middle  custom {error.type: cancelled} error: dropped before it was done
                • cancelled
                inner  custom {error.type: cancelled} error: dropped before it was done
                  • cancelled
        "#]],
    );
}

#[test]
fn dropped_after_its_end_nothing_is_added() {
    check(
        |tracer| {
            let mut work = pin!(tracer.span_default("done").run(async |_| 1));
            assert_eq!(work.as_mut().now_or_never(), Some(1));
            let ended_by_hand = tracer.span_default("ended_by_hand").run(async |span| {
                span.end();
                pending::<()>().await;
            });
            assert_eq!(ended_by_hand.now_or_never(), None);
        },
        &expect![[r#"
            done  custom
            ended_by_hand  custom
        "#]],
    );
}

#[test]
fn a_destructor_that_panics_does_not_keep_the_span_from_ending() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("no luck");
        }
    }
    check(
        |tracer| {
            let work = tracer.span_default("work").run(async |_| {
                let _panics = Panics;
                pending::<()>().await;
            });
            let cancelled = AssertUnwindSafe(|| work.now_or_never());
            assert_eq!(catch_unwind(cancelled).unwrap_err().downcast_ref(), Some(&"no luck"));
            assert!(current_span().is_none());
        },
        &expect![[r#"
            work  custom {error.type: panic} error: no luck
              • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
        "#]],
    );
}
