//! The rate limiter for work.

use prela::testing::{Capture, ManualClock};
use prela::{ErrorKind, RateLimiter, SpanType};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

#[test]
fn places_in_the_line_are_an_interval_apart_whichever_thread_asks() {
    let clock = ManualClock::default();
    let limiter = RateLimiter::per_second(5.0).unwrap().clock(clock.clone());
    let places = Mutex::new(Vec::new());
    thread::scope(|threads| {
        for _ in 0..10 {
            threads.spawn(|| {
                for _ in 0..2 {
                    let place = limiter.reserve();
                    places.lock().unwrap().push(place);
                }
            });
        }
    });
    let mut places = places.into_inner().unwrap();
    places.sort();
    let expected: Vec<_> = (0..20).map(|i| Duration::from_millis(200 * i)).collect();
    assert_eq!(places, expected, "20 operations at 5 a second take 3.8 s");
    assert!(!limiter.try_acquire());
    clock.advance(Duration::from_secs(4));
    assert!(limiter.try_acquire() && !limiter.try_acquire());
}

#[test]
fn a_burst_is_let_through_at_once() {
    let limiter =
        RateLimiter::per_second(1.0).unwrap().burst(3).unwrap().clock(ManualClock::default());
    let places = [(); 5].map(|()| limiter.reserve().as_secs());
    assert_eq!(places, [0, 0, 0, 1, 2]);
}

#[test]
fn the_wait_is_not_in_the_span() {
    let capture = Capture::with(|builder| builder.clock(prela::clock::SystemClock::default()));
    let limiter = RateLimiter::per_second(20.0).unwrap();
    for i in 0..3 {
        limiter.wait();
        capture.tracer().span(format!("operation_{i}"), SpanType::Custom).in_scope(|_| ());
    }
    let spans = capture.spans();
    let all = spans[2].end_time.duration_since(spans[0].start_time).unwrap();
    assert!(all >= Duration::from_millis(99), "{all:?}");
    let within: Duration = spans.iter().map(|span| span.duration()).sum();
    assert!(within < all / 2, "{within:?} of {all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_future_waits_by_the_timer_of_tokio() {
    let limiter = RateLimiter::per_second(0.01).unwrap();
    let begun = tokio::time::Instant::now();
    limiter.until_ready().await;
    limiter.until_ready().await;
    // Real time went by between the two, though none on the timer.
    assert!(begun.elapsed() > Duration::from_secs(90));
}

#[test]
fn a_future_waits_without_a_runtime() {
    let limiter = RateLimiter::per_second(200.0).unwrap();
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        futures_executor(limiter.until_ready());
    }
    assert!(begun.elapsed() >= Duration::from_millis(10));
}

/// Polls on this thread, as an executor that is not tokio's.
fn futures_executor(future: impl Future<Output = ()>) {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(thread::current())).into();
    let mut future = std::pin::pin!(future);
    while future.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending() {
        thread::park();
    }
}

#[test]
fn what_cannot_be_is_an_error() {
    for (result, problem) in [
        (RateLimiter::per_second(0.0), "set rate limit: rate `0` is not above 0"),
        (RateLimiter::per_second(f64::NAN), "set rate limit: rate `NaN` is not above 0"),
        (
            RateLimiter::per_second(1.0).and_then(|it| it.burst(0)),
            "set rate limit: burst `0` is not above 0",
        ),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Config, problem.to_owned()));
    }
}
