//! The other service: what the agent's tools ask over HTTP.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use prela::Tracer;
use prela::genai::Document;
use prela::http::ServerLayer;
use std::time::Duration;

pub(super) fn router(tracer: &Tracer) -> Router {
    Router::new()
        .route("/offers/{what}", get(offers))
        .layer(ServerLayer::axum().tracer(tracer))
        .with_state(tracer.clone())
}

async fn offers(State(tracer): State<Tracer>, Path(what): Path<String>) -> String {
    let search = tracer.retrieval("offers").query(what.clone()).top_k(3);
    search
        .run(async move |search| {
            // It takes its time, as an index on a disk does.
            let time = if what == "trains" { 45 } else { 70 };
            tokio::time::sleep(Duration::from_millis(time)).await;
            let found = [("1", 0.91), ("2", 0.74), ("3", 0.52)].map(|(number, score)| {
                let text = format!("{what} to Lisbon, offer {number}");
                Document::new(format!("{what}-{number}")).score(score).content(text)
            });
            search.documents(&found);
            format!("three {what} to Lisbon")
        })
        .await
}
