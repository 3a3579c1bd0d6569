//! The environment of a child process.

use super::wire::sent;
use prela::propagation::{CommandExt as _, to_env};
use prela::testing::Capture;
use prela::{SpanType, TraceContext, baggage};
use std::process::Command;

/// What the child would see of the variables that this process sets for it.
fn variables(command: &Command) -> Vec<(String, Option<String>)> {
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    command.get_envs().map(|(name, value)| (text(name), value.map(text))).collect()
}

#[test]
fn a_child_process_continues_the_trace() {
    let (parent, child) = (Capture::new(), Capture::new());
    baggage::scope([("plan", "pro")], || {
        parent.tracer().span("run", SpanType::Tool).in_scope(|run| {
            let mut command = Command::new("worker");
            command.env("OTHER", "stays").inject_context();
            let variables = variables(&command);
            let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["BAGGAGE", "OTHER", "TRACEPARENT", "TRACESTATE"]);
            let environment = |name: &str| {
                let variable = variables.iter().find(|it| it.0 == name.to_uppercase())?;
                variable.1.clone()
            };
            let cx = prela::extract(&environment);
            assert_eq!(cx.baggage().get("plan"), Some("pro"));
            child.tracer().span("work", SpanType::Agent).parent(&cx).in_scope(|work| {
                assert_eq!(work.trace_id(), run.trace_id());
                assert_eq!(work.parent_span_id(), Some(run.span_id()));
            });
        });
    });
}

/// A variable that this process was started with must not reach the child.
#[test]
fn stale_variables_are_removed() {
    let mut command = Command::new("worker");
    command.env("TRACEPARENT", "stale").env("TRACESTATE", "stale").env("BAGGAGE", "stale");
    prela::new_trace_context(|_| command.inject_context());
    let names = ["BAGGAGE", "TRACEPARENT", "TRACESTATE"];
    assert_eq!(variables(&command), names.map(|name| (name.to_owned(), None)));
}

#[test]
fn variables_for_other_spawners() {
    let cx = prela::extract(&[
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "a=1"),
        ("baggage", "plan=pro"),
    ]);
    let variables = to_env(&cx);
    assert_eq!(
        variables,
        [
            ("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            ("TRACESTATE", "a=1"),
            ("BAGGAGE", "plan=pro"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    // Lists are read without regard to case, so the variables are a carrier themselves.
    assert_eq!(sent(&prela::extract(&variables)), sent(&cx));
    assert_eq!(to_env(&TraceContext::default()), []);
}
