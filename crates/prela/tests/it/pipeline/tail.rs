//! Traces that the sampler left out, and that are kept by how they end.

use super::adds_up;
use prela::pipeline::TailRule;
use prela::testing::Capture;
use prela::{Sampler, SpanType};
use std::time::Duration;

fn capture(rule: TailRule) -> Capture {
    Capture::with(|builder| {
        builder.sampler(Sampler::always_off()).keep_traces(rule).diagnostics(|_| ())
    })
}

/// A trace of three spans, whose root ends like this.
fn trace(capture: &Capture, fails: bool, takes: Duration) {
    let tracer = capture.tracer();
    tracer.span("root", SpanType::Agent).in_scope(|root| {
        for name in ["one", "two"] {
            tracer.span(name, SpanType::Tool).in_scope(|span| {
                span.set_status(prela::Status::error("got over"));
            });
        }
        capture.clock().advance(takes);
        if fails {
            root.set_status(prela::Status::error("no seats"));
        }
    });
}

#[test]
fn a_trace_that_ends_in_an_error_is_kept_whole() {
    let capture = capture(TailRule::new().with_errors());
    trace(&capture, false, Duration::ZERO);
    trace(&capture, true, Duration::ZERO);
    let spans = capture.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["one", "two", "root"]);
    assert!(spans.iter().all(|span| span.span_context.is_sampled()));
    assert_eq!(spans[2].attribute("prela.kept_by"), Some(&"error".into()));
    let stats = capture.prela().stats();
    adds_up(&stats);
    assert_eq!((stats.ended, stats.unsampled, stats.exported), (6, 3, 3));
}

#[test]
fn a_trace_that_takes_long_is_kept() {
    let capture = capture(TailRule::new().longer_than(Duration::from_secs(1)));
    trace(&capture, true, Duration::from_secs(1));
    trace(&capture, false, Duration::from_secs(2));
    let spans = capture.spans();
    assert_eq!(spans.len(), 3);
    assert_eq!(spans[2].attribute("prela.kept_by"), Some(&"duration".into()));
}

#[test]
fn callees_see_what_the_sampler_said() {
    let capture = capture(TailRule::new().with_errors());
    capture.tracer().span("root", SpanType::Agent).in_scope(|span| {
        assert!(span.is_recording());
        assert!(!prela::trace_context().is_sampled());
    });
}

#[test]
fn a_span_that_ends_late_follows_its_trace() {
    let capture = capture(TailRule::new().with_errors());
    for fails in [true, false] {
        let tracer = capture.tracer();
        let late = tracer.span("root", SpanType::Agent).in_scope(|root| {
            if fails {
                root.set_status(prela::Status::error("no seats"));
            }
            tracer.span("late", SpanType::Tool).start()
        });
        drop(late);
    }
    let names: Vec<_> = capture.spans().iter().map(|span| span.name.clone()).collect();
    assert_eq!(names, ["root", "late"]);
    let stats = capture.prela().stats();
    adds_up(&stats);
    assert_eq!((stats.unsampled, stats.queued), (2, 0));
}

#[test]
fn what_is_held_is_counted_and_bounded() {
    let capture = capture(TailRule::new().with_errors().max_spans(4));
    let tracer = capture.tracer();
    // Two traces that are open: the one that is held longest makes room.
    let roots = [(); 2].map(|()| tracer.span("root", SpanType::Agent).start());
    for root in &roots {
        for _ in 0..3 {
            drop(tracer.span_default("child").parent(&root.context()).start());
        }
    }
    let stats = capture.prela().stats();
    adds_up(&stats);
    assert_eq!((stats.queued, stats.dropped_by.undecided), (3, 3));
    for root in roots {
        root.set_status(prela::Status::error("no seats"));
        drop(root);
    }
    // The root of the first is kept, without its children.
    assert_eq!(capture.spans().len(), 5);
    adds_up(&capture.prela().stats());
}

#[test]
fn sampled_traces_do_not_wait() {
    let capture = Capture::with(|builder| builder.keep_traces(TailRule::new().with_errors()));
    let tracer = capture.tracer();
    let root = tracer.span("root", SpanType::Agent).start();
    drop(tracer.span_default("child").parent(&root.context()).start());
    assert_eq!(capture.spans().len(), 1);
}

#[test]
fn a_shutdown_leaves_out_what_is_undecided() {
    let capture = capture(TailRule::new().with_errors());
    let tracer = capture.tracer();
    let root = tracer.span("root", SpanType::Agent).start();
    drop(tracer.span_default("child").parent(&root.context()).start());
    let stats = capture.prela().shutdown(Duration::from_secs(60)).stats;
    adds_up(&stats);
    assert_eq!((stats.ended, stats.unsampled), (1, 1));
    drop(root);
    adds_up(&capture.prela().stats());
}
