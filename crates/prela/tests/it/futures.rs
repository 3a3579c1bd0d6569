//! Futures in a span: when it starts, when it ends, and what is current meanwhile.

mod cancelled;
mod contexts;

use crate::context::{check, current_name};
use expect_test::expect;
use futures_util::FutureExt as _;
use prela::testing::Capture;
use prela::{FutureExt as _, SpanType, baggage, current_span};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use tokio::task::yield_now;

/// Runs a future with each of its polls on a new thread, which is to be left as clean as it was.
fn run_hopping<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let poll = thread::scope(|threads| {
            let poll = threads.spawn(|| {
                let poll = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(current_span().is_none() && baggage::all().is_empty());
                poll
            });
            poll.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        if let Poll::Ready(output) = poll {
            return output;
        }
    }
}

#[test]
fn the_parent_is_of_the_call_and_the_start_is_of_the_first_poll() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let (by_run, by_in_span) = tracer.span("parent", SpanType::Agent).in_scope(|_| {
        let by_run = tracer.span("by_run", SpanType::Llm).run(async |_| ());
        (by_run, async {}.in_span(tracer.span("by_in_span", SpanType::Llm)))
    });
    let start = capture.spans()[0].start_time;
    capture.clock().advance(Duration::from_secs(5));
    tracer.span("elsewhere", SpanType::Agent).in_scope(|_| {
        assert_eq!(by_run.now_or_never(), Some(()));
        assert_eq!(by_in_span.now_or_never(), Some(()));
    });
    expect![[r#"
        parent  agent
          by_in_span  llm
          by_run  llm
        elsewhere  agent
    "#]]
    .assert_eq(&capture.tree());
    for span in &capture.spans()[1..] {
        assert_eq!(span.start_time, start + Duration::from_secs(5));
    }
}

#[test]
fn never_polled_makes_no_span() {
    check(
        |tracer| {
            drop(tracer.span_default("by_run").run(async |_| ()));
            drop(async {}.in_span(tracer.span_default("by_in_span")));
            drop(tracer.span_default("by_run_result").run_result(async |_| Ok::<_, &str>(())));
        },
        &expect![[r#""#]],
    );
}

#[test]
fn a_root_takes_the_baggage_of_the_call() {
    check(
        |tracer| {
            let job = tracer.span_default("request").in_scope(|_| {
                baggage::set("user_id", "user123");
                tracer.span_default("job").root().run(async |_| baggage::get("user_id"))
            });
            assert_eq!(job.now_or_never().unwrap().as_deref(), Some("user123"));
        },
        &expect![[r#"
            job  custom
            request  custom
        "#]],
    );
}

#[test]
fn nested_spans_on_another_thread_at_each_poll() {
    check(
        |tracer| {
            let work = tracer.span("agent", SpanType::Agent).run(async |_| {
                for n in 1..=2 {
                    let step =
                        tracer.span(format!("step_{n}"), SpanType::Chain).run(async |step| {
                            yield_now().await;
                            let call = tracer.span("call", SpanType::Llm).run(async |_| {
                                yield_now().await;
                                assert_eq!(current_name().as_deref(), Some("call"));
                            });
                            call.await;
                            yield_now().await;
                            assert_eq!(current_span().unwrap().span_id(), step.span_id());
                            tracer.span("sync", SpanType::Tool).in_scope(|_| ());
                        });
                    step.await;
                    yield_now().await;
                    assert_eq!(current_name().as_deref(), Some("agent"));
                }
                "result"
            });
            assert_eq!(run_hopping(work), "result");
        },
        &expect![[r#"
            agent  agent
              step_1  chain
                call  llm
                sync  tool
              step_2  chain
                call  llm
                sync  tool
        "#]],
    );
}

#[test]
fn baggage_set_in_a_run_survives_awaits_and_ends_with_it() {
    check(
        |tracer| {
            let work = tracer.span_default("outer").run(async |_| {
                assert!(baggage::set("user_id", "outer"));
                yield_now().await;
                let inner = tracer.span_default("inner").run(async |_| {
                    assert_eq!(baggage::get("user_id").as_deref(), Some("outer"));
                    assert!(baggage::set("user_id", "inner"));
                    yield_now().await;
                    assert!(baggage::set("more", "m"));
                    yield_now().await;
                    assert_eq!(baggage::get("user_id").as_deref(), Some("inner"));
                    assert_eq!(baggage::get("more").as_deref(), Some("m"));
                    assert_eq!(current_name().as_deref(), Some("inner"));
                });
                inner.await;
                yield_now().await;
                assert_eq!(baggage::get("user_id").as_deref(), Some("outer"));
                assert_eq!(baggage::get("more"), None);
            });
            run_hopping(work);
            assert!(baggage::all().is_empty());
        },
        &expect![[r#"
            outer  custom
              inner  custom
        "#]],
    );
}

#[test]
fn futures_polled_in_turn_on_one_thread_keep_apart() {
    check(
        |tracer| {
            let work = |name: &'static str| {
                tracer.span_default(name).run(async move |_| {
                    baggage::set("whose", name);
                    for _ in 0..3 {
                        yield_now().await;
                        assert_eq!(current_name().as_deref(), Some(name));
                        assert_eq!(baggage::get("whose").as_deref(), Some(name));
                        tracer.span_default("below").in_scope(|_| ());
                    }
                })
            };
            let (mut a, mut b) = (pin!(work("a")), pin!(work("b")));
            let task = &mut Context::from_waker(Waker::noop());
            for _ in 0..4 {
                let _ = (a.as_mut().poll(task), b.as_mut().poll(task));
                assert!(current_span().is_none() && baggage::all().is_empty());
            }
        },
        &expect![[r#"
            a  custom
              below  custom
              below  custom
              below  custom
            b  custom
              below  custom
              below  custom
              below  custom
        "#]],
    );
}

#[test]
fn an_error_is_recorded_and_passes_through() {
    check(
        |tracer| {
            let work = tracer.span_default("outer").run_result(async |_| {
                yield_now().await;
                let inner = tracer.span_default("inner").run_result(async |_| "x".parse::<i32>());
                let number = inner.await?;
                Ok::<_, std::num::ParseIntError>(number + 1)
            });
            run_hopping(work).unwrap_err();
            let fine = tracer.span_default("fine").run_result(async |_| "1".parse::<i32>());
            assert_eq!(run_hopping(fine), Ok(1));
        },
        &expect![[r#"
            fine  custom
            outer  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
              • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
              inner  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
                • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
        "#]],
    );
}

#[test]
fn a_panic_is_recorded_once_and_goes_on() {
    check(
        |tracer| {
            let outer = tracer.span_default("outer").run(async |_| {
                yield_now().await;
                async { panic!("no luck") }.in_span(tracer.span_default("inner")).await
            });
            let outcome: Result<(), _> = catch_unwind(AssertUnwindSafe(|| run_hopping(outer)));
            assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"no luck"));
            assert!(current_span().is_none());

            let sync_part = tracer
                .span_default("sync_part")
                .run(|_| -> std::future::Ready<()> { panic!("before the future") });
            catch_unwind(AssertUnwindSafe(|| sync_part.now_or_never())).unwrap_err();
        },
        &expect![[r#"
            outer  custom {error.type: panic} error: no luck
              • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
              inner  custom {error.type: panic} error: no luck
                • exception {exception.type: panic, exception.message: no luck, exception.escaped: true}
            sync_part  custom {error.type: panic} error: before the future
              • exception {exception.type: panic, exception.message: before the future, exception.escaped: true}
        "#]],
    );
}

#[test]
fn after_shutdown_the_context_is_left_alone() {
    let capture = Capture::new();
    let (late, running) = (capture.tracer(), Capture::new());
    capture.prela().shutdown(Duration::from_secs(10));
    let names = async {
        let first = current_name();
        yield_now().await;
        [first, current_name()].map(Option::unwrap_or_default)
    };
    let by_in_span = names.in_span(late.span_default("late"));
    let by_run = late.span_default("late").run(async |span| {
        assert!(!span.is_recording());
        by_in_span.await
    });
    // What is current at the first poll is not kept for the second.
    let mut by_run = pin!(by_run);
    let mut poll = |name: &'static str| {
        let task = &mut Context::from_waker(Waker::noop());
        running.tracer().span_default(name).in_scope(|_| by_run.as_mut().poll(task))
    };
    assert!(poll("first").is_pending());
    assert_eq!(poll("second"), Poll::Ready(["first", "second"].map(str::to_owned)));
    assert_eq!(capture.prela().stats().ended, 0);
}
