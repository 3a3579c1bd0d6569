//! Reads responses.

use super::message::message;
use super::{list, member, owned_text, text};
use crate::genai::{FinishReason, Message, Part, Response, Role};
use serde_json::Value as Json;

/// The messages of a response, or of a list of messages.
pub(in crate::genai) fn output(json: &Json) -> Vec<Message> {
    if let Some(choices) = list(json, &["choices", "candidates"]) {
        return choices.iter().map(choice).collect();
    }
    if let Some(items) = list(json, &["output"]) {
        return items_as_messages(json, items);
    }
    // Bedrock's message is one level deeper.
    let inner = json.get("output").filter(|output| output.get("message").is_some());
    if let Some(inner) = member(inner.unwrap_or(json), &["message"]) {
        return finished(message(inner, Role::Assistant), json);
    }
    if let Some(words) = text(json, &["response"]) {
        let mut whole = Message::new(Role::Assistant, words);
        if let Some(thought) = owned_text(json, &["thinking"]).filter(|it| !it.is_empty()) {
            whole.parts.insert(0, Part::Reasoning(thought));
        }
        return finished(Some(whole), json);
    }
    match json.as_array() {
        Some(all) => all.iter().filter_map(|it| message(it, Role::Assistant)).collect(),
        None => finished(message(json, Role::Assistant), json),
    }
}

/// One of several answers: OpenAI's have a message or, in old completions, a text, Gemini's a content.
fn choice(json: &Json) -> Message {
    let inner = member(json, &["message", "delta", "content", "text"]);
    let whole = inner.and_then(|inner| message(inner, Role::Assistant));
    let mut whole = whole.unwrap_or_else(|| Message::new(Role::Assistant, ""));
    let reason = text(json, &["finish_reason", "finishReason"]).map(FinishReason::from);
    whole.finish_reason = match reason {
        // Gemini has no reason of its own for tool calls.
        Some(FinishReason::Stop) if whole.tool_calls().next().is_some() => {
            Some(FinishReason::ToolCall)
        }
        reason => reason,
    };
    whole
}

/// The items of OpenAI's responses: what the model thinks, asks and says one after the other is one message.
fn items_as_messages(json: &Json, items: &[Json]) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for item in items.iter().filter_map(|item| message(item, Role::Assistant)) {
        match messages.last_mut().filter(|last| last.role == item.role) {
            Some(last) => last.parts.extend(item.parts),
            None => messages.push(item),
        }
    }
    let reason = finish_reasons(json).first().map(|reason| FinishReason::from(reason.as_str()));
    if let Some(last) = messages.last_mut() {
        last.finish_reason = reason;
    }
    messages
}

fn finished(whole: Option<Message>, json: &Json) -> Vec<Message> {
    let reason = text(json, &["stop_reason", "done_reason", "stopReason"]).map(FinishReason::from);
    let with_reason = |mut whole: Message| {
        whole.finish_reason = reason.or(whole.finish_reason);
        whole
    };
    whole.map(with_reason).into_iter().collect()
}

impl Response {
    /// Reads the response of any provider.
    ///
    /// OpenAI's responses have a status instead of reasons: `completed` is read as `stop`, or as `tool_calls` if
    /// there are some; `incomplete` as its reason.
    ///
    /// ```
    /// use prela::genai::Response;
    /// use serde_json::json;
    ///
    /// let response = json!({"id": "m1", "model": "claude-sonnet-4-5-20250929", "stop_reason": "end_turn"});
    /// let response = Response::read(&response);
    /// assert_eq!((response.id.as_deref(), response.finish_reasons), (Some("m1"), vec!["end_turn".to_owned()]));
    /// ```
    pub fn read(response: &Json) -> Self {
        Self {
            id: owned_text(response, &["id", "responseId"]),
            model: owned_text(response, &["model", "modelVersion"]),
            finish_reasons: finish_reasons(response),
        }
    }
}

fn finish_reasons(json: &Json) -> Vec<String> {
    if let Some(choices) = list(json, &["choices", "candidates"]) {
        let reasons = choices.iter().filter_map(|it| text(it, &["finish_reason", "finishReason"]));
        return reasons.map(str::to_owned).collect();
    }
    if let Some(reason) = text(json, &["stop_reason", "done_reason", "stopReason"]) {
        return vec![reason.to_owned()];
    }
    let calls_tools = |items: &[Json]| {
        let is_call = |it: &Json| text(it, &["type"]).is_some_and(|kind| kind == "function_call");
        items.iter().any(is_call)
    };
    let reason = match text(json, &["status"]) {
        Some("completed") if list(json, &["output"]).is_some_and(calls_tools) => "tool_calls",
        Some("completed") => "stop",
        Some("incomplete") => {
            let details = member(json, &["incomplete_details"]);
            details.and_then(|it| text(it, &["reason"])).unwrap_or("incomplete")
        }
        Some("failed") => "error",
        Some("cancelled") => "cancelled",
        _ => return Vec::new(),
    };
    vec![reason.to_owned()]
}
