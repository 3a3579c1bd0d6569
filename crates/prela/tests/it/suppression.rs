//! Where nothing is recorded, whichever way a span is begun and whichever context is passed.

mod places;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use opentelemetry::trace::{
    SpanBuilder as OtelSpanBuilder, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use prela::otel::{OtelTracer, TracerProvider};
use prela::pool::SpawnTraced as _;
use prela::testing::Capture;
use prela::{
    FutureExt as _, RequestId, Session, SpanContext, SpanId, SpanType, TraceContext, TraceFlags,
    TraceId, TraceState, Tracer, baggage, new_trace_context, suppress,
};
use tokio::task::yield_now;

/// What spans are begun with.
#[derive(Clone, Debug)]
struct Instance {
    tracer: Tracer,
    provider: TracerProvider,
}

impl Instance {
    fn of(capture: &Capture) -> Self {
        Self { tracer: capture.tracer(), provider: capture.prela().provider() }
    }

    fn otel(&self) -> OtelTracer {
        self.provider.tracer("library")
    }
}

fn remote() -> TraceContext {
    let (trace, span) = (TraceId::from(0xfeed), SpanId::from(0xbeef));
    let parent = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
    Context::new().with_remote_span_context(parent).into()
}

type Way = (&'static str, fn(&Instance));

/// Every way to begin a span.
const WAYS: &[Way] = &[
    ("in_scope", |it| it.tracer.span_default("leak").in_scope(|_| ())),
    ("enter", |it| drop(it.tracer.span_default("leak").enter())),
    ("start", |it| drop(it.tracer.span_default("leak").start())),
    ("root", |it| it.tracer.span_default("leak").root().in_scope(|_| ())),
    ("an empty parent", |it| {
        it.tracer.span_default("leak").parent(&TraceContext::default()).in_scope(|_| ());
    }),
    ("a remote parent", |it| it.tracer.span_default("leak").parent(&remote()).in_scope(|_| ())),
    ("a remote parent, not in scope", |it| {
        drop(it.tracer.span_default("leak").parent(&remote()).start());
    }),
    ("below another context", |it| {
        TraceContext::default().run(|| it.tracer.span_default("leak").in_scope(|_| ()));
    }),
    ("below a remote context", |it| {
        let _guard = remote().attach();
        it.tracer.span_default("leak").in_scope(|_| ());
    }),
    ("below a new trace", |it| {
        new_trace_context(|_| it.tracer.span_default("leak").in_scope(|_| ()));
    }),
    ("below baggage", |it| {
        baggage::scope([("k", "v")], || it.tracer.span_default("leak").in_scope(|_| ()));
    }),
    ("with a request", |it| {
        RequestId::new().scope(|| it.tracer.span_default("leak").in_scope(|_| ()));
        it.tracer.span_default("leak").request_id_or_new().in_scope(|_| ());
        it.tracer.span_default("leak").session(&Session::new("s").unwrap()).in_scope(|_| ());
    }),
    ("with a sampler", |it| it.tracer.span_default("leak").sample_with(true).in_scope(|_| ())),
    ("run", |it| {
        let run = it.tracer.span_default("leak").run(async |_| {
            it.tracer.span_default("leak").in_scope(|_| ());
        });
        run.now_or_never().unwrap();
    }),
    ("run below a parent that was passed", |it| {
        let run = it.tracer.span_default("leak").parent(&remote()).run(async |_| ());
        run.now_or_never().unwrap();
    }),
    ("in_span", |it| {
        let inner = async { it.tracer.span_default("leak").in_scope(|_| ()) };
        inner.in_span(it.tracer.span_default("leak")).now_or_never().unwrap();
    }),
    ("a future in another context", |it| {
        let future = async { it.tracer.span_default("leak").in_scope(|_| ()) };
        future.in_context(TraceContext::default()).now_or_never().unwrap();
    }),
    ("OpenTelemetry's start", |it| drop(it.otel().start("leak"))),
    ("OpenTelemetry's start in an empty context", |it| {
        drop(it.otel().start_with_context("leak", &Context::new()));
    }),
    ("OpenTelemetry's start below another process", |it| {
        drop(it.otel().start_with_context("leak", remote().as_otel()));
    }),
    ("OpenTelemetry's builder", |it| {
        let builder = OtelSpanBuilder::from_name("leak").with_attributes([KeyValue::new("k", 1)]);
        drop(it.otel().build_with_context(builder, &Context::new()));
    }),
    ("OpenTelemetry's in_span", |it| {
        it.otel().in_span("leak", |_| it.tracer.span_default("leak").in_scope(|_| ()));
    }),
];

/// Ways that lead to another thread.
const ACROSS: &[Way] = &[
    ("a function with the context", |it| {
        let f = prela::copy_context_to_thread(|n: i32| {
            it.tracer.span("leak", SpanType::Tool).attr("n", n).in_scope(|_| ())
        });
        std::thread::scope(|threads| threads.spawn(|| f(1)).join().unwrap());
    }),
    ("a thread", |it| {
        let it = it.clone();
        prela::thread::spawn(move || every_way(&it)).join().unwrap();
    }),
    ("a thread from below another context", |it| {
        let it = it.clone();
        let thread = TraceContext::default().run(|| prela::thread::spawn(move || every_way(&it)));
        thread.join().unwrap();
    }),
    ("a pool", |it| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let it = it.clone();
        pool.spawn_traced(move || every_way(&it)).join().unwrap();
    }),
    ("a future that was made here", |it| {
        let run = it.tracer.span_default("leak").run(async |_| ());
        let with_parent = it.tracer.span_default("leak").parent(&remote()).run(async |_| ());
        let in_span = async {}.in_span(it.tracer.span_default("leak"));
        let bound = {
            let it = it.clone();
            TraceContext::current().bind(async move { every_way(&it) })
        };
        std::thread::scope(|threads| {
            threads.spawn(|| {
                run.now_or_never().unwrap();
                with_parent.now_or_never().unwrap();
                in_span.now_or_never().unwrap();
                bound.now_or_never().unwrap();
            });
        });
    }),
];

fn every_way(instance: &Instance) {
    WAYS.iter().for_each(|(_, way)| way(instance));
}

/// Checks each way by itself: below what suppresses nothing is recorded, and after it everything is.
#[track_caller]
fn check(ways: &[Way], below: impl Fn(&dyn Fn())) {
    for (name, way) in ways {
        let capture = Capture::new();
        let instance = Instance::of(&capture);
        instance.tracer.span_default("before").in_scope(|_| below(&|| way(&instance)));
        instance.tracer.span_default("after").in_scope(|_| ());
        assert_eq!(capture.tree(), "after  custom\nbefore  custom\n", "by {name}");
        let stats = capture.prela().stats();
        assert_eq!((stats.ended, stats.exported), (2, 2), "by {name}");
    }
}

#[test]
fn without_suppression_each_way_records() {
    for (name, way) in WAYS.iter().chain(ACROSS) {
        let capture = Capture::new();
        way(&Instance::of(&capture));
        assert!(!capture.spans().is_empty(), "by {name}");
    }
}

#[test]
fn below_suppress() {
    check(WAYS, |way| suppress(way));
    check(ACROSS, |way| suppress(way));
    // One within another, whose end is not the outer one's.
    check(WAYS, |way| {
        suppress(|| {
            suppress(|| ());
            way();
        });
    });
}

#[test]
fn in_a_suppressed_context() {
    check(WAYS, |way| TraceContext::default().suppressed().run(way));
    check(WAYS, |way| remote().suppressed().run(way));
    check(ACROSS, |way| TraceContext::current().suppressed().run(way));
    check(WAYS, |way| {
        let _guard = TraceContext::current().suppressed().attach();
        way();
    });
    // Guards may be dropped in any order.
    check(WAYS, |way| {
        let outer = TraceContext::current().suppressed().attach();
        let inner = TraceContext::default().suppressed().attach();
        drop(outer);
        way();
        drop(inner);
    });
}

#[test]
fn in_a_suppressed_future_and_stream() {
    check(WAYS, |way| async { way() }.suppressed().now_or_never().unwrap());
    check(ACROSS, |way| async { way() }.suppressed().now_or_never().unwrap());
    check(WAYS, |way| {
        let items = stream::iter([(), ()]).map(|()| way()).suppressed();
        assert_eq!(items.count().now_or_never(), Some(2));
    });
    // Between its polls, and after it, its thread records.
    let capture = Capture::new();
    let tracer = capture.tracer();
    let polled_twice = async {
        tracer.span_default("leak").in_scope(|_| ());
        yield_now().await;
        tracer.span_default("leak").in_scope(|_| ());
    };
    let other = async {
        tracer.span_default("other").in_scope(|_| ());
        yield_now().await;
        tracer.span_default("other").in_scope(|_| ());
    };
    block_on(async { tokio::join!(polled_twice.suppressed(), other) });
    assert_eq!(capture.tree(), "other  custom\nother  custom\n");
}

#[test]
fn in_a_scope_of_opentelemetry() {
    // What attaches a context without Prela cannot be seen by Prela.
    check(WAYS, |way| {
        let _guard = Context::enter_telemetry_suppressed_scope();
        way();
    });
    check(ACROSS, |way| {
        let _guard = Context::current().with_telemetry_suppressed().attach();
        way();
    });
}

#[test]
fn a_context_of_opentelemetry_that_is_attached_below_changes_nothing() {
    check(WAYS, |way| {
        suppress(|| {
            let _guard = Context::new().attach();
            way();
        });
    });
}

#[test]
fn what_suppression_leaves_alone() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let result = tracer.span_default("request").in_scope(|span| {
        suppress(|| {
            // The span that is open, its baggage, and what goes to other services.
            span.set_attribute("seen", true);
            assert_eq!(prela::current_span().unwrap().span_id(), span.span_id());
            let mut headers = Vec::<(String, String)>::new();
            prela::inject(&mut headers);
            assert!(headers[0].1.contains(&span.span_id().to_string()));
            tracer.span_default("leak").in_scope(|inner| {
                assert!(!inner.is_recording());
                assert!(baggage::set("k", "v"));
                assert_eq!(baggage::get("k").as_deref(), Some("v"));
            });
            assert_eq!(baggage::get("k"), None);
            tracer.span_default("leak").in_scope_result(|_| Err::<(), _>("kept"))
        })
    });
    assert_eq!(result, Err("kept"));
    assert_eq!(capture.tree(), "request  custom {seen: true}\n");
    assert_eq!(capture.prela().sampling_stats().total, 1);
}

#[test]
fn a_panic_ends_it() {
    let capture = Capture::new();
    let panic = std::panic::catch_unwind(|| suppress(|| panic!("out of suppression")));
    assert!(panic.is_err());
    capture.tracer().span_default("after").in_scope(|_| ());
    assert_eq!(capture.tree(), "after  custom\n");
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
