//! Below a capture its instance is the one that is found: tests of code that uses the global instance run
//! side by side.

use futures_util::{StreamExt as _, stream};
use http_body_util::Empty;
use prela::pool::{SpawnTraced as _, as_completed};
use prela::testing::Capture;
use prela::{FutureExt as _, Session, SpanContext, SpanType, TraceContext};
use std::convert::Infallible;
use std::thread;
use tower::{Layer as _, ServiceExt as _};

#[prela::trace]
fn leaf(n: usize) -> usize {
    n
}

#[prela::trace]
async fn leaf_async(n: usize) -> usize {
    tokio::task::yield_now().await;
    leaf(n)
}

fn names(capture: &Capture) -> Vec<String> {
    let mut names: Vec<_> = capture.spans().iter().map(|span| span.name.to_string()).collect();
    names.sort();
    names
}

/// What looks for the global instance, and the spans that it makes.
type Way = (&'static str, fn(), &'static [&'static str]);

const WAYS: &[Way] = &[
    (
        "a macro",
        || {
            leaf(1);
        },
        &["leaf"],
    ),
    ("a tracer", || prela::tracer().span_default("it").in_scope(|_| ()), &["it"]),
    ("a session", || Session::new("s").unwrap().operation("it").in_scope(|_| ()), &["it"]),
    (
        "a thread",
        || {
            prela::thread::spawn(|| leaf(1)).join().unwrap();
        },
        &["leaf"],
    ),
    (
        "a function with the context",
        || {
            let leaf = prela::copy_context_to_thread(leaf);
            thread::scope(|threads| threads.spawn(|| leaf(1)).join().unwrap());
        },
        &["leaf"],
    ),
    (
        "a pool",
        || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
            assert_eq!(as_completed([1, 2].map(|n| pool.spawn_traced(move || leaf(n)))).count(), 2);
        },
        &["leaf", "leaf"],
    ),
    (
        "a parent that is passed",
        || {
            let remote: TraceContext = prela::extract(&[(
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            )]);
            prela::tracer().span_default("it").parent(&remote).in_scope(|span| {
                // Below no capture it is not there.
                assert!(!span.is_recording() || Some(span.trace_id()) == remote.trace_id());
                leaf(1);
                prela::thread::spawn(|| leaf(1)).join().unwrap();
            });
        },
        &["it", "leaf", "leaf"],
    ),
    (
        "another context",
        || {
            TraceContext::default().run(|| leaf(1));
        },
        &["leaf"],
    ),
    (
        "a new trace",
        || {
            prela::new_trace_context(|_| leaf(1));
        },
        &["leaf"],
    ),
    (
        "a suppressed one",
        || {
            prela::suppress(|| leaf(1));
        },
        &[],
    ),
];

#[test]
fn each_way_finds_the_capture() {
    for (name, way, expected) in WAYS {
        let capture = Capture::new();
        capture.run(way);
        assert_eq!(names(&capture), *expected, "by {name}");
        way();
        assert_eq!(names(&capture).len(), expected.len(), "after it, by {name}");
    }
}

#[test]
fn what_was_made_before_finds_it_as_well() {
    let (tracer, layer) = (prela::tracer(), prela::http::ServerLayer::new());
    let service = layer.layer(tower::service_fn(|_: http::Request<Empty<&[u8]>>| async {
        leaf(1);
        Ok::<_, Infallible>(http::Response::new(Empty::<&[u8]>::new()))
    }));
    let capture = Capture::new();
    block_on(capture.bind(async {
        tracer.span_default("it").in_scope(|_| ());
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let request = http::Request::get("/").header("traceparent", traceparent);
        let response = service.oneshot(request.body(Empty::new()).unwrap()).await.unwrap();
        drop(response);
    }));
    assert_eq!(names(&capture), ["GET", "it", "leaf"]);
}

#[test]
fn captures_are_isolated_on_many_threads() {
    thread::scope(|threads| {
        for n in 1..20 {
            threads.spawn(move || {
                let capture = Capture::new();
                capture.run(|| {
                    for _ in 0..n {
                        WAYS[0].1();
                        thread::yield_now();
                    }
                });
                assert_eq!(names(&capture), vec!["leaf"; n]);
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn captures_are_isolated_in_tasks() {
    let tasks = (1..20).map(|n| {
        tokio::spawn(async move {
            let capture = Capture::new();
            let work = capture.bind(async {
                prela::tracer()
                    .span("outer", SpanType::Agent)
                    .run(async |outer| {
                        for n in 0..n {
                            leaf_async(n).await;
                            prela::task::spawn(leaf_async(n)).await.unwrap();
                        }
                        outer.span_context()
                    })
                    .await
            });
            let outer: SpanContext = work.await;
            let spans = capture.spans();
            assert_eq!(spans.len(), 1 + 4 * n);
            assert!(spans.iter().all(|span| span.span_context.trace_id() == outer.trace_id()));
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

struct Agent;

#[prela::trace_impl]
impl Agent {
    #[prela::trace(fields(n = n), span_type = "tool")]
    async fn step(&self, n: usize) -> usize {
        leaf_async(n).await
    }

    #[prela::trace(retry = prela::retry::RetryPolicy::new(2))]
    async fn fails(&self) -> Result<(), String> {
        Err("no".to_owned())
    }
}

/// The argument of `bind` is made before it is called.
#[tokio::test]
async fn a_traced_function_that_is_bound() {
    let capture = Capture::new();
    assert_eq!(capture.bind(leaf_async(1)).await, 1);
    assert_eq!(names(&capture), ["leaf", "leaf_async"]);
    assert_eq!(capture.tree().matches("\n  leaf  ").count(), 1, "{}", capture.tree());
    let capture = Capture::new();
    assert_eq!(capture.bind(Agent.step(2)).await, 2);
    assert!(capture.tree().contains("Agent::step  tool {"), "{}", capture.tree());
    assert!(capture.tree().contains(", n: 2}\n  leaf_async"), "{}", capture.tree());
    let capture = Capture::new();
    capture.bind(Agent.fails()).await.unwrap_err();
    assert_eq!(names(&capture), ["Agent::fails", "attempt", "attempt"]);
    // Made below another capture, it is that one's.
    let (outer, inner) = (Capture::new(), Capture::new());
    let future = outer.run(|| leaf_async(3));
    inner.bind(future).await;
    assert_eq!((names(&outer).len(), names(&inner).len()), (2, 0));
}

#[tokio::test]
async fn futures_and_streams_that_were_made_below() {
    let capture = Capture::new();
    let (future, stream) = capture.run(|| {
        let future = leaf_async(1).in_current_context();
        (future, stream::iter([1, 2]).map(leaf).in_span(prela::tracer().span_default("stream")))
    });
    future.await;
    assert_eq!(capture.bind(stream).collect::<Vec<_>>().await, [1, 2]);
    assert_eq!(names(&capture), ["leaf", "leaf", "leaf", "leaf_async", "stream"]);
}

#[test]
fn one_within_another() {
    let [outer, inner] = [(); 2].map(|()| Capture::new());
    outer.run(|| {
        prela::tracer().span_default("outer").in_scope(|_| {
            inner.run(|| {
                assert!(prela::current_span().is_none(), "of the other instance");
                prela::tracer().span_default("inner").in_scope(|span| {
                    assert_eq!(prela::current_span().unwrap().span_id(), span.span_id());
                    assert!(prela::enrich([("k", 1)]));
                    outer.run(|| leaf(1));
                });
                // The same again is no other.
                inner.run(|| leaf(2));
            });
            leaf(3);
        });
    });
    assert_eq!(names(&inner), ["inner", "leaf"]);
    assert_eq!(names(&outer), ["leaf", "leaf", "outer"]);
    assert!(inner.tree().starts_with("inner  custom {k: 1}\n"));
}

#[test]
fn a_capture_may_be_below_a_span_of_its_own() {
    let capture = Capture::new();
    capture.tracer().span_default("outer").in_scope(|_| {
        capture.run(|| prela::tracer().span_default("inner").in_scope(|_| ()));
    });
    assert_eq!(capture.tree(), "outer  custom\n  inner  custom\n");
}

#[test]
fn a_panic_leaves_it() {
    let capture = Capture::new();
    let run = std::panic::AssertUnwindSafe(|| capture.run(|| panic!("out of the capture")));
    assert!(std::panic::catch_unwind(run).is_err());
    leaf(1);
    assert!(capture.spans().is_empty());
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
