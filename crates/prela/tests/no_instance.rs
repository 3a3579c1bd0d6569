//! Without an instance: user code runs, and the context goes on. In a process of their own, because in
//! `it` some test makes its instance global; here none makes one.

use futures_util::FutureExt as _;
use http::{Request, Response};
use prela::http::{ClientLayer, ServerLayer};
use prela::pool::{Job, SpawnTraced};
use prela::retry::RetryPolicy;
use prela::{RequestId, Session, SpanType};
use std::convert::Infallible;
use tower::{Layer as _, ServiceExt as _};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The caller's trace and baggage are still there, for requests to others.
#[test]
fn the_context_passes_through_a_server() {
    let handler = tower::service_fn(async |_: Request<()>| {
        let mut response = Response::new(String::new());
        prela::inject(response.headers_mut());
        Ok::<_, Infallible>(response)
    });
    let request =
        Request::get("/").header("traceparent", TRACEPARENT).header("baggage", "plan=pro").body(());
    let answer = ServerLayer::new().layer(handler).oneshot(request.unwrap());
    let response = answer.now_or_never().unwrap().unwrap();
    assert_eq!(response.headers()["traceparent"], TRACEPARENT);
    assert_eq!(response.headers()["baggage"], "plan=pro");
}

#[test]
fn the_context_goes_out_with_a_client() {
    // Gives back what it gets.
    let far = tower::service_fn(async |request: Request<()>| {
        let mut response = Response::new(String::new());
        *response.headers_mut() = request.into_parts().0.headers;
        Ok::<_, Infallible>(response)
    });
    let request = Request::get("http://worker/").body(()).unwrap();
    let cx = prela::extract(&[("traceparent", TRACEPARENT)]);
    let answer = cx.run(|| ClientLayer::new().layer(far).oneshot(request).now_or_never());
    assert_eq!(answer.unwrap().unwrap().headers()["traceparent"], TRACEPARENT);
}

#[test]
fn requests_and_sessions_work() {
    let session = Session::new("s1").unwrap();
    let span = prela::tracer().span("operation", SpanType::Chain).session(&session);
    span.request_id(RequestId::parse("r1").unwrap()).in_scope(|_| {
        assert_eq!(RequestId::current().unwrap().as_str(), "r1");
        assert_eq!(Session::current().unwrap().id(), "s1");
    });
    assert_eq!(session.operations(), 1);
}

#[test]
fn there_is_at_least_one_attempt() {
    let mut calls = 0;
    let result = prela::tracer()
        .span("call", SpanType::Tool)
        .retry(&RetryPolicy::new(0))
        .in_scope_result(|_| {
            calls += 1;
            Err::<(), _>("no")
        });
    assert_eq!((result, calls), (Err("no"), 1));
}

#[test]
fn nothing_is_measured() {
    let span = prela::tracer().span("work", SpanType::Custom).resources();
    assert!(!span.in_scope(|span| span.is_recording()));
}

#[test]
fn jobs_run() {
    struct Here;
    impl SpawnTraced for Here {
        fn execute(&self, job: Job) {
            job();
        }
    }
    assert_eq!(Here.spawn_traced(|| 1).join().unwrap(), 1);
    let double = prela::copy_context_to_thread(|n: i32| n * 2);
    assert_eq!(prela::thread::spawn(move || double(2)).join().unwrap(), 4);
}
