//! Anthropic's messages.

use super::{Asked, json_of, streamed, text_of, whole};
use axum::body::Bytes;
use axum::response::Response;
use serde_json::{Value, json};

pub(super) async fn messages(body: Bytes) -> Response {
    let request = json_of(&body);
    let content = &request["messages"]
        .as_array()
        .and_then(|all| all.last())
        .unwrap_or(&Value::Null)["content"];
    let results = content.as_array().into_iter().flatten().filter(|it| it["type"] == "tool_result");
    let results: Vec<_> = results.map(|it| text_of(&it["content"])).collect();
    let are_of_tools = !results.is_empty();
    let texts = if are_of_tools { results } else { vec![text_of(content)] };
    let asked = Asked::new(&request, texts, are_of_tools);

    let calls = asked.tools.iter().enumerate().map(|(at, (tool, arguments))| {
        json!({"type": "tool_use", "id": format!("toolu_{at}"), "name": tool, "input": arguments})
    });
    let calls: Vec<_> = calls.collect();
    let reason = if calls.is_empty() { "end_turn" } else { "tool_use" };
    let (input, output) = (asked.words.len() - 2, asked.words.len());
    let message = |content: Value, reason: Value, output: usize| {
        let usage = json!({"input_tokens": input, "output_tokens": output});
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": asked.model,
            "content": content, "stop_reason": reason, "usage": usage})
    };
    if !asked.is_stream {
        let text = json!([{"type": "text", "text": asked.text()}]);
        let content = if calls.is_empty() { text } else { calls.into() };
        return whole(&message(content, reason.into(), output));
    }
    let mut events =
        vec![json!({"type": "message_start", "message": message(json!([]), Value::Null, 1)})];
    events.push(json!({"type": "ping"}));
    if calls.is_empty() {
        let block = json!({"type": "text", "text": ""});
        events.push(json!({"type": "content_block_start", "index": 0, "content_block": block}));
        for word in &asked.words {
            let delta = json!({"type": "text_delta", "text": format!("{word} ")});
            events.push(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": 0}));
    }
    for (at, mut call) in calls.into_iter().enumerate() {
        // The arguments come in a piece of their own.
        let arguments = std::mem::replace(&mut call["input"], json!({}));
        events.push(json!({"type": "content_block_start", "index": at, "content_block": call}));
        let delta = json!({"type": "input_json_delta", "partial_json": arguments.to_string()});
        events.push(json!({"type": "content_block_delta", "index": at, "delta": delta}));
        events.push(json!({"type": "content_block_stop", "index": at}));
    }
    let usage = json!({"output_tokens": output});
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}));
    events.push(json!({"type": "message_stop"}));
    let event = |event: &Value| {
        let kind = event["type"].as_str().unwrap_or_default();
        format!("event: {kind}\ndata: {event}\n\n")
    };
    streamed("text/event-stream", events.iter().map(event).collect())
}
