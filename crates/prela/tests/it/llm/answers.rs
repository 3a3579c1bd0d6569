//! What each provider answers, in whatever pieces it comes.

use prela::genai::{Message, Part, ToolCall, Usage};
use prela::llm::{Call, CallRecord};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
pub(super) const RESPONSES: &str = "/v1/responses";
pub(super) const MESSAGES: &str = "/v1/messages";
pub(super) const GEMINI: &str = "/v1beta/models/m:streamGenerateContent";
pub(super) const OLLAMA: &str = "/api/chat";

fn request(path: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    match path {
        COMPLETIONS => json!({"model": "m", "prompt": "Hi", "stream": stream}),
        RESPONSES => json!({"model": "m", "input": "Hi", "stream": stream}),
        GEMINI | "/v1beta/models/m:generateContent" => {
            json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})
        }
        _ => json!({"model": "m", "max_tokens": 5, "messages": messages, "stream": stream}),
    }
}

/// A call at this path that was recognised.
pub(super) fn call(path: &str, stream: bool, has_content: bool) -> Call {
    let body = request(path, stream).to_string();
    let call = Call::recognise("POST", None, path, body.as_bytes()).unwrap();
    if has_content { call.with_content(body.as_bytes()) } else { call }
}

/// The record of a body that comes in pieces of `size` bytes.
fn record(path: &str, stream: bool, has_content: bool, body: &str, size: usize) -> CallRecord {
    let mut call = call(path, stream, has_content);
    call.response(200, None);
    for piece in body.as_bytes().chunks(size) {
        call.chunk(piece, || Duration::from_secs(1));
    }
    call.finish()
}

/// A body of server-sent events.
fn events(events: &[Value]) -> String {
    let one = |event: &Value| match event["type"].as_str() {
        Some(kind) => format!("event: {kind}\ndata: {event}\n\n"),
        None => format!("data: {event}\n\n"),
    };
    events.iter().map(one).collect()
}

/// A body of JSON lines.
fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

/// What is read from an answer, however it comes.
struct Expected {
    id: Option<&'static str>,
    model: &'static str,
    reasons: &'static [&'static str],
    usage: Usage,
    output: Message,
}

/// Checks what is read from a body that comes in pieces of every size, with content and without.
#[track_caller]
fn check(path: &str, stream: bool, body: &str, expected: &Expected) {
    for size in (1..=body.len()).rev() {
        for has_content in [true, false] {
            let read = record(path, stream, has_content, body, size);
            assert_eq!(read.error, None, "{size}");
            assert_eq!(read.response.id.as_deref(), expected.id, "{size}");
            assert_eq!(read.response.model.as_deref(), Some(expected.model), "{size}");
            assert_eq!(read.response.finish_reasons, expected.reasons, "{size}");
            assert_eq!(read.usage, Some(expected.usage), "{size}");
            let is_first = stream.then_some(Duration::from_secs(1));
            assert_eq!(read.time_to_first_chunk, is_first, "{size}");
            let calls: Vec<_> = expected.output.tool_calls().cloned().collect();
            if has_content {
                assert_eq!(read.output, std::slice::from_ref(&expected.output), "{size}");
                assert_eq!(read.tool_calls, calls, "{size}");
            } else {
                assert!(read.output.is_empty(), "{size}");
                let bare = calls.into_iter().map(|mut call| {
                    call.arguments = Value::Null;
                    call
                });
                assert_eq!(read.tool_calls, bare.collect::<Vec<_>>(), "{size}");
            }
        }
    }
}

fn look(id: Option<&str>) -> ToolCall {
    let call = ToolCall::new("look", json!({"at": "ü"}));
    match id {
        Some(id) => call.id(id),
        None => call,
    }
}

