//! A background job that is no part of the request that started it.
//!
//! You will see three traces: `handle_request` with `response`; `background_job`, a root without the
//! request's baggage, after which the request is whole again; and `root_operation`.

use prela::{SpanType, baggage};
use prela_examples::count_primes;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("background-jobs")?;
    let tracer = prela::tracer();

    tracer.span("handle_request", SpanType::Agent).in_scope(|request| {
        baggage::set("user_id", "user123");

        // A clean slate: no current span, no baggage.
        prela::new_trace_context(|cx| {
            assert_eq!(cx.trace_id(), None);
            assert!(cx.baggage().is_empty());

            tracer.span("background_job", SpanType::Custom).in_scope(|job| {
                assert_eq!(job.parent_span_id(), None); // a root
                assert_ne!(job.trace_id(), request.trace_id());
                println!("background_job in trace {}", job.trace_id());
                job.set_attribute("primes", count_primes(10_000));
            });
        });

        let cx = prela::trace_context();
        assert_eq!(cx.span_id(), Some(request.span_id()));
        assert_eq!(cx.baggage().get("user_id"), Some("user123"));
        println!("handle_request in trace {}", request.trace_id());
        tracer.span("response", SpanType::Custom).in_scope(|_| {});
    });

    // For a single span the builder can do it; unlike above, baggage stays.
    tracer.span("root_operation", SpanType::Custom).root().in_scope(|root| {
        assert_eq!(root.parent_span_id(), None);
    });
    Ok(())
}
