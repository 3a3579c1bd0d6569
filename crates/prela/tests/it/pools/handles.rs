//! Handles to jobs: results, panics, jobs that never run, waiting by blocking and by awaiting.

use super::queue::Queue;
use expect_test::expect;
use prela::SpanType;
use prela::pool::{Job, SpawnTraced, as_completed};
use prela::testing::Capture;
use std::sync::{Arc, Mutex, mpsc};

/// Keeps the jobs it is given, until the test runs or drops them.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Job>>>);

impl Shelf {
    fn take(&self) -> Vec<Job> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl SpawnTraced for Shelf {
    fn execute(&self, job: Job) {
        self.0.lock().unwrap().push(job);
    }
}

/// Says by which span it was dropped.
struct Dropped(mpsc::Sender<Option<prela::SpanId>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.send(prela::trace_context().span_id()).unwrap();
    }
}

#[test]
fn a_panic_in_a_job_goes_to_the_handle_and_the_thread_lives_on() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let pool = Queue::new(1);
    let job = tracer.span("parent", SpanType::Agent).in_scope(|_| {
        let tracer = tracer.clone();
        pool.spawn_traced(move || -> u8 {
            tracer.span_default("job").in_scope(|_| panic!("no job"))
        })
    });
    let error = job.join().unwrap_err();
    assert!(error.is_panic());
    assert_eq!(error.to_string(), "the job panicked: no job");
    assert_eq!(error.into_panic().downcast_ref(), Some(&"no job"));

    let after = pool.spawn_traced(prela::current_trace_id).join();
    assert_eq!(after.unwrap(), None, "the same thread, without the span that panicked");
    expect![[r#"
        parent  agent
          job  custom {error.type: panic} error: no job
            • exception {exception.type: panic, exception.message: no job, exception.escaped: true}
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn a_job_that_is_dropped_gives_an_error_and_drops_in_its_context() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let shelf = Shelf::default();
    let (sender, dropped) = mpsc::channel();
    let (submitted_in, job) = tracer.span_default("parent").in_scope(|parent| {
        let captured = Dropped(sender);
        (parent.span_id(), shelf.spawn_traced(move || drop(captured)))
    });
    assert!(!job.is_finished());
    drop(shelf.take());
    assert!(job.is_finished());
    let error = job.join().unwrap_err();
    assert!(!error.is_panic());
    assert_eq!(error.to_string(), "the job was dropped before it ran");
    assert_eq!(dropped.recv(), Ok(Some(submitted_in)));
}

#[test]
fn a_result_nobody_takes_is_dropped_in_the_jobs_context() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let shelf = Shelf::default();
    let (sender, dropped) = mpsc::channel();
    let submit = || {
        let result = Dropped(sender.clone());
        tracer
            .span_default("parent")
            .in_scope(|span| (span.span_id(), shelf.spawn_traced(move || result)))
    };
    let run = || shelf.take().into_iter().for_each(|job| job());

    let (parent, handle) = submit();
    drop(handle);
    run();
    assert_eq!(dropped.recv(), Ok(Some(parent)), "the handle went first");

    let (parent, handle) = submit();
    run();
    drop(handle);
    assert_eq!(dropped.recv(), Ok(Some(parent)), "the job was done first");
}

#[test]
fn as_completed_gives_panics_and_dropped_jobs_too_and_once_each() {
    let shelf = Shelf::default();
    let jobs = ["zero", "one", "two", "three"].map(|word| {
        shelf.spawn_traced(move || if word == "one" { panic!("{word}") } else { word })
    });
    let mut waiting = shelf.take();
    // In the order 3, 1, 2; and 0 never runs.
    for place in [3, 1, 1] {
        waiting.remove(place)();
    }
    drop(waiting);

    let mut completed = as_completed(jobs);
    let mut outcomes = Vec::new();
    while let Some((place, outcome)) = completed.next_indexed() {
        outcomes.push((place, outcome.map_err(|error| error.to_string())));
    }
    // All were done before the call, so they are in the order of their handles.
    let dropped = "the job was dropped before it ran".to_owned();
    let panicked = "the job panicked: one".to_owned();
    let expected = [(0, Err(dropped)), (1, Err(panicked)), (2, Ok("two")), (3, Ok("three"))];
    assert_eq!(outcomes, expected);
    assert!(completed.next().is_none());
}

#[test]
fn a_handle_is_awaited_on_both_runtimes() {
    let runtimes = [
        tokio::runtime::Builder::new_current_thread().build().unwrap(),
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ];
    for runtime in runtimes {
        let capture = Capture::new();
        let tracer = capture.tracer();
        let pool = Queue::new(2);
        let work = tracer.span("ask", SpanType::Agent).run(async |_| {
            let jobs: Vec<_> = (0..3)
                .map(|n| {
                    let tracer = tracer.clone();
                    pool.spawn_traced(move || {
                        tracer.span(format!("job_{n}"), SpanType::Tool).in_scope(|_| n)
                    })
                })
                .collect();
            let mut sum = 0;
            for job in jobs {
                sum += job.await.unwrap();
            }
            sum
        });
        assert_eq!(runtime.block_on(work), 3);
        assert_eq!(capture.tree(), "ask  agent\n  job_0  tool\n  job_1  tool\n  job_2  tool\n");
    }
}

#[test]
fn a_handle_awaited_to_its_end_says_so() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let shelf = Shelf::default();
    let mut job = shelf.spawn_traced(|| 1);
    shelf.take().into_iter().for_each(|job| job());
    assert_eq!(runtime.block_on(&mut job).unwrap(), 1);
    assert_eq!(job.join().unwrap_err().to_string(), "the job's result was taken before");
}
