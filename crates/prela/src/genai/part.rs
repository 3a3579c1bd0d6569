//! What a message is made of.

use super::{Media, ToolCall, ToolCallResponse};
use serde_json::{Value as Json, json};

/// A part of a [`Message`](super::Message).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text(String),
    /// What a model thought before it answered, as far as its provider tells.
    Reasoning(String),
    /// What a model asks of a tool.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolCallResponse(ToolCallResponse),
    /// An image, sound, video or document.
    Media(Media),
    /// What the conventions have no word for, as it is: an object with a `type`.
    Other(Json),
}

impl Part {
    /// The text of a [`Text`](Self::Text).
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Writes it by the conventions' schema.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!({"type": "text", "content": text}),
            Self::Reasoning(text) => json!({"type": "reasoning", "content": text}),
            Self::ToolCall(call) => call.to_json(),
            Self::ToolCallResponse(response) => response.to_json(),
            Self::Media(media) => media.to_json(),
            Self::Other(json) => json.clone(),
        }
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<ToolCall> for Part {
    fn from(call: ToolCall) -> Self {
        Self::ToolCall(call)
    }
}

impl From<ToolCallResponse> for Part {
    fn from(response: ToolCallResponse) -> Self {
        Self::ToolCallResponse(response)
    }
}

impl From<Media> for Part {
    fn from(media: Media) -> Self {
        Self::Media(media)
    }
}
