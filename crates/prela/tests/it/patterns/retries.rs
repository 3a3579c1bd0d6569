//! Work that is tried again.

use prela::SpanType;
use prela::retry::RetryPolicy;
use prela::testing::Capture;
use std::fmt;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Unavailable {
    status: u16,
    wait: Option<Duration>,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl std::error::Error for Unavailable {}

fn unavailable(status: u16) -> Unavailable {
    Unavailable { status, wait: None }
}

#[tokio::test(start_paused = true)]
async fn flaky_twice_and_then_well() {
    let capture = Capture::new();
    let policy = RetryPolicy::new(3).backoff(Duration::from_secs(1));
    let (begun, mut calls) = (tokio::time::Instant::now(), 0);
    let result = capture
        .tracer()
        .span("unreliable_api_call", SpanType::Tool)
        .retry(&policy)
        .run_result(|_| {
            calls += 1;
            let result = if calls < 3 { Err(unavailable(503)) } else { Ok(calls) };
            async move { result }
        })
        .await;
    assert_eq!(result, Ok(3));
    assert_eq!(begun.elapsed(), Duration::from_secs(3), "one second, and then two");
    let error_type = std::any::type_name::<Unavailable>();
    let tree = capture.tree();
    let outer = tree.lines().next().unwrap();
    assert_eq!(
        outer,
        format!(
            "unreliable_api_call  tool {{retry.max_attempts: 3, retry.backoff: 1, \
             retry.attempt_1: started, retry.attempt_1_failed: status 503, \
             retry.attempt_1_error_type: {error_type}, retry.attempt_1_backoff_s: 1, \
             retry.attempt_2: started, retry.attempt_2_failed: status 503, \
             retry.attempt_2_error_type: {error_type}, retry.attempt_2_backoff_s: 2, \
             retry.attempt_3: started, retry.succeeded_at_attempt: 3, retry.total_attempts: 3}}"
        )
    );
    let attempts: Vec<_> = tree.lines().filter(|line| line.starts_with("  attempt")).collect();
    assert_eq!(attempts.len(), 3);
    for (i, attempt) in attempts.iter().enumerate() {
        assert!(attempt.contains(&format!("retry.attempt: {}", i + 1)), "{attempt}");
        assert_eq!(attempt.contains("status 503"), i < 2, "{attempt}");
    }
}

#[test]
fn all_fail_and_the_last_error_is_the_callers() {
    let capture = Capture::new();
    let policy = RetryPolicy::new(2).backoff(Duration::ZERO);
    let mut status = 500;
    let result =
        capture.tracer().span("call", SpanType::Tool).retry(&policy).in_scope_result(|_| {
            status += 1;
            Err::<(), _>(unavailable(status))
        });
    assert_eq!(result, Err(unavailable(502)));
    let spans = capture.spans();
    let outer = spans.last().unwrap();
    assert_eq!(outer.attribute("retry.all_failed"), Some(&true.into()));
    assert_eq!(outer.attribute("retry.total_attempts"), Some(&2.into()));
    assert_eq!(outer.status, prela::Status::error("status 502"));
    assert_eq!(outer.events.len(), 1, "recorded once");
    assert_eq!(spans.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_asks_for_and_what_is_worth_no_attempt() {
    let capture = Capture::new();
    let policy = RetryPolicy::<Unavailable>::new(5)
        .backoff(Duration::from_secs(1))
        .max_delay(Duration::from_secs(30))
        .retry_if(|error| error.status != 404)
        .retry_after(|error| error.wait);
    let run = async |errors: Vec<Unavailable>| {
        let begun = tokio::time::Instant::now();
        let mut calls = 0;
        let span = capture.tracer().span("call", SpanType::Tool).retry(&policy);
        let result = span
            .run_result(|_| {
                let error = errors.get(calls).copied();
                calls += 1;
                async move { error.map_or(Ok(()), Err) }
            })
            .await;
        (result, calls, begun.elapsed().as_secs())
    };
    let asks = |seconds| Unavailable { status: 429, wait: Some(Duration::from_secs(seconds)) };
    assert_eq!(run(vec![asks(20)]).await, (Ok(()), 2, 20), "longer than the back-off");
    assert_eq!(run(vec![asks(0)]).await, (Ok(()), 2, 1), "no shorter than the back-off");
    assert_eq!(run(vec![asks(31)]).await, (Err(asks(31)), 1, 0), "not worth it");
    assert_eq!(run(vec![unavailable(404)]).await, (Err(unavailable(404)), 1, 0));
    let fails = vec![unavailable(500); 5];
    assert_eq!(run(fails).await, (Err(unavailable(500)), 5, 15), "1 + 2 + 4 + 8");
}

#[tokio::test(start_paused = true)]
async fn the_longest_delay_bounds_jitter_too() {
    let capture = Capture::new();
    let policy = RetryPolicy::new(50)
        .backoff(Duration::from_secs(1))
        .max_delay(Duration::from_secs(3))
        .jitter();
    let begun = tokio::time::Instant::now();
    let fails = || async { Err::<(), _>("no") };
    let span = capture.tracer().span("call", SpanType::Tool).retry(&policy);
    assert!(span.run_result(|_| fails()).await.is_err());
    let waited = begun.elapsed().as_secs_f64();
    assert!((1.0 + 2.0 + 47.0 * 3.0..=49.0 * 3.0 + 0.1).contains(&waited), "{waited}");
}
