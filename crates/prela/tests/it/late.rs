//! In debug builds a closure whose result runs when its scope is over is told of, once.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use prela::pool::{Job, SpawnTraced};
use prela::testing::Capture;
use prela::{FutureExt as _, SpanType, TraceContext, Tracer};
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

/// A capture, and what its diagnostics say.
fn capture() -> (Capture, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let said = lines.clone();
    let capture = Capture::with(|builder| {
        builder.diagnostics(move |line| said.lock().unwrap().push(line.to_owned()))
    });
    (capture, lines)
}

async fn answer() -> u32 {
    42
}

fn boxed() -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(answer())
}

struct Here;

impl SpawnTraced for Here {
    fn execute(&self, job: Job) {
        job();
    }
}

#[test]
fn a_future_that_a_scope_returns() {
    type Mistake = fn(&Tracer) -> Option<u32>;
    let mistakes: [Mistake; 12] = [
        |it| it.span_default("work").in_scope(|_| async move { 42 }).now_or_never(),
        |it| it.span_default("work").in_scope(|_| answer()).now_or_never(),
        |it| it.span_default("work").in_scope(|_| boxed()).now_or_never(),
        |it| {
            let future = it.span("work", SpanType::Llm).in_scope(|_| Box::pin(async { 42 }));
            future.now_or_never()
        },
        // What has it in it.
        |it| it.span_default("work").in_scope(|_| answer().map(|it| it)).now_or_never(),
        |it| {
            let result = it.span_default("work").in_scope_result(|_| Ok::<_, String>(answer()));
            result.unwrap().now_or_never()
        },
        |it| it.span_default("work").in_scope(|_| Some(boxed())).unwrap().now_or_never(),
        |it| it.span_default("work").in_scope(|_| (1, async { 42 })).1.now_or_never(),
        |it| {
            let [first, _] = it.span_default("work").in_scope(|_| [1, 2].map(|_| async { 42 }));
            first.now_or_never()
        },
        |it| it.span_default("work").in_scope(|_| vec![answer()]).remove(0).now_or_never(),
        |it| {
            let all = it.span_default("work").in_scope(|_| join_all([1, 2].map(|_| answer())));
            all.now_or_never()?.pop()
        },
        |it| {
            let limited = it.span_default("work").in_scope(|_| Box::new(boxed().fuse()));
            limited.now_or_never()
        },
    ];
    for mistake in mistakes {
        let (capture, lines) = capture();
        for _ in 0..3 {
            assert_eq!(mistake(&capture.tracer()), Some(42));
        }
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), usize::from(cfg!(debug_assertions)), "{lines:?}");
        for line in &*lines {
            assert!(line.starts_with("prela: the closure of `in_scope` returned"), "{line}");
            assert!(line.contains("`span.run(async |span| ..).await`"), "{line}");
        }
        assert_eq!(capture.spans().len(), 3);
    }
}

#[test]
fn what_is_right_to_be_returned() {
    let (capture, lines) = capture();
    let tracer = capture.tracer();
    let span = || tracer.span_default("work");
    assert_eq!(span().in_scope(|_| 1), 1);
    span().in_scope(|_| TraceContext::current().wrap(|| ()))();
    span().in_scope(|_| prela::copy_context_to_thread(|_: i32| ()))(1);
    assert_eq!(span().in_scope(|_| Here.spawn_traced(|| 2)).now_or_never().unwrap().unwrap(), 2);
    let bound = span().in_scope(|_| async { 3 }.in_current_context());
    assert_eq!(bound.now_or_never(), Some(3));
    let child = span().in_scope(|_| tracer.span_default("child").run(async |_| 4));
    assert_eq!(child.now_or_never(), Some(4));
    let child = span().in_scope(|_| answer().in_span(tracer.span_default("child")));
    assert_eq!(child.now_or_never(), Some(42));
    assert_eq!(span().in_scope(|_| ready(5)).now_or_never(), Some(5));
    let bound = span().in_scope(|_| Some(Box::pin(async { 6 }.in_current_context())));
    assert_eq!(bound.unwrap().now_or_never(), Some(6));
    let twice: Vec<i32> = span().in_scope(|_| [1, 2].into_iter().map(|it| it * 2)).collect();
    assert_eq!(twice, [2, 4]);
    let running = span().in_scope(|_| Here.spawn_traced(|| 7).map(|it| it.unwrap()));
    assert_eq!(running.now_or_never(), Some(7));
    let boxed = span().in_scope(|_| -> Vec<Box<dyn Fn(Vec<u8>) -> usize>> { vec![] });
    assert!(boxed.is_empty());
    assert_eq!(*lines.lock().unwrap(), [""; 0]);
}

#[prela::trace]
fn makes(n: i32) -> impl Fn() -> i32 {
    move || n
}

#[test]
fn a_traced_function_may_return_a_closure() {
    let (capture, lines) = capture();
    assert_eq!(capture.run(|| makes(1)()), 1);
    assert_eq!(*lines.lock().unwrap(), [""; 0]);
}