#[test]
fn openais_chat_is_read_whole_and_in_pieces() {
    let expected = Expected {
        id: Some("c1"),
        model: "m-1",
        reasons: &["tool_calls"],
        usage: Usage::new(10, 5).cache_read(4).reasoning(2),
        output: Message::assistant("")
            .part(Part::Reasoning("Hm.".into()))
            .part("Héllo 🦀")
            .part(look(Some("t1")))
            .finish_reason("tool_call"),
    };
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}});
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c1", "object": "chat.completion.chunk", "model": "m-1", "usage": null,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let body = events(&[
        chunk(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null),
        chunk(json!({"reasoning_content": "Hm."}), Value::Null),
        chunk(json!({"content": "Héllo"}), Value::Null),
        chunk(json!({"content": " 🦀"}), Value::Null),
        chunk(
            json!({"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "look", "arguments": ""}}]}),
            Value::Null,
        ),
        chunk(
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"at\":"}}]}),
            Value::Null,
        ),
        chunk(
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "\"ü\"}"}}]}),
            Value::Null,
        ),
        chunk(json!({}), json!("tool_calls")),
        json!({"id": "c1", "model": "m-1", "choices": [], "usage": usage}),
    ]);
    check(CHAT, true, &format!("{body}data: [DONE]\n\n"), &expected);
    // Not every server has it.
    check(CHAT, true, &body, &expected);
    let whole = json!({"id": "c1", "object": "chat.completion", "model": "m-1", "usage": usage, "choices": [
        {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "reasoning_content": "Hm.", "content": "Héllo 🦀",
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"ü\"}"}}]}},
    ]});
    check(CHAT, false, &whole.to_string(), &expected);
}

#[test]
fn several_answers_and_calls_at_once_are_told_apart() {
    let call = |index: usize, id: &str, name: &str| json!({"index": index, "id": id, "function": {"name": name, "arguments": "{}"}});
    let body = events(&[
        json!({"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]}),
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [call(0, "t1", "x"), call(1, "t2", "y")]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}, {"index": 1, "delta": {}, "finish_reason": "length"}]}),
    ]);
    let read = record(CHAT, true, true, &body, 7);
    assert_eq!(read.response.finish_reasons, ["stop", "length"]);
    assert_eq!(read.output.len(), 2);
    let ids: Vec<_> = read.tool_calls.iter().filter_map(|call| call.id.as_deref()).collect();
    assert_eq!(ids, ["t1", "t2"]);
}

#[test]
fn openais_completions_are_read_in_pieces() {
    let expected = Expected {
        id: Some("c1"),
        model: "m-1",
        reasons: &["length"],
        usage: Usage::new(10, 5),
        output: Message::assistant("Hello").finish_reason("length"),
    };
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5});
    let chunk = |text: &str, reason: Value| json!({"id": "c1", "object": "text_completion", "model": "m-1", "choices": [{"index": 0, "text": text, "finish_reason": reason}]});
    let body = events(&[
        chunk("Hel", Value::Null),
        chunk("lo", json!("length")),
        json!({"id": "c1", "object": "text_completion", "model": "m-1", "choices": [], "usage": usage}),
    ]);
    check(COMPLETIONS, true, &body, &expected);
}

