//! The record of one call of a model.

use crate::genai::{Input, Message, RequestParameters, Response, ToolCall, Usage};
use std::borrow::Cow;
use std::time::Duration;

/// The record of one call of a model, by whatever API, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CallRecord {
    /// Whose model it is, as `gen_ai.provider.name` has it.
    pub provider: Cow<'static, str>,
    /// `chat`, `text_completion`, `generate_content` or `embeddings`.
    pub operation: Cow<'static, str>,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The parameters of the request.
    pub parameters: RequestParameters,
    /// What it was asked; empty unless [content](super::Call::with_content) is wanted.
    pub input: Input,
    /// What the provider says about its answer.
    pub response: Response,
    /// What it answered; empty unless [content](super::Call::with_content) is wanted.
    pub output: Vec<Message>,
    /// Tokens, as far as the provider told.
    pub usage: Option<Usage>,
    /// The tools that the model asks for: at most 128 calls, without arguments unless content is wanted.
    pub tool_calls: Vec<ToolCall>,
    /// How it failed, if it did.
    pub error: Option<CallError>,
    /// From the request to the first piece of an answer that comes in pieces.
    pub time_to_first_chunk: Option<Duration>,
    /// The HTTP status.
    pub status: Option<u16>,
}

/// How a call of a model failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallError {
    /// The provider's name for it, such as `rate_limit_exceeded`; else the HTTP status, `cancelled` if nobody
    /// waited for the end, or `incomplete` if the answer broke off.
    pub error_type: String,
    /// What the provider says about it; it may repeat what it was asked.
    pub message: Option<String>,
}

impl CallError {
    /// Whether a provider's word is a name for a kind of errors, and no sentence.
    pub(super) fn is_identifier(word: &str) -> bool {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        !word.is_empty() && word.len() <= 64 && word.bytes().all(is_part)
    }
}
