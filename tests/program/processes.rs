//! A child that goes on with the trace of its environment, and may have a child of its own.

use prela::propagation::{CommandExt as _, from_env};
use prela::{SpanType, baggage};
use std::env;
use std::process::Command;
use std::time::Duration;

/// The generations that are to come, this one with them.
pub fn run(generations: &str) {
    let generations: u32 = generations.parse().unwrap();
    let prela = prela::init(format!("generation {generations}")).unwrap();
    let span = prela::tracer().span("child", SpanType::Tool).parent(&from_env());
    span.in_scope(|span| {
        span.set_attribute("user_id", baggage::get("user_id").unwrap_or_default());
        if generations > 1 {
            assert!(child(generations - 1).inject_context().status().unwrap().success());
        }
    });
    assert_eq!(prela.shutdown(Duration::from_secs(30)).undelivered(), 0);
}

fn child(generations: u32) -> Command {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["processes", &generations.to_string()]);
    // It has no context but what it is given.
    for name in ["TRACEPARENT", "TRACESTATE", "BAGGAGE"] {
        child.env_remove(name);
    }
    child
}
