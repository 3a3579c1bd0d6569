use prela::{FutureExt as _, SpanType, TraceContext};

fn main() {
    let span = || prela::tracer().span("work", SpanType::Custom);
    let _ = Some(1).in_span(span());
    let _ = Some(1).in_current_context();
    let _ = TraceContext::current().bind(1);
    let _ = prela::RequestId::new().bind(String::new());
}
