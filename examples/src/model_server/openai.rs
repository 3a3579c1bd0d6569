//! OpenAI's chat completions and embeddings.

use super::{Asked, json_of, streamed, whole};
use axum::body::Bytes;
use axum::response::Response;
use serde_json::{Value, json};

pub(super) async fn chat(body: Bytes) -> Response {
    let request = json_of(&body);
    let asked = Asked::of_messages(&request);
    let usage = json!({
        "prompt_tokens": asked.words.len() - 2,
        "completion_tokens": asked.words.len(),
        "total_tokens": 2 * asked.words.len() - 2,
    });
    let calls: Vec<_> = asked.tools.iter().enumerate().map(call).collect();
    let reason = if calls.is_empty() { "stop" } else { "tool_calls" };
    let head = |object: &str, choices: Value| json!({"id": "chatcmpl-1", "object": object, "created": 1, "model": asked.model, "choices": choices});
    if !asked.is_stream {
        let mut message = json!({"role": "assistant", "content": asked.text()});
        if !calls.is_empty() {
            message = json!({"role": "assistant", "content": null, "tool_calls": calls});
        }
        let choice = json!([{"index": 0, "message": message, "finish_reason": reason}]);
        let mut answer = head("chat.completion", choice);
        answer["usage"] = usage;
        return whole(&answer);
    }
    let chunk = |delta: Value, reason: Value| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
        head("chat.completion.chunk", choices)
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    if calls.is_empty() {
        let words = asked.words.iter().map(|word| json!({"content": format!("{word} ")}));
        chunks.extend(words.map(|word| chunk(word, Value::Null)));
    } else {
        chunks.push(chunk(json!({"tool_calls": calls}), Value::Null));
    }
    chunks.push(chunk(json!({}), reason.into()));
    if request["stream_options"]["include_usage"] == true {
        let mut last = head("chat.completion.chunk", json!([]));
        last["usage"] = usage;
        chunks.push(last);
    }
    let mut pieces: Vec<_> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    pieces.push("data: [DONE]\n\n".to_owned());
    streamed("text/event-stream", pieces)
}

fn call((index, (tool, arguments)): (usize, &(String, Value))) -> Value {
    json!({
        "index": index, "id": format!("call_{index}"), "type": "function",
        "function": {"name": tool, "arguments": arguments.to_string()},
    })
}

pub(super) async fn embeddings(body: Bytes) -> Response {
    let request = json_of(&body);
    let texts: Vec<_> = match &request["input"] {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        text => vec![text.as_str().unwrap_or_default()],
    };
    let data = texts.iter().enumerate().map(|(at, text)| {
        let vector = ['a', 'e', 'i', 'o', 'u'].map(|vowel| text.matches(vowel).count());
        json!({"object": "embedding", "index": at, "embedding": vector})
    });
    let data: Vec<_> = data.collect();
    let tokens: usize = texts.iter().map(|text| text.split(' ').count()).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    whole(&json!({"object": "list", "model": request["model"], "data": data, "usage": usage}))
}
