//! What the process's panic hook hears of. In a process of its own: there is one hook for all.

use opentelemetry::Context;
use opentelemetry::trace::get_active_span;
use prela::testing::Capture;
use prela::{TraceContext, baggage, suppress};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A service may end, or call somebody, in its hook. Where a scope of Prela's cannot become current,
/// there is nothing to hear of.
#[test]
fn a_scope_that_cannot_become_current_is_no_panic_to_the_hook() {
    static HEARD: AtomicUsize = AtomicUsize::new(0);
    panic::set_hook(Box::new(|_| {
        HEARD.fetch_add(1, Ordering::SeqCst);
    }));
    let capture = Capture::new();
    let tracer = capture.tracer();
    get_active_span(|_| {
        tracer.span_default("a").in_scope(|_| tracer.span_default("b").in_scope(|_| ()));
        drop(tracer.span_default("c").enter());
    });
    Context::map_current(|_| {
        suppress(|| ());
        baggage::scope([("k", "v")], || ());
        drop(TraceContext::default().attach());
    });
    let mut guards = vec![tracer.span_default("d").enter()];
    Context::map_current(|_| guards.clear());
    assert_eq!(HEARD.load(Ordering::SeqCst), 0);
    assert_eq!(capture.spans().len(), 4);

    // Those of others are heard: in a scope that is not current, and where others try the same.
    let in_a_scope = || {
        get_active_span(|_| tracer.span_default("e").in_scope(|_| panic!("of the user's")));
    };
    assert!(catch_unwind(AssertUnwindSafe(in_a_scope)).is_err());
    assert_eq!(HEARD.load(Ordering::SeqCst), 1);
    assert!(catch_unwind(|| Context::map_current(|_| drop(Context::new().attach()))).is_err());
    assert_eq!(HEARD.load(Ordering::SeqCst), 2);

    // One that takes the place of all before it hears of the first.
    panic::set_hook(Box::new(|_| {
        HEARD.fetch_add(100, Ordering::SeqCst);
    }));
    for _ in 0..3 {
        get_active_span(|_| tracer.span_default("f").in_scope(|_| ()));
        assert_eq!(HEARD.load(Ordering::SeqCst), 102);
    }
    assert!(catch_unwind(|| panic!("of the user's")).is_err());
    assert_eq!(HEARD.load(Ordering::SeqCst), 202);
}
