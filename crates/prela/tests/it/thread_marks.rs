//! Spans that say on which thread and in which task they began, and roots that say that a context was lost.

use prela::prelude::*;
use prela::span::SpanData;
use prela::testing::Capture;
use prela::{SpanKind, SpanType, Tracer, Value};
use std::sync::Arc;
use std::thread;

const ABSENT: &str = "prela.context.absent";

fn recording() -> Capture {
    Capture::with(|builder| builder.record_threads(true))
}

fn named(spans: &[Arc<SpanData>], name: &str) -> Arc<SpanData> {
    spans.iter().find(|span| span.name == name).unwrap().clone()
}

fn leaf(tracer: &Tracer, name: &'static str) {
    tracer.span(name, SpanType::Custom).in_scope(|_| ());
}

/// Runs jobs one after the other on the same thread, which is called `worker`.
fn on_worker(jobs: Vec<Box<dyn FnOnce() + Send>>) {
    let run = || jobs.into_iter().for_each(|job| job());
    thread::Builder::new().name("worker".to_owned()).spawn(run).unwrap().join().unwrap();
}

#[test]
fn nothing_is_recorded_unless_it_is_asked_for() {
    for value in [None, Some("false"), Some("0"), Some("true"), Some("1")] {
        let capture = Capture::with(|builder| match value {
            Some(value) => builder.env([("PRELA_RECORD_THREADS", value)]),
            None => builder,
        });
        leaf(&capture.tracer(), "work");
        let (spans, resource) = (capture.spans(), capture.prela().resource());
        let is_on = matches!(value, Some("true" | "1"));
        assert_eq!(spans[0].attribute("thread.id").is_some(), is_on, "{value:?}");
        assert_eq!(resource.get("process.pid").is_some(), is_on, "{value:?}");
        assert_eq!(resource.get("service.instance.id").is_some(), is_on, "{value:?}");
    }
    // The code wins.
    let capture = Capture::with(|builder| {
        builder.env([("PRELA_RECORD_THREADS", "true")]).record_threads(false)
    });
    leaf(&capture.tracer(), "work");
    assert_eq!(capture.spans()[0].attribute("thread.id"), None);
}

#[test]
fn a_span_has_the_thread_that_it_began_on() {
    let capture = recording();
    let tracer = capture.tracer();
    on_worker(vec![Box::new(move || {
        tracer.span("outer", SpanType::Agent).in_scope(|_| leaf(&tracer, "inner"));
    })]);
    leaf(&capture.tracer(), "here");
    let spans = capture.spans();
    let [outer, inner, here] = ["outer", "inner", "here"].map(|name| named(&spans, name));
    assert_eq!(outer.attribute("thread.name"), Some(&"worker".into()));
    assert_eq!(inner.attribute("thread.name"), Some(&"worker".into()));
    assert_eq!(outer.attribute("thread.id"), inner.attribute("thread.id"));
    assert!(matches!(here.attribute("thread.id"), Some(Value::I64(1..))), "{here:?}");
    assert_ne!(here.attribute("thread.id"), outer.attribute("thread.id"));
    assert_eq!(here.attribute("prela.task.id"), None);
}

#[test]
fn what_a_builder_says_stays() {
    let capture = recording();
    let span = capture.tracer().span_default("work").attr("thread.name", "main loop");
    span.attr("thread.id", 7).in_scope(|_| ());
    let span = &capture.spans()[0];
    assert_eq!(span.attribute("thread.name"), Some(&"main loop".into()));
    assert_eq!(span.attribute("thread.id"), Some(&7.into()));

    let own = [("service.instance.id", Value::from("blue-1")), ("process.pid", 4.into())];
    let capture = Capture::with(|builder| builder.record_threads(true).resource(own.clone()));
    let resource = capture.prela().resource();
    assert_eq!(own.map(|(key, value)| resource.get(key) == Some(&value)), [true, true]);
}

#[tokio::test]
async fn a_span_has_the_task_that_it_began_in() {
    let capture = recording();
    let tracer = capture.tracer();
    let tasks = ["one", "two"].map(|name| {
        let tracer = tracer.clone();
        tokio::spawn(async move {
            leaf(&tracer, name);
            tokio::task::yield_now().await;
            leaf(&tracer, "again");
            i64::try_from(tokio::task::id().to_string().parse::<u64>().unwrap()).unwrap()
        })
    });
    for (name, task) in ["one", "two"].into_iter().zip(tasks) {
        let id = task.await.unwrap();
        let span = named(&capture.spans(), name);
        assert_eq!(span.attribute("prela.task.id"), Some(&id.into()));
    }
}

#[test]
fn the_instance_of_the_service_is_a_uuid_of_its_own() {
    let id = || recording().prela().resource().get("service.instance.id").unwrap().to_string();
    let (one, other) = (id(), id());
    assert_ne!(one, other);
    let shape: String = one.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_eq!(&one[14..15], "4");
    assert!("89ab".contains(&one[19..20]), "{one}");
}

