//! What a span used.

use prela::span::SpanData;
use prela::testing::Capture;
use prela::{SpanType, Value};
use std::time::{Duration, Instant};

fn number(span: &SpanData, key: &str) -> f64 {
    match span.attribute(key) {
        Some(Value::F64(number)) => *number,
        other => panic!("{key}: {other:?}"),
    }
}

fn spin() {
    let until = Instant::now() + Duration::from_millis(50);
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

#[test]
fn a_scope_says_what_it_used() {
    let capture = Capture::new();
    let length =
        capture.tracer().span("memory_intensive", SpanType::Custom).resources().in_scope(|_| {
            let data = vec![1_u8; 64 << 20];
            spin();
            let length = data.iter().map(|byte| usize::from(*byte)).sum::<usize>();
            std::mem::forget(data);
            length
        });
    assert_eq!(length, 64 << 20);
    let span = &capture.spans()[0];
    assert!(number(span, "resources.duration_ms") >= 50.0);
    if cfg!(unix) {
        let (time, share) =
            (number(span, "resources.cpu_time_ms"), number(span, "resources.cpu_after_%"));
        assert!(time > 0.0 && share > 0.0);
        let expected = time / number(span, "resources.duration_ms") * 100.0;
        assert!((share - expected).abs() < 1e-6, "{share} and {expected}");
    }
    if cfg!(target_os = "linux") {
        let [before, after, delta] = ["before", "after", "delta"]
            .map(|it| number(span, &format!("resources.memory_{it}_mb")));
        assert!((after - before - delta).abs() < 1e-9);
        assert!(before > 0.0 && delta > 32.0, "{before} {after} {delta}");
    }
}

#[tokio::test]
async fn a_future_says_what_the_process_used() {
    let capture = Capture::new();
    let span = capture.tracer().span("work", SpanType::Custom).resources();
    span.run(async |_| tokio::task::spawn_blocking(spin).await).await.unwrap();
    let span = &capture.spans()[0];
    assert!(number(span, "resources.duration_ms") >= 50.0);
    if cfg!(unix) {
        assert!(number(span, "resources.cpu_time_ms") > 0.0, "of another thread");
    }
    if cfg!(target_os = "linux") {
        assert!(number(span, "resources.memory_after_mb") > 0.0);
    }
}

#[test]
fn nothing_is_measured_for_nothing() {
    let capture = super::sampled_by(false);
    capture.tracer().span("work", SpanType::Custom).resources().in_scope(|_| ());
    assert!(capture.spans().is_empty());
}
