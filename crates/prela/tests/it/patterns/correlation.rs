//! Requests and sessions.

use prela::opentelemetry::Context;
use prela::testing::Capture;
use prela::{ErrorKind, RequestId, Session, SpanType, TraceContext, baggage};
use std::collections::HashSet;
use std::thread;

fn ids(capture: &Capture, key: &str) -> Vec<String> {
    let spans = capture.spans();
    spans.iter().map(|span| super::text(span, key).unwrap_or_else(|| "none".to_owned())).collect()
}

#[test]
fn all_spans_of_a_request_have_its_id_and_the_next_one_another() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let mut seen = HashSet::new();
    for _ in 0..300 {
        let before = capture.spans().len();
        RequestId::current_or_new().scope(|| {
            tracer.span("handle_request", SpanType::Agent).in_scope(|_| {
                for step in ["process_step_1", "process_step_2"] {
                    // Each step asks for an id of its own, and finds the request's.
                    let id = RequestId::current_or_new();
                    id.scope(|| tracer.span_default(step).in_scope(|_| ()));
                }
            });
        });
        let of_request: HashSet<_> =
            ids(&capture, "request.id").split_off(before).into_iter().collect();
        assert_eq!(of_request.len(), 1, "{of_request:?}");
        seen.extend(of_request);
    }
    assert_eq!(seen.len(), 300, "each request has its own");
    assert!(
        seen.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4'),
        "UUIDs of version 4"
    );
    assert_eq!(RequestId::current(), None);
}

#[test]
fn the_id_comes_with_the_request_and_goes_with_the_response() {
    let request = [("X-Request-ID", "req-42")];
    let id = RequestId::from_headers(&request);
    assert_eq!(id.as_str(), "req-42");
    let mut response = Vec::<(String, String)>::new();
    id.inject(&mut response);
    assert_eq!(response, [("x-request-id".to_owned(), "req-42".to_owned())]);

    let long = "x".repeat(RequestId::MAX_LEN + 1);
    for refused in ["", "two words", "tab\t", "ümlaut", long.as_str()] {
        assert_eq!(RequestId::parse(refused), None, "{refused}");
        assert_eq!(RequestId::from_headers(&[("x-request-id", refused)]).as_str().len(), 36);
    }
    let two = [("x-request-id", "a"), ("x-request-id", "b")];
    assert_eq!(RequestId::from_headers(&two).as_str().len(), 36, "neither of two");
}

#[test]
fn the_id_follows_to_threads_tasks_and_remote_parents() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let id = RequestId::parse("req-1").unwrap();
    let caller = super::samplers::remote(prela::TraceFlags::SAMPLED, "");
    id.scope(|| {
        let thread_tracer = tracer.clone();
        let on_thread = move || thread_tracer.span_default("thread").in_scope(|_| ());
        prela::thread::spawn(on_thread).join().unwrap();
        // A context that came in with a request has no id of its own, and keeps the scope's.
        tracer.span_default("handle").parent(&caller).in_scope(|_| ());
        prela::new_trace_context(|_| tracer.span_default("job").in_scope(|_| ()));
    });
    let future = id.bind(async { tracer.span_default("task").in_scope(|_| ()) });
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
    tracer.span_default("option").request_id(id).in_scope(|_| {
        tracer.span_default("below").in_scope(|_| ());
    });
    for span in capture.spans() {
        let expected = (span.name != "job").then_some("req-1");
        assert_eq!(super::text(&span, "request.id").as_deref(), expected, "{}", span.name);
    }
    assert_eq!(capture.spans().len(), 6);
}

#[test]
fn the_id_is_in_the_baggage_only_if_allowed() {
    let id = RequestId::parse("req-1").unwrap();
    id.scope(|| assert_eq!(baggage::get("request.id"), None));
    id.in_baggage().scope(|| assert_eq!(baggage::get("request.id").as_deref(), Some("req-1")));
}

#[test]
fn operations_are_numbered_without_gaps() {
    let capture = Capture::new();
    let session = Session::new("session_abc123").unwrap().user("user_1");
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..50 {
                    let tracer = capture.tracer();
                    tracer.span("fetch", SpanType::Chain).session(&session).in_scope(|_| {
                        tracer.span_default("inner").in_scope(|_| ());
                    });
                }
            });
        }
    });
    let spans = capture.spans();
    let mut numbers: Vec<_> = spans
        .iter()
        .filter_map(|span| match span.attribute("session.operation_number")? {
            prela::Value::I64(number) => Some(*number),
            _ => None,
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=400).collect::<Vec<_>>());
    assert_eq!(session.operations(), 400);
    assert_eq!(spans.len(), 800);
    for key in [("session.id", "session_abc123"), ("user.id", "user_1")] {
        assert!(ids(&capture, key.0).iter().all(|value| value == key.1), "{}", key.0);
    }
}

#[test]
fn an_operation_is_a_chain_with_its_name() {
    let capture = Capture::new();
    let session = Session::new("s1").unwrap();
    let tracer = capture.tracer();
    for (name, below) in [("login", "check"), ("fetch_data", "query")] {
        tracer.span(name, SpanType::Chain).session(&session).in_scope(|_| {
            tracer.span(below, SpanType::Tool).in_scope(|_| ());
        });
        capture.clock().advance(std::time::Duration::from_millis(1));
    }
    assert_eq!(
        capture.tree(),
        "login  chain {session.id: s1, session.operation: login, session.operation_number: 1}\n  \
           check  tool {session.id: s1}\n\
         fetch_data  chain {session.id: s1, session.operation: fetch_data, session.operation_number: 2}\n  \
           query  tool {session.id: s1}\n"
    );
    assert_eq!(Session::new("").unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(Session::new("").unwrap_err().to_string(), "begin a session: its id is empty");
    assert!(!format!("{session:?}").contains("s1"), "ids are the users'");
}

#[test]
fn a_session_goes_to_other_services() {
    let here = Capture::new();
    let session = Session::new("s 1").unwrap().user("ann");
    let mut headers = std::collections::HashMap::<String, String>::new();
    here.tracer().span("ask", SpanType::Chain).session(&session).in_scope(|_| {
        prela::inject(&mut headers);
    });
    assert_eq!(headers["baggage"], "session.id=s%201,user.id=ann");

    let cx = prela::extract(&headers);
    let arrived = Session::of(&cx).unwrap();
    assert_eq!((arrived.id(), arrived.user_id()), ("s 1", Some("ann")));
    // Either the session is asked for, or its keys are allowed for all spans.
    let there = Capture::new();
    there.tracer().span_default("handle").parent(&cx.with_session(&arrived)).in_scope(|_| ());
    let allowed = Capture::with(|builder| builder.baggage_to_attributes(["session.id", "user.id"]));
    allowed.tracer().span_default("handle").parent(&cx).in_scope(|_| ());
    let neither = Capture::new();
    neither.tracer().span_default("handle").parent(&cx).in_scope(|_| ());
    assert_eq!(there.tree(), "handle  custom {session.id: s 1, user.id: ann}\n");
    assert_eq!(allowed.tree(), there.tree());
    assert_eq!(neither.tree(), "handle  custom\n");
    assert!(Session::of(&TraceContext::from(Context::new())).is_none());
}
