//! Responses of each provider.

use prela::genai::{Message, Response, ToolCall, Transcript};
use serde_json::{Value, json};

fn call() -> Message {
    Message::assistant("See:").part(ToolCall::new("look", json!({"at": 1})).id("c1"))
}

/// One answer with a call of a tool, as each provider that gives ids writes it.
fn calling() -> [(&'static str, Value); 3] {
    [
        (
            "tool_calls",
            json!({"id": "r1", "model": "m1", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": "See:",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":1}"}}],
            }}]}),
        ),
        (
            "tool_calls",
            json!({"id": "r1", "model": "m1", "status": "completed", "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "See:"}]},
                {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"at\":1}"},
            ]}),
        ),
        (
            "tool_use",
            json!({"id": "r1", "model": "m1", "role": "assistant", "stop_reason": "tool_use", "content": [
                {"type": "text", "text": "See:"},
                {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 1}},
            ]}),
        ),
    ]
}

#[test]
fn answers_that_call_tools() {
    for (reason, response) in calling() {
        let output = Transcript::from(&response).into_output();
        assert_eq!(output, [call().finish_reason("tool_call")], "{response}");
        let read = Response::read(&response);
        assert_eq!((read.id.as_deref(), read.model.as_deref()), (Some("r1"), Some("m1")));
        assert_eq!(read.finish_reasons, [reason]);
    }
}

#[test]
fn gemini_has_no_reason_for_calls() {
    let response = json!({"responseId": "r1", "modelVersion": "m1", "candidates": [
        {"finishReason": "STOP", "content": {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]}},
        {"finishReason": "SAFETY"},
    ]});
    let output = Transcript::from(&response).into_output();
    let expected = [
        Message::assistant("").part(ToolCall::new("look", json!({}))).finish_reason("tool_call"),
        Message::assistant("").finish_reason("content_filter"),
    ];
    assert_eq!(output, expected);
    let read = Response::read(&response);
    assert_eq!((read.id.as_deref(), read.model.as_deref()), (Some("r1"), Some("m1")));
    assert_eq!(read.finish_reasons, ["STOP", "SAFETY"]);
}

#[test]
fn answers_of_one_text() {
    for response in [
        json!("Hi"),
        json!({"choices": [{"text": "Hi", "finish_reason": "length"}]}),
        json!({"message": {"role": "assistant", "content": "Hi"}, "done_reason": "length"}),
        json!({"response": "Hi", "done": true, "done_reason": "length"}),
        json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
        ]}),
        json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}, "stopReason": "max_tokens"}),
        json!([{"role": "assistant", "content": "Hi", "finish_reason": "length"}]),
    ] {
        let reason = if response.is_string() { "stop" } else { "length" };
        let output = Transcript::from(&response).into_output();
        assert_eq!(output, [Message::assistant("Hi").finish_reason(reason)], "{response}");
    }
}

#[test]
fn statuses_of_responses() {
    for (status, reason) in [
        ("completed", "stop"),
        ("failed", "error"),
        ("cancelled", "cancelled"),
        ("incomplete", "incomplete"),
    ] {
        let read = Response::read(&json!({"status": status, "output": []}));
        assert_eq!(read.finish_reasons, [reason]);
    }
    assert!(Response::read(&json!({"status": "in_progress"})).finish_reasons.is_empty());
}
