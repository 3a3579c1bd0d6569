//! Spans around streams of clients that have no hook.

use super::layer::{attribute, block_on};
use futures_util::{StreamExt as _, stream};
use prela::llm::LlmStreamExt as _;
use prela::testing::Capture;
use prela::{SpanType, span::SpanData};
use std::io;
use std::time::Duration;

fn traced(run: impl AsyncFnOnce(&Capture)) -> SpanData {
    let capture = Capture::new();
    block_on(run(&capture));
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    SpanData::clone(&spans[0])
}

#[test]
fn items_of_every_kind_are_counted_and_the_first_error_recorded() {
    macro_rules! check {
        ($($items:expr => $error:expr,)*) => {$(
            let span = traced(async |capture| {
                let span = capture.tracer().span("chat", SpanType::Llm);
                assert_eq!(stream::iter($items).in_llm_span(span).count().await, 3);
            });
            assert_eq!(attribute(&span, "prela.stream.items").as_deref(), Some("3"));
            assert_eq!(attribute(&span, "gen_ai.response.time_to_first_chunk").as_deref(), Some("0"));
            assert_eq!(attribute(&span, "error.type").as_deref(), $error);
            assert_eq!(span.events.len(), usize::from(attribute(&span, "error.type").is_some()));
        )*};
    }
    check! {
        ["a", "b", "c"] => None,
        [String::new(), String::new(), String::new()] => None,
        [Ok::<_, io::Error>(1), Ok(2), Ok(3)] => None,
        [Ok(1), Err(io::Error::other("first")), Err(io::Error::other("second"))] => Some("std::io::error::Error"),
        [Ok(1), Err("text"), Ok(3)] => Some("&str"),
        [Ok(1), Err(anyhow::anyhow!("report")), Ok(3)] => Some("anyhow::Error"),
        [Ok(1), Err(Box::<dyn std::error::Error + Send + Sync>::from("boxed")), Ok(3)] => Some("alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>"),
        [Ok(1), Err(()), Ok(3)] => Some("_OTHER"),
    }
}

#[test]
fn the_span_has_the_time_to_the_first_item_and_ends_with_the_last() {
    let span = traced(async |capture| {
        let clock = capture.clock().clone();
        let items = stream::iter(["a", "b"]).then(|item| {
            clock.advance(Duration::from_secs(2));
            async move { item }
        });
        let span = capture.tracer().span("chat", SpanType::Llm);
        let _ = items.in_llm_span(span).count().await;
    });
    assert_eq!(attribute(&span, "gen_ai.response.time_to_first_chunk").as_deref(), Some("2"));
    assert_eq!(span.end_time.duration_since(span.start_time).unwrap(), Duration::from_secs(4));
}

#[test]
fn dropped_after_one_item_it_is_cancelled() {
    let span = traced(async |capture| {
        let span = capture.tracer().span("chat", SpanType::Llm);
        let mut items = Box::pin(stream::iter(["a", "b"]).in_llm_span(span));
        items.next().await;
        items.span().set_attribute("gen_ai.usage.output_tokens", 1);
    });
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("cancelled"));
    assert_eq!(attribute(&span, "prela.stream.items").as_deref(), Some("1"));
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens").as_deref(), Some("1"));
}
