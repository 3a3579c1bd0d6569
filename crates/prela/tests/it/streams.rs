//! Streams in a span: it is open from the first poll to the end, and current only inside of a poll.

use expect_test::{Expect, expect};
use futures_util::stream::{self, Stream, StreamExt as _};
use futures_util::{FutureExt as _, future};
use prela::testing::Capture;
use prela::{FutureExt as _, SpanType, Tracer, Value, baggage, current_span};
use std::pin::pin;
use std::time::Duration;
use tokio::task::yield_now;

#[track_caller]
fn check(run: impl FnOnce(&Tracer), expected: &Expect) -> Capture {
    let capture = Capture::new();
    run(&capture.tracer());
    expected.assert_eq(&without_times(&capture.tree()));
    capture
}

/// The time to the first item is a real one: here it is shown as `_`.
fn without_times(tree: &str) -> String {
    let mut parts = tree.split("time_to_first_");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (key, rest) = part.split_once(": ").unwrap();
        let end = rest.find([',', '}']).unwrap();
        let seconds: f64 = rest[..end].parse().unwrap();
        assert!(seconds >= 0.0);
        text.push_str(&format!("time_to_first_{key}: _{}", &rest[end..]));
    }
    text
}

/// Chunks that arrive one by one, each with a span of its own made inside of the stream.
fn chunks(
    tracer: &Tracer,
    whose: &'static str,
    count: usize,
) -> impl Stream<Item = String> + use<> {
    let tracer = tracer.clone();
    stream::iter(0..count).then(move |n| {
        let tracer = tracer.clone();
        async move {
            yield_now().await;
            tracer.span(format!("{whose}_chunk_{n}"), SpanType::Custom).in_scope(|_| ());
            format!("{whose}_{n}")
        }
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_span_lasts_as_long_as_its_stream() {
    let capture = check(
        |tracer| {
            let stream = chunks(tracer, "a", 2).in_span(tracer.span("completion", SpanType::Llm));
            let text: Vec<String> = block_on(stream.collect());
            assert_eq!(text, ["a_0", "a_1"]);
            let stream = chunks(tracer, "b", 1).in_span(tracer.span("rows", SpanType::Retrieval));
            block_on(stream.collect::<Vec<_>>());
        },
        &expect![[r#"
            completion  llm {gen_ai.response.time_to_first_chunk: _, prela.stream.items: 2}
              a_chunk_0  custom
              a_chunk_1  custom
            rows  retrieval {prela.stream.time_to_first_item: _, prela.stream.items: 1}
              b_chunk_0  custom
        "#]],
    );
    let spans = capture.spans();
    let completion = spans.iter().find(|span| span.name == "completion").unwrap();
    let time = completion.attribute("gen_ai.response.time_to_first_chunk");
    assert!(matches!(time, Some(Value::F64(_))), "{time:?}");
}

#[test]
fn a_stream_read_inside_of_a_span() {
    check(
        |tracer| {
            let work = tracer.span("completion", SpanType::Llm).run(async |span| {
                let mut stream = pin!(chunks(tracer, "a", 3));
                let mut length = 0;
                while let Some(chunk) = stream.next().await {
                    length += chunk.len();
                }
                span.set_attribute("response_length", length);
            });
            block_on(work);
        },
        &expect![[r#"
            completion  llm {response_length: 9}
              a_chunk_0  custom
              a_chunk_1  custom
              a_chunk_2  custom
        "#]],
    );
}

#[test]
fn three_streams_interleaved_do_not_swap_parents() {
    check(
        |tracer| {
            let work = tracer.span("multi_stream", SpanType::Agent).attr("num_streams", 3);
            let work = work.run(async |whole| {
                let streams = ["a", "b", "c"].map(|whose| {
                    let span = tracer.span(format!("stream_{whose}"), SpanType::Llm);
                    chunks(tracer, whose, 2).in_span(span).boxed_local()
                });
                let mut order = Vec::new();
                let mut all = stream::select_all(streams);
                while let Some(chunk) = all.next().await {
                    // Between two polls it is the reader's span that is current.
                    assert_eq!(current_span().unwrap().span_id(), whole.span_id());
                    order.push(chunk);
                }
                order[..3].sort();
                assert_eq!(order[..3], ["a_0", "b_0", "c_0"], "each stream has a turn");
                assert_eq!(order.len(), 6);
                whole.set_attribute("total_responses", 3);
            });
            block_on(work);
        },
        &expect![[r#"
            multi_stream  agent {num_streams: 3, total_responses: 3}
              stream_a  llm {gen_ai.response.time_to_first_chunk: _, prela.stream.items: 2}
                a_chunk_0  custom
                a_chunk_1  custom
              stream_b  llm {gen_ai.response.time_to_first_chunk: _, prela.stream.items: 2}
                b_chunk_0  custom
                b_chunk_1  custom
              stream_c  llm {gen_ai.response.time_to_first_chunk: _, prela.stream.items: 2}
                c_chunk_0  custom
                c_chunk_1  custom
        "#]],
    );
}

#[test]
fn dropped_early_is_an_error_with_the_items_so_far() {
    check(
        |tracer| {
            let stream = chunks(tracer, "a", 3).in_span(tracer.span("completion", SpanType::Llm));
            let mut stream = Box::pin(stream);
            assert_eq!(block_on(stream.next()).as_deref(), Some("a_0"));
            tracer.span("elsewhere", SpanType::Agent).in_scope(|elsewhere| {
                drop(stream);
                assert_eq!(current_span().unwrap().span_id(), elsewhere.span_id());
            });
            // Dropped before the first item came.
            let silent = stream::pending::<()>().in_span(tracer.span("silent", SpanType::Llm));
            assert!(Box::pin(silent).next().now_or_never().is_none());
            // Never polled: no span.
            drop(stream::empty::<()>().in_span(tracer.span_default("never")));
        },
        &expect![[r#"
            completion  llm {gen_ai.response.time_to_first_chunk: _, prela.stream.items: 1, error.type: cancelled} error: dropped before it was done
              • cancelled
              a_chunk_0  custom
            elsewhere  agent
            silent  llm {prela.stream.items: 0, error.type: cancelled} error: dropped before it was done
              • cancelled
        "#]],
    );
}

#[test]
fn an_empty_stream_and_one_that_is_asked_again() {
    check(
        |tracer| {
            let empty = stream::empty::<()>().in_span(tracer.span("empty", SpanType::Tool));
            assert_eq!(block_on(empty.count()), 0);
            // One that would begin anew.
            let mut left = [None, Some(1), None].into_iter();
            let restarts =
                stream::poll_fn(move |_| std::task::Poll::Ready(left.next_back().flatten()));
            let mut restarts = Box::pin(restarts.in_span(tracer.span("restarts", SpanType::Tool)));
            for _ in 0..3 {
                assert_eq!(block_on(restarts.next()), None);
            }
        },
        &expect![[r#"
            empty  tool {prela.stream.items: 0}
            restarts  tool {prela.stream.items: 0}
        "#]],
    );
}

#[test]
fn the_start_is_of_the_first_poll_and_the_end_of_the_last() {
    let capture = Capture::new();
    let clock = capture.clock().clone();
    let ticks = stream::iter(0..3).inspect(|_| clock.advance(Duration::from_secs(1)));
    let traced = ticks.in_span(capture.tracer().span_default("ticks"));
    assert_eq!(traced.size_hint(), (3, Some(3)));
    capture.clock().advance(Duration::from_secs(60));
    block_on(traced.collect::<Vec<_>>());
    assert_eq!(capture.spans()[0].duration(), Duration::from_secs(3));
}

#[test]
fn a_panic_in_a_stream() {
    check(
        |tracer| {
            let stream = stream::iter(0..3).map(|n| assert!(n < 1, "no more"));
            let mut stream = Box::pin(stream.in_span(tracer.span("breaks", SpanType::Tool)));
            assert_eq!(block_on(stream.next()), Some(()));
            let next = std::panic::AssertUnwindSafe(|| block_on(stream.next()));
            std::panic::catch_unwind(next).unwrap_err();
            assert!(current_span().is_none());
        },
        &expect![[r#"
            breaks  tool {prela.stream.time_to_first_item: _, error.type: panic, prela.stream.items: 1} error: no more
              • exception {exception.type: panic, exception.message: no more, exception.escaped: true}
        "#]],
    );
}

#[test]
fn baggage_set_in_a_stream_is_there_at_the_next_item() {
    let capture = Capture::new();
    let seen = stream::iter(["first", "second"]).map(|value| {
        let before = baggage::get("item");
        assert!(baggage::set("item", value));
        before
    });
    let seen = block_on(seen.in_span(capture.tracer().span_default("items")).collect::<Vec<_>>());
    assert_eq!(seen, [None, Some("first".to_owned())]);
    assert!(baggage::all().is_empty());
}

#[test]
fn a_stream_that_is_sent_to_a_task() {
    check(
        |tracer| {
            let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
            let (bound, traced) = tracer.span("request", SpanType::Agent).in_scope(|_| {
                let traced = tracer.span("traced", SpanType::Llm);
                let traced = chunks(tracer, "traced", 2).in_span(traced);
                (chunks(tracer, "bound", 2).in_current_context(), traced)
            });
            let both = async { future::join(bound.count(), traced.count()).await };
            assert_eq!(runtime.block_on(runtime.spawn(both)).unwrap(), (2, 2));
        },
        &expect![[r#"
            request  agent
              bound_chunk_0  custom
              bound_chunk_1  custom
              traced  llm {gen_ai.response.time_to_first_chunk: _, prela.stream.items: 2}
                traced_chunk_0  custom
                traced_chunk_1  custom
        "#]],
    );
}

#[test]
fn after_shutdown_the_items_pass_through() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    capture.prela().shutdown(Duration::from_secs(10));
    let traced = stream::iter(0..3).in_span(tracer.span_default("late"));
    assert_eq!(block_on(traced.collect::<Vec<_>>()), [0, 1, 2]);
    assert_eq!(capture.prela().stats().ended, 0);
}

#[test]
fn the_body_of_a_stream_reaches_its_span() {
    // From within, wherever it is polled.
    check(
        |tracer| {
            let body = stream::iter(1..=3).map(|item| {
                let span = current_span().unwrap();
                span.set_attribute("last", item);
                prela::enrich([("enriched", item)]);
            });
            let body = body.in_span(tracer.span("inner", SpanType::Tool));
            assert_eq!(body.count().now_or_never(), Some(3));
        },
        &expect![[r"
            inner  tool {last: 3, enriched: 3, prela.stream.time_to_first_item: _, prela.stream.items: 3}
        "]],
    );
    // From outside, by whoever holds it.
    check(
        |tracer| {
            let mut body = stream::iter([7, 8]).in_span(tracer.span("outer", SpanType::Tool));
            assert!(!body.span().is_recording(), "not polled yet");
            while let Some(item) = body.next().now_or_never().unwrap() {
                body.span().set_attribute("last", item);
            }
            assert!(!body.span().is_recording(), "it is over");
        },
        &expect![[r"
            outer  tool {prela.stream.time_to_first_item: _, last: 8, prela.stream.items: 2}
        "]],
    );
}

#[test]
fn a_stream_that_is_made_in_its_span() {
    check(
        |tracer| {
            tracer.span("caller", SpanType::Agent).in_scope(|_| {
                let made = tracer.span("made", SpanType::Llm).run_stream(|span| {
                    tracer.span("prepare", SpanType::Tool).in_scope(|_| ());
                    stream::iter(1..=2).inspect(move |item| {
                        span.set_attribute("last", *item);
                        assert_eq!(current_span().unwrap().span_id(), span.span_id());
                    })
                });
                let never =
                    tracer.span("never", SpanType::Llm).run_stream(|_| stream::empty::<()>());
                drop(never);
                // Polled elsewhere.
                let count = prela::new_trace_context(|_| made.count().now_or_never());
                assert_eq!(count, Some(2));
                let cut = tracer.span("cut", SpanType::Tool).run_stream(|_| stream::iter([1, 2]));
                assert_eq!(pin!(cut).next().now_or_never(), Some(Some(1)));
                let panics = tracer
                    .span("panics", SpanType::Tool)
                    .run_stream(|_| -> stream::Empty<()> { panic!("no stream for you") });
                let panics = std::panic::AssertUnwindSafe(panics.count()).catch_unwind();
                assert!(panics.now_or_never().unwrap().is_err());
            });
        },
        &expect![[r#"
            caller  agent
              cut  tool {prela.stream.time_to_first_item: _, prela.stream.items: 1, error.type: cancelled} error: dropped before it was done
                • cancelled
              made  llm {last: 2, gen_ai.response.time_to_first_chunk: _, prela.stream.items: 2}
                prepare  tool
              panics  tool {error.type: panic} error: no stream for you
                • exception {exception.type: panic, exception.message: no stream for you, exception.escaped: true}
        "#]],
    );
    // Without an instance it is the stream and nothing else.
    let made = prela::tracer().span("nobody", SpanType::Tool).run_stream(|_| stream::iter([1, 2]));
    assert_eq!(made.collect::<Vec<i32>>().now_or_never(), Some(vec![1, 2]));
}
