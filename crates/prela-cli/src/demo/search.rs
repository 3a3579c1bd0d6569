//! The other service: what the agent's tools ask over HTTP.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use prela::http::ServerLayer;
use prela::{SpanType, Tracer};
use std::time::Duration;

pub(super) fn router(tracer: &Tracer) -> Router {
    Router::new()
        .route("/offers/{what}", get(offers))
        .layer(ServerLayer::axum().tracer(tracer))
        .with_state(tracer.clone())
}

async fn offers(State(tracer): State<Tracer>, Path(what): Path<String>) -> String {
    let span = tracer.span("query_index", SpanType::Retrieval).attr("query", what.clone());
    span.run(async move |span| {
        // It takes its time, as an index on a disk does.
        let time = if what == "trains" { 45 } else { 70 };
        tokio::time::sleep(Duration::from_millis(time)).await;
        span.set_attribute("results_count", 3);
        format!("three {what} to Lisbon")
    })
    .await
}
