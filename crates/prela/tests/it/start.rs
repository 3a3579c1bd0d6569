//! Starting, and shutting down.

use prela::testing::Capture;
use prela::{ErrorKind, SpanType, current_span};
use std::cell::Cell;
use std::time::Duration;

#[test]
fn the_resource_names_the_service() {
    let capture = Capture::with(|builder| builder.service_name("parallel-app"));
    let name = capture.prela().resource().get("service.name");
    assert_eq!(name, Some(&"parallel-app".into()));
}

#[test]
fn shutdown_ends_tracing_and_can_be_called_again() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let open = tracer.span_default("open").start();
    tracer.span_default("done").in_scope(|_| ());

    let report = capture.prela().shutdown(Duration::from_secs(10));
    assert_eq!((report.stats.exported, report.undelivered(), report.timed_out), (1, 0, false));
    drop(open);
    let late = tracer.span("late", SpanType::Agent).in_scope(|span| span.is_recording());
    assert!(!late);

    let again = capture.prela().shutdown(Duration::from_secs(10));
    assert_eq!((again.stats.ended, again.stats.dropped_by.shut_down), (2, 1));
    let error = capture.prela().flush(Duration::from_secs(10)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ShutDown);
}

#[test]
fn after_shutdown_a_span_that_is_open_stays_current_and_is_counted() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span_default("open").in_scope(|open| {
        capture.prela().shutdown(Duration::from_secs(10));
        open.set_attribute("late", true);
        assert_eq!(current_span().unwrap().span_id(), open.span_id());
        let runs = Cell::new(0);
        tracer.span_default("late").in_scope(|late| {
            runs.set(runs.get() + 1);
            assert!(!late.is_recording());
            // The trace goes on to whoever is called from here.
            assert_eq!(prela::current_trace_id(), Some(open.trace_id()));
        });
        assert_eq!(runs.get(), 1);
    });
    let stats = capture.prela().stats();
    assert_eq!((stats.ended, stats.dropped_by.shut_down, stats.exported), (1, 1, 0));
    assert!(current_span().is_none());
}

#[test]
fn debug_shows_what_runs() {
    let text = format!("{:?}", Capture::new().prela());
    assert!(text.starts_with("Prela { provider: Provider {"), "{text}");
}
