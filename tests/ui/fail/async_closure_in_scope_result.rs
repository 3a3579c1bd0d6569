use prela::SpanType;

async fn of_a_user() -> Result<(), String> {
    let span = prela::tracer().span("work", SpanType::Custom);
    span.in_scope_result(async |_| Ok::<(), String>(())).await
}

fn main() {
    drop(of_a_user());
}
