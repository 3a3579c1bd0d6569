//! On which thread a span begins.

use prela::span::SpanProcessor;
use prela::{Span, TraceContext};
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

/// Notes on each span the thread that it begins on, so that the doctor knows it.
#[derive(Debug)]
pub(super) struct Threads;

impl SpanProcessor for Threads {
    fn on_start(&self, span: &Span, _parent: &TraceContext) {
        span.set_attribute("thread.id", NUMBER.with(|number| *number));
        if let Some(name) = thread::current().name() {
            span.set_attribute("thread.name", name.to_owned());
        }
    }
}

static NEXT: AtomicI64 = AtomicI64::new(1);

thread_local! {
    static NUMBER: i64 = NEXT.fetch_add(1, Ordering::Relaxed);
}
