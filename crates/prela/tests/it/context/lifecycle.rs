//! Without an instance and after it was shut down: user code runs once, and nothing else.

use prela::current_span;
use prela::pool::{Job, SpawnTraced};
use prela::testing::Capture;
use std::cell::Cell;
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
