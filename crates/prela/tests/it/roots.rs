//! Attributes of the local root, from below.

use prela::span::SpanData;
use prela::testing::Capture;
use prela::{FutureExt as _, TraceContext, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

fn attribute(capture: &Capture, name: &str, key: &str) -> Option<Value> {
    let spans = capture.spans();
    let span: &Arc<SpanData> = spans.iter().find(|span| span.name == name).unwrap();
    span.attribute(key).cloned()
}

/// open-telemetry/opentelemetry-specification#2109: what is only known below was lost to the root.
#[test]
fn the_root_is_reached_from_every_thread_and_task() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    assert!(!prela::enrich_root([("lost", 1)]), "there is no span");
    tracer.span_default("request").in_scope(|_| {
        assert!(prela::enrich_root([("itself", 1)]));
        tracer.span_default("step").in_scope(|_| {
            assert!(prela::enrich_root([("below", 2)]));
            tracer.span_default("deep").in_scope(|_| assert!(prela::enrich_root([("deep", 3)])));
            let cx = TraceContext::current();
            let on_thread = || {
                cx.run(|| {
                    tracer.span_default("on_thread").in_scope(|_| prela::enrich_root([("t", 4)]))
                })
            };
            assert!(thread::scope(|scope| scope.spawn(on_thread).join().unwrap()));
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
            let task = async { prela::enrich_root([("task", 5)]) };
            let task = task.in_span(tracer.span_default("task"));
            assert!(runtime.unwrap().block_on(async { tokio::spawn(task).await.unwrap() }));
            assert!(!thread::spawn(|| prela::enrich_root([("elsewhere", 6)])).join().unwrap());
        });
        // A span without a scope is not current.
        let _owned = tracer.span_default("owned").start();
        assert!(prela::enrich_root([("still", 7)]));
    });
    for (key, value) in
        [("itself", 1), ("below", 2), ("deep", 3), ("t", 4), ("task", 5), ("still", 7)]
    {
        assert_eq!(attribute(&capture, "request", key), Some(Value::I64(value)), "{key}");
        assert_eq!(attribute(&capture, "step", key), None, "{key}");
    }
    assert_eq!(attribute(&capture, "request", "elsewhere"), None);
}

/// Tests that run side by side have the same ids.
#[test]
fn a_root_is_one_of_the_same_instance() {
    let captures = [(); 3].map(|()| Capture::new());
    let spans = captures.each_ref().map(|capture| {
        let root = capture.tracer().span_default("root").start();
        let child = capture.tracer().span_default("child").parent(&root.context()).start();
        (root, child)
    });
    for (n, (_, child)) in spans.iter().enumerate() {
        assert!(child.context().run(|| prela::enrich_root([("n", n as i64)])));
    }
    let [(root, child), others @ ..] = spans;
    drop(root);
    assert!(!child.context().run(|| prela::enrich_root([("late", true)])));
    drop((child, others));
    for (n, capture) in captures.iter().enumerate() {
        assert_eq!(attribute(capture, "root", "n"), Some(Value::I64(n as i64)));
        assert_eq!(attribute(capture, "root", "late"), None);
    }
}

#[test]
fn a_root_that_has_ended_takes_nothing_nor_does_the_next_in_its_place() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    for _ in 0..10 {
        let (root, child) = {
            let root = tracer.span_default("root").start();
            let child = tracer.span_default("child").parent(&root.context()).start();
            (root, child)
        };
        let cx = child.context();
        assert!(cx.run(|| prela::enrich_root([("in_time", true)])));
        drop(root);
        assert!(!cx.run(|| prela::enrich_root([("late", true)])));
        // Other spans take its memory.
        tracer.span_default("next").in_scope(|_| {
            assert!(!cx.run(|| prela::enrich_root([("late", true)])));
            assert!(prela::enrich_root([("own", true)]));
        });
    }
    for span in capture.spans() {
        assert_eq!(span.attribute("late"), None, "{}", span.name);
        assert_eq!(span.attribute("in_time").is_some(), span.name == "root");
        assert_eq!(span.attribute("own").is_some(), span.name == "next");
    }
}

