//! Why a model stopped.

use std::fmt;

/// Why a model stopped, in the conventions' words.
///
/// ```
/// use prela::genai::FinishReason;
///
/// assert_eq!(FinishReason::from("end_turn"), FinishReason::Stop); // Anthropic's
/// assert_eq!(FinishReason::from("MAX_TOKENS"), FinishReason::Length); // Gemini's
/// assert_eq!(FinishReason::from("tool_calls").as_str(), "tool_call"); // OpenAI's
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model had finished, or came to a stop sequence.
    Stop,
    /// The model reached its limit of tokens.
    Length,
    /// The content was refused.
    ContentFilter,
    /// The model asks for tools.
    ToolCall,
    /// The model failed.
    Error,
    /// Any other word of a provider.
    Other(String),
}

impl FinishReason {
    /// The word of the conventions.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::ToolCall => "tool_call",
            Self::Error => "error",
            Self::Other(word) => word,
        }
    }
}

/// Reads any provider's word.
impl From<&str> for FinishReason {
    fn from(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "stop" | "end_turn" | "stop_sequence" | "completed" | "complete" | "eos" => Self::Stop,
            "length" | "max_tokens" | "max_output_tokens" | "model_context_window_exceeded" => {
                Self::Length
            }
            "content_filter"
            | "content_filtered"
            | "safety"
            | "recitation"
            | "refusal"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "image_safety"
            | "guardrail_intervened" => Self::ContentFilter,
            "tool_call" | "tool_calls" | "tool_use" | "function_call" => Self::ToolCall,
            "error" | "failed" | "malformed_function_call" => Self::Error,
            _ => Self::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
