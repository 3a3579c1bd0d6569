//! A message to a model, or from it.

use super::{FinishReason, Part, Role, ToolCall, ToolCallResponse};
use serde_json::{Map, Value as Json};

/// A message to a model, or from it.
///
/// ```
/// use prela::genai::{Message, ToolCall};
/// use serde_json::json;
///
/// let asked = Message::assistant("").part(ToolCall::new("search", json!({"q": "rust"})).id("c1"));
/// let openai = json!({
///     "role": "assistant",
///     "content": null,
///     "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{\"q\":\"rust\"}"}}],
/// });
/// assert_eq!(Message::read(&openai), Some(asked));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who it is from.
    pub role: Role,
    /// What it says, in order.
    pub parts: Vec<Part>,
    /// The name of a participant, or of the tool that answers.
    pub name: Option<String>,
    /// Why the model stopped; only of messages from a model.
    pub finish_reason: Option<FinishReason>,
}

impl Message {
    /// A message of one text; without parts, if that is empty.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] };
        Self { role, parts, name: None, finish_reason: None }
    }

    /// A message of instructions.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// A message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// A message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// A tool's answer to the call with this id.
    pub fn tool(call_id: impl Into<String>, response: impl Into<Json>) -> Self {
        Self::new(Role::Tool, "").part(ToolCallResponse::new(call_id, response))
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: impl Into<Part>) -> Self {
        self.parts.push(part.into());
        self
    }

    /// Sets why the model stopped.
    #[must_use]
    pub fn finish_reason(mut self, reason: impl Into<FinishReason>) -> Self {
        self.finish_reason = Some(reason.into());
        self
    }

    /// The tool calls in it.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// Writes it by the conventions' schema: `{"role", "parts", "name", "finish_reason"}`, the last two only if
    /// they are known.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        object.insert("role".into(), self.role.as_str().into());
        object.insert("parts".into(), self.parts.iter().map(Part::to_json).collect());
        if let Some(name) = &self.name {
            object.insert("name".into(), name.clone().into());
        }
        if let Some(reason) = &self.finish_reason {
            object.insert("finish_reason".into(), reason.as_str().into());
        }
        object.into()
    }
}
