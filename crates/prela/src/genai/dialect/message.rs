//! Reads messages.

use super::part::{part, plain, reasoning, tool_call};
use super::{list, member, owned_text, text};
use crate::genai::{Media, MediaSource, Message, Part, Role, ToolCallResponse};
use serde_json::Value as Json;

impl Message {
    /// Reads a message as any provider, or the conventions, write it. None if there is none in it.
    ///
    /// Text by itself, and an object without a role, are the user's. Answers of tools that a provider puts
    /// into a message of the user are the tool's, if there is nothing else in it.
    pub fn read(json: &Json) -> Option<Self> {
        message(json, Role::User)
    }
}

/// One message, or one item of OpenAI's responses, which are messages and what happens between them.
pub(super) fn message(json: &Json, default: Role) -> Option<Message> {
    if let Some(words) = json.as_str() {
        return Some(Message::new(default, words));
    }
    json.as_object()?;
    if let Some(item) = item(json) {
        return Some(item);
    }
    let content = member(json, &["parts", "content"]);
    let mut parts = Vec::new();
    if let Some(thought) = text(json, &["reasoning_content", "thinking", "reasoning"]) {
        push(&mut parts, Part::Reasoning(thought.to_owned()));
    }
    let mut role = text(json, &["role"]).map_or(default, Role::from);
    let has_typed_answer =
        |list: &Vec<Json>| list.iter().any(|it| matches!(part(it), Part::ToolCallResponse(_)));
    match content {
        Some(content)
            if role == Role::Tool && !content.as_array().is_some_and(has_typed_answer) =>
        {
            parts.push(Part::ToolCallResponse(ToolCallResponse {
                id: owned_text(json, &["tool_call_id", "id"]),
                response: plain(content),
            }));
        }
        Some(Json::Array(content)) => content.iter().for_each(|it| push(&mut parts, part(it))),
        Some(content) => push(&mut parts, part(content)),
        None => {}
    }
    if let Some(refusal) = text(json, &["refusal"]) {
        push(&mut parts, Part::Text(refusal.to_owned()));
    }
    for image in list(json, &["images"]).unwrap_or_default().iter().filter_map(Json::as_str) {
        let media = Media::new(None, MediaSource::Blob(image.to_owned())).modality("image");
        parts.push(media.into());
    }
    let calls = list(json, &["tool_calls"]).unwrap_or_default();
    let calls = calls.iter().chain(member(json, &["function_call"]));
    parts.extend(calls.filter_map(tool_call).map(Part::ToolCall));
    let is_answer = |part: &Part| matches!(part, Part::ToolCallResponse(_));
    if role == Role::User && !parts.is_empty() && parts.iter().all(is_answer) {
        role = Role::Tool;
    }
    if parts.is_empty() && content.is_none() && json.get("role").is_none() {
        return None;
    }
    let finish_reason = text(json, &["finish_reason"]).map(Into::into);
    Some(Message { role, parts, name: owned_text(json, &["name", "tool_name"]), finish_reason })
}

/// An item of OpenAI's responses that is no message: a call, an answer to one, a thought.
fn item(json: &Json) -> Option<Message> {
    let kind = text(json, &["type"]).filter(|_| json.get("role").is_none())?;
    let (role, part) = match kind {
        "function_call_output" | "custom_tool_call_output" => (Role::Tool, part(json)),
        "function_call" | "custom_tool_call" => (Role::Assistant, part(json)),
        "reasoning" => (Role::Assistant, Part::Reasoning(reasoning(json)?)),
        _ if kind.ends_with("_call") => (Role::Assistant, part(json)),
        _ => return None,
    };
    Some(Message::new(role, "").part(part))
}

/// Adds a part, unless it is an empty text.
fn push(parts: &mut Vec<Part>, part: Part) {
    if !matches!(&part, Part::Text(text) | Part::Reasoning(text) if text.is_empty()) {
        parts.push(part);
    }
}
