//! Each executor: its jobs run in the context of their submit, and leave none behind.

use super::queue::Queue;
use expect_test::expect;
use prela::pool::{Job, SpawnTraced};
use prela::rayon::ScopeExt as _;
use prela::testing::Capture;
use prela::{SpanType, TraceContext, copy_context_to_thread, current_span, trace_context};
use rayon::prelude::*;
use std::sync::mpsc;

/// Checks that a job's span is a child of the one around the submit, and that its worker is clean afterwards.
fn check(pool: &impl SpawnTraced) {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span("parent", SpanType::Agent).in_scope(|_| {
        let jobs = [0, 1, 2].map(|n| {
            let tracer = tracer.clone();
            pool.spawn_traced(move || {
                tracer.span(format!("job_{n}"), SpanType::Tool).in_scope(|_| n)
            })
        });
        assert_eq!(jobs.map(|job| job.join().unwrap()), [0, 1, 2]);
    });
    let left_behind = pool.spawn_traced(trace_context).join().unwrap();
    assert_eq!((left_behind.span_id(), left_behind.baggage().len()), (None, 0));
    let jobs = "parent  agent\n  job_0  tool\n  job_1  tool\n  job_2  tool\n";
    assert_eq!(capture.tree(), jobs);
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn an_executor_of_ones_own() {
    check(&Queue::new(1));
    check(&Queue::new(4));
}

#[test]
fn a_rayon_pool() {
    check(&pool(1));
    check(&pool(4));
}

#[test]
fn the_global_rayon_pool() {
    struct Global;
    impl SpawnTraced for Global {
        fn execute(&self, job: Job) {
            rayon::spawn(job);
        }
    }
    check(&Global);

    let capture = Capture::new();
    let tracer = capture.tracer();
    let seen = tracer.span_default("parent").in_scope(|parent| {
        let job = prela::rayon::spawn(trace_context);
        (job.join().unwrap().span_id(), Some(parent.span_id()))
    });
    assert_eq!(seen.0, seen.1);
}

#[test]
fn rayon_join_and_scope() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let child = |name: &'static str| tracer.span(name, SpanType::Tool).in_scope(|_| name.len());
    tracer.span("join", SpanType::Chain).in_scope(|_| {
        assert_eq!(prela::rayon::join(|| child("left"), || child("right")), (4, 5));
    });
    tracer.span("scope", SpanType::Chain).in_scope(|_| {
        let borrowed = String::from("borrowed");
        let result = prela::rayon::scope(|jobs| {
            child("inside");
            jobs.spawn_traced(|jobs| {
                tracer.span("job", SpanType::Tool).in_scope(|_| {
                    assert_eq!(borrowed, "borrowed");
                    jobs.spawn_traced(|_| assert_eq!(child("job_of_a_job"), 12));
                });
            });
            7
        });
        assert_eq!(result, 7);
    });
    expect![[r#"
        join  chain
          left  tool
          right  tool
        scope  chain
          inside  tool
          job  tool
            job_of_a_job  tool
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn rayon_iterators_with_a_pool_of_ones_own() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let pool = pool(3);
    let sum: i32 = tracer.span("map_phase", SpanType::Agent).in_scope(|_| {
        let double = copy_context_to_thread(|n: i32| {
            tracer.span(format!("double_{n}"), SpanType::Tool).in_scope(|_| n * 2)
        });
        pool.install(|| (0..3).into_par_iter().map(double).sum())
    });
    assert_eq!(sum, 6);
    // `install` moves to the pool and leaves the context behind: the job is wrapped.
    tracer.span("installed", SpanType::Agent).in_scope(|_| {
        let job = || tracer.span("job", SpanType::Tool).in_scope(|_| ());
        pool.install(TraceContext::current().wrap(job));
    });
    expect![[r#"
        installed  agent
          job  tool
        map_phase  agent
          double_0  tool
          double_1  tool
          double_2  tool
    "#]]
    .assert_eq(&capture.tree());
    pool.broadcast(|_| assert!(current_span().is_none()));
}

#[test]
fn a_waiting_rayon_thread_runs_another_job_in_that_jobs_own_context() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let pool = pool(1);
    let submit = |name: &'static str, wait: Box<dyn FnOnce() + Send>| {
        let worker_tracer = tracer.clone();
        tracer.span(format!("submits_{name}"), SpanType::Agent).in_scope(|_| {
            pool.spawn_traced(move || {
                worker_tracer.span(name, SpanType::Tool).in_scope(|_| {
                    wait();
                    worker_tracer.span(format!("{name}_child"), SpanType::Tool).in_scope(|_| ());
                });
            })
        })
    };
    let (is_submitted, second) = mpsc::channel();
    let wait = Box::new(move || {
        second.recv().unwrap();
        assert_eq!(rayon::yield_now(), Some(rayon::Yield::Executed), "the only thread");
    });
    let jobs = [submit("first", wait), submit("second", Box::new(|| ()))];
    is_submitted.send(()).unwrap();
    for job in jobs {
        job.join().unwrap();
    }
    expect![[r#"
        submits_first  agent
          first  tool
            first_child  tool
        submits_second  agent
          second  tool
            second_child  tool
    "#]]
    .assert_eq(&capture.tree());
}