#[test]
fn openais_responses_are_read_whole_and_in_pieces() {
    let expected = Expected {
        id: Some("r1"),
        model: "m-1",
        reasons: &["tool_calls"],
        usage: Usage::new(10, 5).cache_read(4).reasoning(2),
        output: Message::assistant("")
            .part(Part::Reasoning("Hm.".into()))
            .part("Hello")
            .part(look(Some("t1")))
            .finish_reason("tool_call"),
    };
    let output = json!([
        {"type": "reasoning", "id": "x", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]},
        {"type": "function_call", "id": "y", "call_id": "t1", "name": "look", "arguments": "{\"at\":\"ü\"}"},
    ]);
    let response = |status: &str, output: &Value, usage: &Value| json!({"id": "r1", "object": "response", "model": "m-1", "status": status, "error": null, "output": output, "usage": usage});
    let usage = json!({"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}, "output_tokens_details": {"reasoning_tokens": 2}});
    let whole = response("completed", &output, &usage);
    let body = events(&[
        json!({"type": "response.created", "response": response("in_progress", &json!([]), &Value::Null)}),
        json!({"type": "response.output_text.delta", "delta": "Hel", "output_index": 1}),
        json!({"type": "response.output_text.delta", "delta": "lo", "output_index": 1}),
        json!({"type": "response.output_item.done", "output_index": 2, "item": output[2]}),
        json!({"type": "response.completed", "response": whole}),
    ]);
    check(RESPONSES, true, &body, &expected);
    check(RESPONSES, false, &whole.to_string(), &expected);
    // Broken off: what came so far.
    let cut = body.split("event: response.completed").next().unwrap();
    let read = record(RESPONSES, true, true, cut, 7);
    assert_eq!(read.response.id.as_deref(), Some("r1"));
    assert_eq!(read.tool_calls, [look(Some("t1"))]);
    assert_eq!(read.error.unwrap().error_type, "incomplete");
}

#[test]
fn anthropics_messages_are_read_whole_and_in_pieces() {
    let expected = Expected {
        id: Some("msg_1"),
        model: "m-1",
        reasons: &["tool_use"],
        usage: Usage::new(100, 5).cache_read(70).cache_creation(20),
        output: Message::assistant("")
            .part(Part::Reasoning("Hm.".into()))
            .part("Hello")
            .part(look(Some("t1")))
            .finish_reason("tool_use"),
    };
    let usage = json!({"input_tokens": 10, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output_tokens": 1});
    let body = events(&[
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-1", "content": [], "stop_reason": null, "usage": usage}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo"}}),
        json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t1", "name": "look", "input": {}}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{\"at\":"}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "\"ü\"}"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ]);
    check(MESSAGES, true, &body, &expected);
    let whole = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m-1", "stop_reason": "tool_use",
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output_tokens": 5},
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "ü"}},
    ]});
    check(MESSAGES, false, &whole.to_string(), &expected);
}

#[test]
fn a_sign_of_life_is_no_first_chunk() {
    let mut call = call(MESSAGES, true, false);
    call.response(200, Some("text/event-stream; charset=utf-8"));
    call.chunk(b": hello\n\ndata: {\"type\": \"ping\"}\n\n", || Duration::from_secs(1));
    call.chunk(b"data: {\"type\": \"message_start\", \"message\": {}}\n\n", || {
        Duration::from_secs(2)
    });
    call.chunk(b"data: {\"type\": \"message_stop\"}\n\n", || Duration::from_secs(3));
    assert_eq!(call.finish().time_to_first_chunk, Some(Duration::from_secs(2)));
}