/// How a job gets onto a thread, and whether it is told to be a root.
fn job(tracer: &Tracer, name: &'static str) -> Box<dyn FnOnce() + Send> {
    let tracer = tracer.clone();
    Box::new(move || leaf(&tracer, name))
}

#[test]
fn a_root_on_a_thread_that_carried_a_context_is_marked() {
    let capture = recording();
    let tracer = capture.tracer();
    tracer.span("batch", SpanType::Agent).in_scope(|_| {
        let carried = prela::copy_context_to_thread({
            let tracer = tracer.clone();
            move |()| leaf(&tracer, "carried")
        });
        let deliberate = tracer.clone();
        let incoming = tracer.clone();
        let fresh = tracer.clone();
        on_worker(vec![
            job(&tracer, "too early to say"),
            Box::new(move || carried(())),
            job(&tracer, "lost"),
            Box::new(move || deliberate.span_default("meant").root().in_scope(|_| ())),
            Box::new(move || prela::new_trace_context(|_| leaf(&fresh, "fresh"))),
            Box::new(move || {
                let span = incoming.span_default("request").kind(SpanKind::Server);
                span.in_scope(|_| leaf(&incoming, "below"));
            }),
        ]);
        leaf(&tracer, "here");
    });
    let spans = capture.spans();
    let marked: Vec<_> = spans.iter().filter(|span| span.attribute(ABSENT).is_some()).collect();
    assert_eq!(marked.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["lost"]);
    assert_eq!(marked[0].attribute(ABSENT), Some(&true.into()));
    assert_eq!(
        named(&spans, "carried").parent_span_id,
        Some(named(&spans, "batch").span_context.span_id())
    );
}

/// A program whose threads each begin their own roots forgets nothing.
#[test]
fn roots_of_threads_that_no_context_comes_to_are_not_marked() {
    let capture = recording();
    let tracer = capture.tracer();
    for _ in 0..3 {
        tracer.span("request", SpanType::Agent).in_scope(|_| leaf(&tracer, "step"));
    }
    on_worker((0..3).map(|_| job(&tracer, "request")).collect());
    assert!(capture.spans().iter().all(|span| span.attribute(ABSENT).is_none()));
}

/// A context may come to a thread of a pool in every way that Prela has.
#[test]
fn every_way_to_a_pool_counts_as_carrying() {
    let capture = recording();
    let tracer = capture.tracer();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    tracer.span("batch", SpanType::Agent).in_scope(|_| {
        let inside = tracer.clone();
        let (done, is_done) = std::sync::mpsc::channel();
        let handle = pool.spawn_traced(move || {
            leaf(&inside, "carried");
            done.send(()).unwrap();
        });
        is_done.recv().unwrap();
        drop(handle);
        let inside = tracer.clone();
        pool.install(move || leaf(&inside, "lost"));
    });
    let spans = capture.spans();
    assert_eq!(named(&spans, "lost").attribute(ABSENT), Some(&true.into()));
    assert_eq!(named(&spans, "carried").attribute(ABSENT), None);
}

/// Spans of futures start where they are first polled.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_task_without_a_context_on_a_worker_that_had_one_is_marked() {
    let capture = recording();
    let tracer = capture.tracer();
    let span = tracer.span("batch", SpanType::Agent);
    span.run(async |_| {
        let inside = tracer.clone();
        let carried = async move { inside.span_default("carried").run(async |_| ()).await };
        tokio::spawn(carried.in_current_context()).await.unwrap();
        let inside = tracer.clone();
        let lost = async move { inside.span_default("lost").run(async |_| ()).await };
        tokio::spawn(lost).await.unwrap();
    })
    .await;
    let spans = capture.spans();
    assert_eq!(named(&spans, "lost").attribute(ABSENT), Some(&true.into()));
    assert_eq!(named(&spans, "lost").parent_span_id, None);
}

/// In the destructor of a thread's locals little is known of the thread, and nothing panics.
#[test]
fn a_span_in_the_destructor_of_a_thread_local_is_recorded() {
    struct AtTheEnd(Tracer);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            leaf(&self.0, "late");
        }
    }
    thread_local! {
        static LAST: std::cell::RefCell<Option<AtTheEnd>> = const { std::cell::RefCell::new(None) };
    }
    for begins_before in [false, true] {
        let capture = recording();
        let tracer = capture.tracer();
        let run = move || {
            LAST.with(|last| *last.borrow_mut() = Some(AtTheEnd(tracer.clone())));
            if begins_before {
                leaf(&tracer, "early");
            }
        };
        thread::spawn(run).join().unwrap();
        assert_eq!(named(&capture.spans(), "late").parent_span_id, None);
    }
}
