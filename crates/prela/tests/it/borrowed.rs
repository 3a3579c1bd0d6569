//! Below OpenTelemetry's `get_active_span` and `Context::map_current` nothing can become current. What is
//! done there with Prela neither panics nor is lost, as it was in open-telemetry/opentelemetry-rust#3510.

use futures_util::{FutureExt as _, StreamExt as _, stream};
use opentelemetry::Context;
use opentelemetry::trace::{
    TraceContextExt as _, Tracer as _, TracerProvider as _, get_active_span,
};
use prela::span::{SpanData, SpanProcessor};
use prela::testing::Capture;
use prela::{FutureExt as _, RequestId, Span, Status, TraceContext, Tracer, baggage, suppress};
use std::cell::RefCell;

/// Runs something while OpenTelemetry's thread-local is borrowed.
type Borrowing = fn(&mut dyn FnMut());

const BORROWING: &[(&str, Borrowing)] = &[
    ("get_active_span", |f| get_active_span(|_| f())),
    ("map_current", |f| Context::map_current(|_| f())),
    ("both", |f| Context::map_current(|_| get_active_span(|_| f()))),
    ("within a value of the context", |f| {
        drop(Context::map_current(|cx| {
            f();
            cx.with_value(1)
        }));
    }),
];

type Action = (&'static str, fn(&Tracer), &'static [&'static str]);

/// What may be called there, and the spans that it makes.
const ACTIONS: &[Action] = &[
    (
        "in_scope",
        |it| it.span_default("made").in_scope(|span| span.set_attribute("k", 1).end()),
        &["made"],
    ),
    (
        "in_scope_result",
        |it| {
            let result = it.span_default("made").in_scope_result(|_| Err::<(), _>("kept"));
            assert_eq!(result, Err("kept"));
        },
        &["made"],
    ),
    (
        "nested scopes",
        |it| {
            it.span_default("made").in_scope(|_| it.span_default("inner").in_scope(|_| ()));
        },
        &["inner", "made"],
    ),
    ("enter", |it| drop(it.span_default("made").enter()), &["made"]),
    ("start", |it| drop(it.span_default("made").start()), &["made"]),
    ("a root", |it| it.span_default("made").root().in_scope(|_| ()), &["made"]),
    (
        "a parent that is passed",
        |it| it.span_default("made").parent(&TraceContext::default()).in_scope(|_| ()),
        &["made"],
    ),
    (
        "run",
        |it| {
            let run =
                it.span_default("made").run(async |span| span.set_attribute("k", 1).is_recording());
            assert_eq!(run.now_or_never(), Some(true));
        },
        &["made"],
    ),
    (
        "in_span",
        |it| {
            let future = async { it.span_default("inner").in_scope(|_| ()) };
            future.in_span(it.span_default("made")).now_or_never().unwrap();
            drop(std::future::pending::<()>().in_span(it.span_default("never polled")));
        },
        &["inner", "made"],
    ),
    (
        "a future that is dropped",
        |it| {
            let mut pending =
                Box::pin(std::future::pending::<()>().in_span(it.span_default("made")));
            assert_eq!(pending.as_mut().now_or_never(), None);
        },
        &["made"],
    ),
    (
        "a stream",
        |it| {
            let items = stream::iter([1, 2]).in_span(it.span_default("made"));
            assert_eq!(items.count().now_or_never(), Some(2));
        },
        &["made"],
    ),
    ("in_context", |_| async {}.in_context(TraceContext::default()).now_or_never().unwrap(), &[]),
    (
        "contexts",
        |_| {
            TraceContext::current().run(|| ());
            drop(TraceContext::default().attach());
            TraceContext::current().wrap(|| ())();
            prela::copy_context_to_thread(|()| ())(());
            prela::new_trace_context(|_| ());
            suppress(|| ());
            assert!(prela::log_ids().to_string().len() < 200);
            let _ = (prela::current_span(), prela::current_trace_id(), prela::enrich([("k", 1)]));
            RequestId::new().scope(|| ());
        },
        &[],
    ),
    (
        "baggage",
        |_| {
            baggage::scope([("k", "v")], || {
                assert!(!baggage::set("l", "w"), "nothing would bound it")
            });
            assert!(!baggage::set("k", "v"));
            assert_eq!(baggage::get("k"), None);
        },
        &[],
    ),
    (
        "threads",
        |it| {
            let it = it.clone();
            prela::thread::spawn(move || it.span_default("made").in_scope(|_| ())).join().unwrap();
        },
        &["made"],
    ),
    (
        "a panic",
        |it| {
            let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                it.span_default("made").in_scope(|_| panic!("of the user's"));
            }));
            assert_eq!(*panic.unwrap_err().downcast::<&str>().unwrap(), "of the user's");
        },
        &["made"],
    ),
];

