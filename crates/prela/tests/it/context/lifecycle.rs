//! Before an instance is global and after it was shut down: user code runs once, and nothing else.

use prela::pool::{Job, SpawnTraced};
use prela::testing::Capture;
use prela::{ErrorKind, SpanType, baggage, current_span};
use std::cell::Cell;
use std::process::Command;
use std::time::Duration;

#[test]
fn p02_after_shutdown_a_span_that_is_open_stays_current_and_is_counted() {
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
fn p15_jobs_run_without_an_instance() {
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

/// The global tracer needs a process in which no other test installs an instance.
#[test]
fn c03_the_global_tracer_before_and_after_its_instance() {
    let test = "context::lifecycle::in_a_process_of_its_own";
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--ignored", "--exact", test]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by the test above"]
fn in_a_process_of_its_own() {
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
