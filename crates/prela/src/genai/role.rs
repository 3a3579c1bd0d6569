//! Who speaks.

use std::fmt;

/// Who a message is from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The author of the instructions. OpenAI's `developer` is [`Other`](Self::Other).
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
    /// A tool that answers the model.
    Tool,
    /// Any other word.
    Other(String),
}

impl Role {
    /// The word of the conventions.
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(word) => word,
        }
    }
}

/// Reads any provider's word: Gemini's `model` is the assistant, OpenAI's old `function` a tool.
impl From<&str> for Role {
    fn from(word: &str) -> Self {
        match word {
            "system" => Self::System,
            "user" | "human" => Self::User,
            "assistant" | "model" | "ai" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