#[test]
fn each_action_works_and_its_spans_are_recorded() {
    for (borrowing, borrow) in BORROWING {
        for (name, action, spans) in ACTIONS {
            let capture = Capture::new();
            let tracer = capture.tracer();
            let outer = tracer.span_default("outer").in_scope(|outer| {
                borrow(&mut || action(&tracer));
                // Nothing stayed behind.
                let current = prela::current_span().unwrap().span_id();
                assert_eq!(current, outer.span_id(), "after {name} below {borrowing}");
                tracer.span_default("later").in_scope(|later| {
                    assert_eq!(later.parent_span_id(), Some(outer.span_id()));
                });
                outer.span_id()
            });
            assert!(prela::current_span().is_none());
            let mut seen = Vec::new();
            for span in capture.spans() {
                if !["outer", "later"].contains(&&*span.name) {
                    seen.push(span.name.to_string());
                    // What is current outside is the parent, for those that have one.
                    let is_alone = ["a root", "a parent that is passed"].contains(name);
                    assert_eq!(span.parent_span_id, (!is_alone).then_some(outer), "{name}");
                }
            }
            seen.sort();
            assert_eq!(seen, *spans, "by {name} below {borrowing}");
        }
    }
}

#[test]
fn scopes_that_could_not_become_current_are_counted() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let before = capture.prela().stats().not_current;
    get_active_span(|_| {
        tracer.span_default("a").in_scope(|_| tracer.span_default("b").in_scope(|_| ()));
        TraceContext::current().run(|| ());
    });
    // Others of this process may be counted as well.
    assert!(capture.prela().stats().not_current >= before + 3);
    assert_eq!(capture.tree(), "a  custom\nb  custom\n");
}

#[test]
fn guards_that_are_dropped_there_give_way_afterwards() {
    for (name, borrow) in BORROWING {
        let capture = Capture::new();
        let tracer = capture.tracer();
        let outer = tracer.span_default("outer").enter();
        let span = tracer.span_default("entered").enter();
        assert!(baggage::set("k", "v"));
        let context = TraceContext::default().attach();
        let guards = RefCell::new(Some((context, span)));
        borrow(&mut || {
            drop(guards.take());
            // The spans are over.
            assert!(!baggage::set("l", "w"));
        });
        assert_eq!(prela::current_span().unwrap().span_id(), outer.span_id(), "below {name}");
        assert_eq!(baggage::get("k"), None);
        tracer.span_default("later").in_scope(|_| ());
        drop(outer);
        assert!(prela::current_span().is_none());
        tracer.span_default("root").in_scope(|_| ());
        assert_eq!(
            capture.tree(),
            "outer  custom\n  entered  custom\n  later  custom\nroot  custom\n",
            "below {name}"
        );
    }
}

#[test]
fn guards_that_are_dropped_there_in_a_scope_of_prelas_give_way_too() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    tracer.span_default("outer").in_scope(|_| {
        let guard = RefCell::new(Some(tracer.span_default("entered").enter()));
        get_active_span(|_| drop(guard.take()));
        tracer.span_default("later").in_scope(|_| ());
    });
    tracer.span_default("root").in_scope(|_| ());
    assert_eq!(capture.tree(), "outer  custom\n  entered  custom\n  later  custom\nroot  custom\n");
}

#[test]
fn hooks_that_opentelemetry_runs_below_its_borrow() {
    /// Enters scopes of its own.
    struct Enters(Tracer);

    impl SpanProcessor for Enters {
        fn on_start(&self, _: &Span, parent: &TraceContext) {
            parent.run(|| self.0.span_default("at the start").in_scope(|_| ()));
        }

        fn on_end(&self, _: &SpanData) {
            TraceContext::default().run(|| self.0.span_default("at the end").in_scope(|_| ()));
        }
    }

    let other = Capture::new();
    let capture = Capture::with(|builder| builder.processor(Enters(other.tracer())));
    let otel = capture.prela().provider().tracer("library");
    drop(otel.start("started"));
    otel.in_span("in span", |_| get_active_span(|span| span.end()));
    otel.in_span("in span", |cx| cx.span().set_status(Status::Ok));
    assert_eq!(capture.spans().len(), 3);
    assert_eq!(other.spans().len(), 6);
}
