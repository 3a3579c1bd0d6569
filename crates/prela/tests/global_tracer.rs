//! The global tracer before its instance, with it and after it. One test, in a process of its own,
//! because no other may install an instance.

use prela::testing::Capture;
use prela::{ErrorKind, SpanType, baggage, current_span};
use std::cell::Cell;
use std::time::Duration;

#[test]
fn the_global_tracer_before_and_after_its_instance() {
    let tracer = prela::tracer();
    let run = || {
        let runs = Cell::new(0);
        let result = tracer.span("work", SpanType::Agent).attr("key", 1).in_scope(|span| {
            runs.set(runs.get() + 1);
            span.set_attribute("key", 2).record_error("no");
            baggage::scope([("key", "value")], || baggage::get("key"))
        });
        assert_eq!((runs.get(), result.as_deref()), (1, Some("value")));
        tracer.span_default("x").in_scope_result(|_| Err::<(), _>("mine")).unwrap_err();
        drop(tracer.span_default("x").start());
        drop(tracer.span_default("x").enter());
        current_span().is_some()
    };
    assert!(!run());
    assert!(tracer.span_default("x").is_noop());

    // The same tracer follows an instance that is installed later.
    let capture = Capture::new();
    capture.prela().make_global().unwrap();
    assert!(!run());
    assert_eq!(capture.spans().len(), 4);
    let second = Capture::new();
    let error = second.prela().make_global().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyInitialized);

    capture.prela().shutdown(Duration::from_secs(10));
    run();
    assert!(tracer.span_default("x").is_noop());
    assert_eq!(capture.prela().stats().ended, 4);

    // The place is free again.
    second.prela().make_global().unwrap();
    run();
    assert_eq!(second.spans().len(), 4);
}
