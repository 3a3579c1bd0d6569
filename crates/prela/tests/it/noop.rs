//! A tracer whose instance was shut down does nothing, and user code runs once.

use prela::{FutureExt as _, SpanType, TraceContext};
use std::cell::Cell;

/// A tracer whose instance was shut down.
fn tracer() -> prela::Tracer {
    let capture = prela::testing::Capture::new();
    let tracer = capture.tracer();
    capture.prela().shutdown(std::time::Duration::from_secs(10));
    tracer
}

#[test]
fn every_scope_runs_its_code_once() {
    let tracer = tracer();
    let runs = Cell::new(0);
    let count = || runs.set(runs.get() + 1);
    let span =
        || tracer.span("work", SpanType::Agent).attr("a", 1).root().link(&TraceContext::default());

    assert!(span().is_noop());
    span().in_scope(|_| count());
    let error = span().in_scope_result(|_| -> Result<(), &str> {
        count();
        Err("mine")
    });
    assert_eq!(error, Err("mine"));
    let ready = futures_util::FutureExt::now_or_never(span().run(async |_| count()));
    assert_eq!(ready, Some(()));
    let ready = futures_util::FutureExt::now_or_never(async { count() }.in_span(span()));
    assert_eq!(ready, Some(()));
    let failed = span().run_result(async |_| Err::<(), _>("mine"));
    assert_eq!(futures_util::FutureExt::now_or_never(failed), Some(Err("mine")));
    {
        let _guard = span().enter();
        count();
    }
    drop(span().start());
    prela::new_trace_context(|_| count());
    assert_eq!(runs.get(), 6);
}

#[test]
fn a_service_that_records_nothing_passes_its_callers_trace_on() {
    let tracer = tracer();
    let headers = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    let caller =
        prela::extract(&headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
    let span = || tracer.span("handle", SpanType::Agent).parent(&caller);
    let seen = [
        span().in_scope(|_| prela::current_trace_id()),
        futures_util::FutureExt::now_or_never(span().run(async |_| prela::current_trace_id()))
            .flatten(),
        {
            let _guard = span().enter();
            prela::current_trace_id()
        },
    ];
    assert_eq!(seen, [caller.trace_id(); 3]);
    assert_eq!(prela::current_trace_id(), None);
}

#[test]
fn operations_on_a_span_that_is_not_there() {
    let span = prela::Span::none();
    span.set_attribute("a", 1).add_event("e", [("a", 1)]).record_error("no").update_name("n").end();
    assert!(!span.is_recording());
    assert_eq!((span.parent_span_id(), span.span_type(), &*span.name()), (None, None, ""));
    assert_eq!(format!("{span:?}"), "Span(none)");
}

#[test]
fn there_is_no_span_outside() {
    std::thread::spawn(|| {
        assert!(prela::current_span().is_none());
        assert_eq!(prela::current_trace_id(), None);
        assert_eq!(prela::trace_context().span_id(), None);
        assert!(!prela::enrich([("a", 1)]));
        let seen = prela::copy_context_to_thread(|n: i32| (n, prela::current_trace_id()))(4);
        assert_eq!(seen, (4, None));
    })
    .join()
    .expect("nothing panics");
}
