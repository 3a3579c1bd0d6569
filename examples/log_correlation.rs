//! The trace id in log lines, so that a line leads to its trace and back.
//!
//! You will see log lines on stderr: without ids outside of the span, and inside with the ids that
//! the trace `operation` has as well. A worker's line has the same trace id.

use prela::SpanType;
use std::error::Error;
use std::fmt::Arguments;

/// What a logger's formatter would do. For `tracing_subscriber` there is `prela::tracing::WithIds`.
fn info(message: Arguments<'_>) {
    eprintln!("INFO {message}{:#}", prela::log_ids());
}

/// Code that works with and without a trace.
fn count_request(count: i64) {
    match prela::current_span() {
        Some(span) => {
            span.set_attribute("requests", count);
            info(format_args!("Currently in span: {}", span.name()));
        }
        None => info(format_args!("No active span")),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("log-correlation")?;

    count_request(1);
    prela::tracer().span("operation", SpanType::Custom).in_scope(|span| {
        let trace_id = prela::current_trace_id();
        assert_eq!(trace_id, Some(span.trace_id()));

        info(format_args!("Processing request"));
        count_request(2);
        let worker = prela::thread::spawn(|| info(format_args!("From a worker")));
        if worker.join().is_err() {
            span.add_event("worker_panicked", [("requests", 2)]);
        }
    });
    info(format_args!("Done"));
    Ok(())
}
