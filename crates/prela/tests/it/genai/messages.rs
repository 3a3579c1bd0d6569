//! Messages of each provider become those of the conventions' schema.

use prela::genai::{Message, ToolCall, ToolDefinition, Transcript};
use serde_json::{Value, json};

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "it is written in place")]
fn check(given: &Value, expected: Value) {
    let read: Vec<_> =
        Transcript::from(given).into_input().messages.iter().map(Message::to_json).collect();
    assert_eq!(Value::from(read), expected, "{given}");
}

#[test]
fn messages_of_openais_chat_are_read_as_the_conventions_have_them() {
    check(
        &json!([
            {"role": "system", "content": "Be short."},
            {"role": "developer", "content": [{"type": "text", "text": "Really."}]},
            {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "wav"}},
                {"type": "file", "file": {"file_id": "f1"}},
            ]},
            {"role": "assistant", "content": null, "refusal": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":1}"}},
                {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "not json"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "", "refusal": "No."},
        ]),
        json!([
            {"role": "system", "parts": [{"type": "text", "content": "Be short."}]},
            {"role": "developer", "parts": [{"type": "text", "content": "Really."}]},
            {"role": "user", "name": "ann", "parts": [
                {"type": "text", "content": "What is this?"},
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
                {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "BBBB"},
                {"type": "file", "modality": "document", "file_id": "f1"},
            ]},
            {"role": "assistant", "parts": [
                {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": 1}},
                {"type": "tool_call", "id": "c2", "name": "look", "arguments": "not json"},
            ]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "a cat"}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c2", "response": "a\nb"}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "No."}]},
        ]),
    );
}

#[test]
fn items_of_openais_responses_are_read_as_messages() {
    check(
        &json!([
            {"role": "user", "content": [
                {"type": "input_text", "text": "Weather?"},
                {"type": "input_image", "image_url": "https://example.com/a.png"},
                {"type": "input_file", "file_id": "f1"},
            ]},
            {"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "function_call", "id": "fc1", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sun."}]},
            {"type": "web_search_call", "id": "w1", "status": "completed"},
        ]),
        json!([
            {"role": "user", "parts": [
                {"type": "text", "content": "Weather?"},
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
                {"type": "file", "modality": "document", "file_id": "f1"},
            ]},
            {"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}]},
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "sunny"}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "Sun."}]},
            {"role": "assistant", "parts": [{"type": "web_search_call", "id": "w1", "status": "completed"}]},
        ]),
    );
}

#[test]
fn messages_of_anthropic_are_read_as_the_conventions_have_them() {
    check(
        &json!([
            {"role": "user", "content": [
                {"type": "text", "text": "See"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
                {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "x"},
                {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a cat"}]},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t2", "content": "ok"},
                {"type": "text", "text": "And now?"},
            ]},
        ]),
        json!([
            {"role": "user", "parts": [
                {"type": "text", "content": "See"},
                {"type": "blob", "modality": "image", "mime_type": "image/jpeg", "content": "AAAA"},
                {"type": "uri", "modality": "document", "uri": "https://example.com/a.pdf"},
            ]},
            {"role": "assistant", "parts": [
                {"type": "reasoning", "content": "Hm."},
                {"type": "tool_call", "id": "t1", "name": "look", "arguments": {"at": 1}},
            ]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t1", "response": "a cat"}]},
            {"role": "user", "parts": [
                {"type": "tool_call_response", "id": "t2", "response": "ok"},
                {"type": "text", "content": "And now?"},
            ]},
        ]),
    );
}

#[test]
fn contents_of_gemini_are_read_as_messages() {
    check(
        &json!([
            {"role": "user", "parts": [
                {"text": "See"},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"fileData": {"mimeType": "video/mp4", "fileUri": "https://example.com/v"}},
            ]},
            {"role": "model", "parts": [
                {"text": "Hm.", "thought": true},
                {"functionCall": {"name": "look", "args": {"at": 1}}},
                {"executableCode": {"language": "PYTHON", "code": "1"}},
            ]},
            {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"seen": "a cat"}}}]},
        ]),
        json!([
            {"role": "user", "parts": [
                {"type": "text", "content": "See"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
                {"type": "uri", "modality": "video", "mime_type": "video/mp4", "uri": "https://example.com/v"},
            ]},
            {"role": "assistant", "parts": [
                {"type": "reasoning", "content": "Hm."},
                {"type": "tool_call", "id": null, "name": "look", "arguments": {"at": 1}},
                {"type": "executableCode", "executableCode": {"language": "PYTHON", "code": "1"}},
            ]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": null, "response": {"seen": "a cat"}}]},
        ]),
    );
}