#[test]
fn geminis_content_is_read_whole_and_in_pieces() {
    let expected = Expected {
        id: Some("g1"),
        model: "m-1",
        reasons: &["STOP"],
        usage: Usage::new(10, 5).reasoning(2),
        output: Message::assistant("")
            .part(Part::Reasoning("Hm.".into()))
            .part("Hello")
            .part(look(None))
            .finish_reason("stop"),
    };
    let part = |part: Value| json!({"responseId": "g1", "modelVersion": "m-1", "candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}], "usageMetadata": {"promptTokenCount": 10}});
    let mut last = part(json!({"functionCall": {"name": "look", "args": {"at": "ü"}}}));
    last["candidates"][0]["finishReason"] = "STOP".into();
    last["usageMetadata"] =
        json!({"promptTokenCount": 10, "candidatesTokenCount": 3, "thoughtsTokenCount": 2});
    let pieces = [
        part(json!({"text": "Hm.", "thought": true})),
        part(json!({"text": "Hel"})),
        part(json!({"text": "lo"})),
        last,
    ];
    check(GEMINI, true, &events(&pieces), &expected);
    check(GEMINI, true, &json!(pieces).to_string(), &expected);
    let mut whole = pieces[3].clone();
    whole["candidates"][0]["content"]["parts"] =
        pieces.iter().map(|it| it["candidates"][0]["content"]["parts"][0].clone()).collect();
    let read = record("/v1beta/models/m:generateContent", false, true, &whole.to_string(), 3);
    assert_eq!(read.usage, Some(expected.usage));
    let blocked = record(
        GEMINI,
        true,
        false,
        &events(&[json!({"promptFeedback": {"blockReason": "SAFETY"}})]),
        3,
    );
    assert_eq!((blocked.response.finish_reasons, blocked.error), (vec!["SAFETY".to_owned()], None));
}

#[test]
fn ollamas_chat_is_read_whole_and_in_pieces() {
    let expected = Expected {
        id: None,
        model: "m-1",
        reasons: &["stop"],
        usage: Usage::new(10, 5),
        output: Message::assistant("")
            .part(Part::Reasoning("Hm.".into()))
            .part("Hello")
            .part(look(None))
            .finish_reason("stop"),
    };
    let piece = |message: Value| json!({"model": "m-1", "created_at": "x", "message": message, "done": false});
    let last = json!({"model": "m-1", "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "stop", "prompt_eval_count": 10, "eval_count": 5, "eval_duration": 7});
    let call = json!([{"function": {"name": "look", "arguments": {"at": "ü"}}}]);
    let body = lines(&[
        piece(json!({"role": "assistant", "content": "", "thinking": "Hm."})),
        piece(json!({"role": "assistant", "content": "Hel"})),
        piece(json!({"role": "assistant", "content": "lo"})),
        piece(json!({"role": "assistant", "content": "", "tool_calls": call})),
        last.clone(),
    ]);
    check(OLLAMA, true, &body, &expected);
    let mut whole = last;
    whole["message"] =
        json!({"role": "assistant", "content": "Hello", "thinking": "Hm.", "tool_calls": call});
    check(OLLAMA, false, &whole.to_string(), &expected);

    let request = r#"{"model": "m", "prompt": "Hi"}"#;
    let mut call = Call::recognise("POST", None, "/api/generate", request.as_bytes())
        .unwrap()
        .with_content(request.as_bytes());
    call.response(200, Some("application/x-ndjson"));
    let body = lines(&[
        json!({"model": "m-1", "response": "Hel", "done": false}),
        json!({"model": "m-1", "response": "lo", "done": true, "prompt_eval_count": 3}),
    ]);
    call.chunk(body.as_bytes(), || Duration::ZERO);
    assert!(call.is_done());
    assert_eq!(call.finish().output, [Message::assistant("Hello").finish_reason("stop")]);
}

#[test]
fn embeddings_are_done_with_their_end_and_have_no_first_chunk() {
    let vector = vec![0.125; 1536];
    for (path, request, body, tokens) in [
        (
            "/v1/embeddings",
            json!({"model": "m", "input": ["a"]}),
            json!({"object": "list", "data": [{"embedding": vector}], "model": "m-1", "usage": {"prompt_tokens": 8, "total_tokens": 8}}),
            Some(8),
        ),
        (
            "/api/embed",
            json!({"model": "m", "input": "a"}),
            json!({"model": "m-1", "embeddings": [vector], "prompt_eval_count": 8}),
            Some(8),
        ),
        (
            "/v1beta/models/m-1:embedContent",
            json!({"content": {"parts": [{"text": "a"}]}}),
            json!({"embedding": {"values": vector}}),
            None,
        ),
    ] {
        let mut call = Call::recognise("POST", None, path, request.to_string().as_bytes()).unwrap();
        call.response(200, Some("application/json"));
        for piece in body.to_string().as_bytes().chunks(100) {
            assert!(!call.is_done());
            call.chunk(piece, || Duration::ZERO);
        }
        assert!(call.is_done());
        let read = call.finish();
        assert_eq!(read.usage.and_then(|usage| usage.input_tokens), tokens, "{path}");
        assert_eq!((read.error, read.time_to_first_chunk), (None, None));
    }
}

/// Some compatible servers send each call whole, in a chunk of its own, and all with the same number or none.
#[test]
fn calls_that_come_whole_are_told_apart() {
    for index in [json!(0), Value::Null] {
        let calls = ["a", "b"].map(|id| {
            let function = json!({"name": format!("look_{id}"), "arguments": "{\"at\":1}"});
            let call = json!({"index": index, "id": id, "type": "function", "function": function});
            json!({"id": "c1", "object": "chat.completion.chunk", "model": "m-1",
                "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": null}]})
        });
        let read = record(CHAT, true, true, &events(&calls), 64);
        let expected =
            ["a", "b"].map(|id| ToolCall::new(format!("look_{id}"), json!({"at": 1})).id(id));
        assert_eq!(read.tool_calls, expected, "{index}");
    }
}
