//! Everything together, by the builder and by the macro.

use prela::retry::RetryPolicy;
use prela::testing::Capture;
use prela::{RequestId, Sampler, Session, SpanType};
use std::time::Duration;

#[test]
fn one_builder_takes_everything_in_any_order() {
    let session = Session::new("s1").unwrap();
    let id = RequestId::parse("r1").unwrap();
    let policy = RetryPolicy::new(2).backoff(Duration::ZERO);
    let run = |capture: &Capture, is_last: bool, sampler: Sampler| {
        let span = capture.tracer().span("complex_operation", SpanType::Agent);
        let mut calls = 0;
        let mut work = |_: &prela::Span| {
            calls += 1;
            capture.tracer().span("inner", SpanType::Tool).in_scope(|_| ());
            if calls == 1 { Err("flaky") } else { Ok(calls) }
        };
        let result = if is_last {
            let span =
                span.resources().request_id(id.clone()).sample_with(sampler).session(&session);
            span.retry(&policy).in_scope_result(&mut work)
        } else {
            let span = span.retry(&policy).session(&session).sample_with(sampler);
            span.request_id(id.clone()).resources().in_scope_result(&mut work)
        };
        assert_eq!(result, Ok(2));
    };
    let trees = [true, false].map(|is_last| {
        let capture = Capture::new();
        run(&capture, is_last, true.into());
        let mut shape = String::new();
        for span in capture.spans() {
            assert_eq!(span.attribute("request.id"), Some(&"r1".into()));
            assert_eq!(span.attribute("session.id"), Some(&"s1".into()));
            shape.push_str(&format!("{} {} ", span.name, span.attributes.len()));
        }
        assert_eq!(capture.spans().len(), 5);
        shape
    });
    assert_eq!(trees[0], trees[1]);

    let left_out = Capture::new();
    run(&left_out, false, Sampler::always_off());
    assert!(left_out.spans().is_empty(), "an unsampled call makes no spans, and works the same");
    assert_eq!(left_out.prela().sampling_stats().total, 1);
    assert_eq!(session.operations(), 3);
}
