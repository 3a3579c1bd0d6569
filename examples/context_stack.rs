//! What is the current span, here and on other threads.
//!
//! You will see the names of the current span as scopes open and close, and what four threads find:
//! nothing, the parent, the parent again, and nothing. The two that find nothing start traces of
//! their own: the last one's function was wrapped too early.

use prela::thread::ScopeExt as _;
use prela::{SpanType, TraceContext};
use std::error::Error;
use std::thread;

fn current_name() -> String {
    prela::current_span().map_or("nothing".to_owned(), |span| span.name().into_owned())
}

fn worker(how: &str) {
    println!("  {how}: {}", current_name());
    prela::tracer().span("worker_task", SpanType::Custom).in_scope(|span| {
        span.set_attribute("how", how);
    });
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("context-stack")?;
    let tracer = prela::tracer();

    println!("A stack of spans, outside: {}", current_name());
    tracer.span_default("level_1").in_scope(|_| {
        println!("  {}", current_name());
        tracer.span_default("level_2").in_scope(|_| println!("    {}", current_name()));
        println!("  {} again", current_name());
    });

    println!("Threads see:");
    // WRONG: wrapped outside of the span, there is no context to capture.
    let wrapped_too_early = prela::copy_context_to_thread(worker);

    tracer.span_default("parent").in_scope(|parent| {
        let children = tracer.span_default("child").in_scope(|child| child.parent_span_id());
        assert_eq!(children, Some(parent.span_id()));

        // RIGHT: wrapped inside, once, for any number of calls.
        let wrapped = prela::copy_context_to_thread(worker);

        thread::scope(|threads| {
            // One after another, only so that the lines below come in order.
            let _ = threads.spawn(|| worker("a plain thread")).join();
            let _ = threads.spawn(|| wrapped("wrapped inside the parent")).join();
            let _ = threads.spawn_traced(|| worker("spawned by Prela")).join();
            let _ = threads.spawn(|| wrapped_too_early("wrapped too early")).join();
        });

        // The same by hand: a snapshot of the context, run somewhere else.
        let cx = TraceContext::current();
        let job = cx.wrap(prela::current_trace_id);
        assert_eq!(thread::spawn(job).join().ok().flatten(), Some(parent.trace_id()));
    });
    println!("Outside again: {}", current_name());
    Ok(())
}
