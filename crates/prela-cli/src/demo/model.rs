//! A stand-in for a model: it speaks OpenAI's protocol, streams, and always gives the same answer.

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::{StreamExt as _, stream};
use http::header::CONTENT_TYPE;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

pub(super) const MODEL: &str = "stub-1";
const ANSWER: &str = "Take the night train on Friday: it is the cheapest, and the hotel beside the station has a room.";

const ID: &str = "chatcmpl-1";
const KIND: &str = "chat.completion.chunk";

pub(super) fn router() -> Router {
    Router::new().route("/v1/chat/completions", post(complete))
}

async fn complete() -> Response {
    let words = ANSWER.split_inclusive(' ').map(
        |word| json!({ "id": ID, "object": KIND, "model": MODEL, "choices": [{ "index": 0, "delta": { "content": word } }] }),
    );
    let end = json!({ "id": ID, "object": KIND, "model": MODEL, "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({
        "id": ID,
        "object": KIND,
        "model": MODEL,
        "choices": [],
        "usage": { "prompt_tokens": 1_240, "completion_tokens": ANSWER.split(' ').count() },
    });
    let events: Vec<_> =
        words.chain([end, usage]).map(|event| format!("data: {event}\n\n")).collect();
    let events = stream::iter(events).chain(stream::iter(["data: [DONE]\n\n".to_owned()]));
    let body = events.then(async |event| {
        tokio::time::sleep(Duration::from_millis(6)).await;
        Ok::<_, Infallible>(event)
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}
