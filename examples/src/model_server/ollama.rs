//! Ollama's chat.

use super::{Asked, json_of, streamed, whole};
use axum::body::Bytes;
use axum::response::Response;
use serde_json::{Value, json};

pub(super) async fn chat(body: Bytes) -> Response {
    let request = json_of(&body);
    let asked = Asked::of_messages(&request);
    let calls = asked
        .tools
        .iter()
        .map(|(tool, arguments)| json!({"function": {"name": tool, "arguments": arguments}}));
    let calls: Vec<_> = calls.collect();
    let piece = |message: Value| json!({"model": asked.model, "message": message, "done": false});
    let last = |message: Value| {
        json!({"model": asked.model, "message": message, "done": true, "done_reason": "stop",
            "prompt_eval_count": asked.words.len() - 2, "eval_count": asked.words.len()})
    };
    let calling = || json!({"role": "assistant", "content": "", "tool_calls": calls});
    // Here it is a stream that is the default.
    if request["stream"] == false {
        let text = json!({"role": "assistant", "content": asked.text()});
        return whole(&last(if calls.is_empty() { text } else { calling() }));
    }
    let mut pieces = Vec::new();
    if calls.is_empty() {
        let words = asked.words.iter();
        let words = words.map(|word| json!({"role": "assistant", "content": format!("{word} ")}));
        pieces.extend(words.map(piece));
    } else {
        pieces.push(piece(calling()));
    }
    pieces.push(last(json!({"role": "assistant", "content": ""})));
    streamed("application/x-ndjson", pieces.iter().map(|piece| format!("{piece}\n")).collect())
}