#[test]
fn messages_of_ollama_are_read_as_the_conventions_have_them() {
    check(
        &json!([
            {"role": "user", "content": "See", "images": ["AAAA"]},
            {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [{"function": {"name": "look", "arguments": {"at": 1}}}]},
            {"role": "tool", "tool_name": "look", "content": "a cat"},
        ]),
        json!([
            {"role": "user", "parts": [
                {"type": "text", "content": "See"},
                {"type": "blob", "modality": "image", "content": "AAAA"},
            ]},
            {"role": "assistant", "parts": [
                {"type": "reasoning", "content": "Hm."},
                {"type": "tool_call", "id": null, "name": "look", "arguments": {"at": 1}},
            ]},
            {"role": "tool", "name": "look", "parts": [{"type": "tool_call_response", "id": null, "response": "a cat"}]},
        ]),
    );
}

#[test]
fn those_of_the_conventions_stay_as_they_are() {
    let own = json!([
        {"role": "user", "parts": [
            {"type": "text", "content": "See"},
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
            {"type": "uri", "modality": "video", "uri": "https://example.com/v"},
            {"type": "file", "modality": "image", "file_id": "f1"},
        ]},
        {"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "reasoning", "content": "Hm."},
            {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": 1}},
            {"type": "of_tomorrow", "content": 7},
        ]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"seen": "a cat"}}]},
    ]);
    check(&own, own.clone());
}

#[test]
fn anything_else_is_read_without_harm() {
    let parts =
        json!([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]);
    assert_eq!(Transcript::from(parts).into_input().messages[0].parts.len(), 2);
    check(&json!("Hi"), json!([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]));
    check(
        &json!({"role": "user", "content": [7]}),
        json!([{"role": "user", "parts": [{"type": "unknown", "content": 7}]}]),
    );
    for nothing in
        [json!(null), json!(7), json!([]), json!({}), json!([null, 7, []]), json!({"a": 1})]
    {
        check(&nothing, json!([]));
    }
}

#[test]
fn tools_of_every_provider_are_read() {
    let schema = json!({"type": "object"});
    let expected =
        ToolDefinition::function("look").description("Looks.").parameters(schema.clone());
    for given in [
        json!([{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": schema}}]),
        json!([{"type": "function", "name": "look", "description": "Looks.", "parameters": schema}]),
        json!([{"name": "look", "description": "Looks.", "input_schema": schema}]),
        json!([{"functionDeclarations": [{"name": "look", "description": "Looks.", "parameters": schema}]}]),
    ] {
        assert_eq!(
            ToolDefinition::read_all(&given).as_slice(),
            std::slice::from_ref(&expected),
            "{given}"
        );
    }
    assert_eq!(
        expected.to_json(),
        json!({"type": "function", "name": "look", "description": "Looks.", "parameters": schema})
    );
    let own = ToolDefinition::read_all(&json!([{"type": "web_search"}, {"googleSearch": {}}]));
    assert_eq!((own[0].name.as_str(), own[1].name.as_str()), ("web_search", "googleSearch"));
}

#[test]
fn what_was_made_by_hand_is_read_back() {
    let message = Message::assistant("See:").part(ToolCall::new("look", json!({"at": 1})).id("c1"));
    assert_eq!(message.tool_calls().count(), 1);
    assert_eq!(Message::read(&message.to_json()), Some(message));
    let answer = Message::tool("c1", "a cat");
    assert_eq!(Message::read(&answer.to_json()), Some(answer));
}