/// open-telemetry/opentelemetry-java#6876: a new root inside of a trace was passed over.
#[test]
fn each_part_of_a_trace_in_one_process_has_its_own_root() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span_default("client").in_scope(|_| {
        let mut headers = HashMap::<String, String>::new();
        prela::inject(&mut headers);
        let server = tracer.span_default("server").parent(&prela::extract(&headers));
        let client = TraceContext::current();
        server.in_scope(|_| {
            tracer.span_default("handler").in_scope(|_| {
                assert!(prela::enrich_root([("who", "server")]));
                client.run(|| assert!(prela::enrich_root([("who", "client")])));
            });
        });
        // What is only known of another process has no root here.
        assert!(!prela::extract(&headers).run(|| prela::enrich_root([("who", "nobody")])));
        prela::new_trace_context(|_| {
            assert!(!prela::enrich_root([("who", "nobody")]));
            tracer.span_default("job").in_scope(|_| assert!(prela::enrich_root([("who", "job")])));
        });
        let background = tracer.span_default("background").root();
        background.in_scope(|_| assert!(prela::enrich_root([("who", "background")])));
    });
    for name in ["client", "server", "job", "background"] {
        assert_eq!(attribute(&capture, name, "who"), Some(name.into()));
    }
}

#[test]
fn instances_and_samplers_keep_their_own() {
    let (a, b, none) = (Capture::new(), Capture::new(), Capture::with(|it| it.sampler(0.0)));
    a.tracer().span_default("a").in_scope(|_| {
        a.tracer().span_default("a_child").in_scope(|_| {
            assert!(prela::enrich_root([("who", "a")]));
        });
    });
    b.tracer().span_default("b").in_scope(|_| {
        b.tracer().span_default("b_child").in_scope(|_| {
            assert!(prela::enrich_root([("who", "b")]));
        });
    });
    none.tracer().span_default("unsampled").in_scope(|_| {
        assert!(!prela::enrich_root([("who", "nobody")]));
        none.tracer().span_default("child").in_scope(|_| {
            assert!(!prela::enrich_root([("who", "nobody")]));
        });
    });
    assert_eq!(attribute(&a, "a", "who"), Some("a".into()));
    assert_eq!(attribute(&b, "b", "who"), Some("b".into()));
    a.prela().shutdown(std::time::Duration::from_secs(5));
    assert!(!a.tracer().span_default("late").in_scope(|_| prela::enrich_root([("who", "late")])));
}

#[test]
fn spans_of_opentelemetrys_api_are_roots_and_below_them() {
    use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
    let capture = Capture::new();
    let otel = capture.prela().provider().tracer("library");
    let root = otel.start("of_a_library");
    let cx = opentelemetry::Context::new().with_span(root);
    {
        let _guard = cx.clone().attach();
        capture.tracer().span_default("own").in_scope(|_| {
            assert!(prela::enrich_root([("who", "library")]));
        });
        let child = otel.start_with_context("child", &cx);
        let _guard = cx.with_span(child).attach();
        assert!(prela::enrich_root([("again", 1)]));
    }
    cx.span().end();
    assert_eq!(attribute(&capture, "of_a_library", "who"), Some("library".into()));
    assert_eq!(attribute(&capture, "of_a_library", "again"), Some(Value::I64(1)));
}

#[test]
fn many_threads_reach_their_own_roots() {
    let capture = Capture::new();
    thread::scope(|scope| {
        for worker in 0..4_i64 {
            let tracer = capture.tracer();
            scope.spawn(move || {
                for item in 0..50_i64 {
                    let id = worker * 1_000 + item;
                    tracer.span_default("root").attr("id", id).in_scope(|_| {
                        tracer.span_default("child").in_scope(|_| {
                            assert!(prela::enrich_root([("seen", id)]));
                        });
                    });
                }
            });
        }
    });
    let spans = capture.spans();
    let roots: Vec<_> = spans.iter().filter(|span| span.name == "root").collect();
    assert_eq!(roots.len(), 200);
    for root in roots {
        assert_eq!(root.attribute("id"), root.attribute("seen"));
    }
}
