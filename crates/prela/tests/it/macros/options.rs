//! Options that say what a span takes along: a sampler, a request, a session, a retry policy.

use super::global::{Function, below, check, check_async};
use expect_test::expect;
use prela::retry::RetryPolicy;
use prela::{RequestId, Session};
use std::cell::Cell;
use std::time::Duration;

fn policy<E>() -> RetryPolicy<E> {
    RetryPolicy::new(3).backoff(Duration::ZERO)
}

#[test]
fn sample_decides_where_a_trace_begins() {
    #[prela::trace(sample = 0.0)]
    fn left_out(n: u32) -> u32 {
        assert!(!prela::trace_context().is_sampled());
        n + 1
    }
    #[prela::trace(sample = n > 1)]
    fn kept_if(n: u32) -> bool {
        prela::trace_context().is_sampled()
    }
    // No span around: each call begins a trace.
    super::global::capture();
    assert_eq!(left_out(1), 2);
    assert_eq!([0, 1, 2].map(kept_if), [false, false, true]);
    check(
        "within_a_trace",
        || {
            #[prela::trace(sample = 0.0)]
            fn inner() {}
            inner();
        },
        &expect![[r#"
            inner  custom
        "#]],
    );
}

#[test]
fn a_function_can_be_a_request_of_a_session() {
    #[prela::trace(session = session, request_id)]
    fn login(session: &Session, user: &str) -> String {
        step();
        format!("{user} logged in")
    }
    #[prela::trace(request_id = RequestId::parse("r2").unwrap())]
    fn step() {}
    let session = Session::new("s1").unwrap();
    check(
        "requests_and_sessions",
        || {
            RequestId::parse("r1").unwrap().scope(|| {
                assert_eq!(login(&session, "ann"), "ann logged in");
            });
        },
        &expect![[r#"
            login  chain {request.id: r1, session.id: s1, session.operation: login, session.operation_number: 1}
              step  custom {request.id: r2, session.id: s1}
        "#]],
    );
}

#[test]
fn retry_runs_a_function_again() {
    #[prela::trace(retry = policy())]
    fn flaky(calls: &Cell<u32>, mut words: Vec<String>) -> Result<String, String> {
        calls.set(calls.get() + 1);
        words.push(calls.get().to_string());
        if calls.get() < 2 { Err("down".to_owned()) } else { Ok(words.join(" ")) }
    }
    check(
        "retry_runs_a_function_again",
        || assert_eq!(flaky(&Cell::new(0), vec!["call".to_owned()]), Ok("call 2".to_owned())),
        &expect![[r#"
            flaky  custom {retry.max_attempts: 3, retry.backoff: 0, retry.attempt_1: started, retry.attempt_1_failed: down, retry.attempt_1_error_type: alloc::string::String, retry.attempt_1_backoff_s: 0, retry.attempt_2: started, retry.succeeded_at_attempt: 2, retry.total_attempts: 2}
              attempt  custom {retry.attempt: 1, error.type: alloc::string::String} error: down
                • exception {exception.type: alloc::string::String, exception.message: down}
              attempt  custom {retry.attempt: 2}
        "#]],
    );
}

#[test]
fn methods_of_a_traced_impl_take_options() {
    struct Service;

    #[prela::trace_impl(span_type = "tool")]
    impl Service {
        pub fn look_up(&self) {
            self.once();
        }

        #[prela::trace(sample = 0.5, request_id = RequestId::parse("r1").unwrap())]
        fn once(&self) {}

        fn private(&self) {}
    }

    check(
        "methods_take_options",
        || {
            Service.look_up();
            Service.private();
        },
        &expect![[r#"
            Service::look_up  tool
              Service::once  tool {request.id: r1}
        "#]],
    );
}

struct Api {
    calls: Cell<u32>,
}

impl Api {
    #[prela::trace(name = "api_call", span_type = "tool", sample = 1.0, request_id = RequestId::parse("r1").unwrap(), resources, retry = policy())]
    async fn call(&self, (path, tries): (String, u32)) -> Result<String, String> {
        self.calls.set(self.calls.get() + 1);
        tokio::task::yield_now().await;
        if self.calls.get() < tries { Err("down".to_owned()) } else { Ok(path) }
    }
}

#[test]
fn everything_at_once_on_an_async_method() {
    let name = "everything_at_once";
    super::global::capture();
    prela::tracer().span_default(name).root().in_scope(|_| {
        let api = Api { calls: Cell::new(0) };
        let call = super::global::block_on(api.call(("/users".to_owned(), 3)));
        assert_eq!(call, Ok("/users".to_owned()));
    });
    let tree = below(name, Function::Hidden);
    let outer = tree.lines().next().unwrap();
    for key in ["request.id: r1", "retry.succeeded_at_attempt: 3", "resources.duration_ms"] {
        assert!(outer.contains(key), "{key} in {outer}");
    }
    assert_eq!(tree.lines().filter(|line| line.starts_with("  attempt")).count(), 3, "{tree}");
}

#[test]
fn retry_gives_the_last_error_back() {
    #[prela::trace(retry = RetryPolicy::new(2).backoff(Duration::ZERO).retry_if(|error: &&str| *error == "down"))]
    async fn fails(error: &'static str) -> Result<(), &'static str> {
        Err(error)
    }
    check_async(
        "retry_gives_the_last_error_back",
        async {
            assert_eq!(fails("down").await, Err("down"));
            assert_eq!(fails("refused").await, Err("refused"));
        },
        &expect![[r#"
            fails  custom {retry.max_attempts: 2, retry.backoff: 0, retry.attempt_1: started, retry.attempt_1_failed: down, retry.attempt_1_error_type: &str, retry.attempt_1_backoff_s: 0, retry.attempt_2: started, retry.attempt_2_failed: down, retry.attempt_2_error_type: &str, retry.total_attempts: 2, retry.all_failed: true, error.type: &str} error: down
              • exception {exception.type: &str, exception.message: down}
              attempt  custom {retry.attempt: 1, error.type: &str} error: down
                • exception {exception.type: &str, exception.message: down}
              attempt  custom {retry.attempt: 2, error.type: &str} error: down
                • exception {exception.type: &str, exception.message: down}
            fails  custom {retry.max_attempts: 2, retry.backoff: 0, retry.attempt_1: started, retry.attempt_1_failed: refused, retry.attempt_1_error_type: &str, retry.total_attempts: 1, retry.all_failed: true, error.type: &str} error: refused
              • exception {exception.type: &str, exception.message: refused}
              attempt  custom {retry.attempt: 1, error.type: &str} error: refused
                • exception {exception.type: &str, exception.message: refused}
        "#]],
    );
}
