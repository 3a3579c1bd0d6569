use prela::{Span, SpanType};

async fn of_a_user() {
    let span = || prela::tracer().span("work", SpanType::Custom);
    span().in_scope(async |span| {
        span.set_attribute("k", 1);
    }).await;
    span().in_scope(async |_: &Span| ()).await;
}

fn main() {
    drop(of_a_user());
}
