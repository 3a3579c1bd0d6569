//! Baggage: values that go along with the trace, into child spans and into thread pools.
//!
//! You will see what `child` and the pool's `worker` find in their baggage, and two traces, `root` and
//! `parent`, with those values as attributes where the code wrote them.

use prela::pool::SpawnTraced as _;
use prela::{SpanType, baggage};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("baggage-app")?;
    let tracer = prela::tracer();

    tracer.span("root", SpanType::Agent).in_scope(|_| {
        baggage::set("user_id", "user123");
        baggage::set("request_id", "req456");

        tracer.span("child", SpanType::Custom).in_scope(|child| {
            let user_id = baggage::get("user_id").unwrap_or_default();
            println!("Processing for user: {user_id}");
            child.set_attribute("user_id", user_id);

            // What a child sets ends with the child.
            baggage::set("step", "1");
        });
        assert_eq!(baggage::get("step"), None);

        // A scope of its own, without a span.
        baggage::scope([("tenant", "acme")], || {
            let keys: Vec<_> = baggage::all().iter().map(|entry| entry.key().to_owned()).collect();
            println!("In the scope: {keys:?}");
        });
        assert_eq!(baggage::get("tenant"), None);
    });
    assert_eq!(baggage::get("user_id"), None, "baggage ends with the span that set it");

    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    tracer.span("parent", SpanType::Agent).in_scope_result(|_| {
        // Set BEFORE the job is submitted: its context is the one of that moment.
        baggage::set("session_id", "session789");

        let worker = pool.spawn_traced(|| {
            prela::tracer().span("worker", SpanType::Custom).in_scope(|span| {
                let session_id = baggage::get("session_id").unwrap_or_default();
                span.set_attribute("session_id", &session_id);
                println!("Session: {session_id}");
            });
        });
        worker.join()?;

        // The pool's thread is clean again: a plain job sees nothing.
        assert_eq!(pool.install(|| baggage::get("session_id")), None);
        Ok(())
    })
}
