//! What goes to a model and comes back from it, in the words of OpenTelemetry's GenAI conventions.
//!
//! Typed spans come from [`Tracer::agent`](crate::Tracer::agent), [`chat`](crate::Tracer::chat),
//! [`tool`](crate::Tracer::tool) and their like; the guide `agents` shows all of them. They take plain types:
//! [`Message`]s of [`Part`]s, [`ToolCall`]s, [`ToolDefinition`]s, [`Usage`], [`RequestParameters`],
//! [`Response`] and [`Document`]s. Each provider has JSON of its own, and backends read only that of the
//! conventions, so every type can be read from the JSON of OpenAI (chat completions, responses, embeddings),
//! Anthropic, Gemini, Ollama and the conventions themselves, without saying which it is:
//!
//! ```
//! use prela::genai::{Transcript, Usage};
//! use serde_json::json;
//!
//! let request = json!({
//!     "model": "claude-sonnet-4-5",
//!     "system": "Be short.",
//!     "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
//! });
//! let input = Transcript::from(&request).into_input();
//! assert_eq!(
//!     input.messages[0].to_json(),
//!     json!({"role": "user", "parts": [{"type": "text", "content": "Hi"}]}),
//! );
//! assert_eq!(input.system_instructions[0].text(), Some("Be short."));
//!
//! let usage = Usage::read(&json!({"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5}));
//! assert_eq!(usage.unwrap().input_tokens, Some(100));
//! ```
//!
//! Reading never fails: what is not known is left out, or kept as it is.
//!
//! Sources: [GenAI spans](https://github.com/open-telemetry/semantic-conventions-genai) and their schemas of
//! messages; the API references of OpenAI, Anthropic, Gemini and Ollama.

mod call;
mod dialect;
mod finish_reason;
mod media;
mod message;
mod part;
mod role;
mod span;
mod tool;
mod transcript;
mod usage;

pub use self::call::{Input, RequestParameters, Response};
pub use self::finish_reason::FinishReason;
pub use self::media::{Media, MediaSource};
pub use self::message::Message;
pub use self::part::Part;
pub use self::role::Role;
#[cfg(feature = "retry")]
pub use self::span::TypedRetrying;
pub use self::span::{
    AgentSpan, ChatSpan, Content, Document, EmbeddingSpan, Evaluation, EvaluatorSpan,
    GuardrailSpan, Operation, RerankerSpan, RetrievalSpan, RootSpan, ToolSpan, TypedOwnedSpan,
    TypedSpan, TypedSpanBuilder, TypedSpanGuard, WorkflowSpan,
};
#[cfg(feature = "macros")]
pub(crate) use self::span::{named_agent, named_tool};
pub use self::tool::{ToolCall, ToolCallResponse, ToolDefinition};
pub use self::transcript::Transcript;
pub use self::usage::Usage;
pub use crate::semconv::genai::SemconvVersion;
pub use crate::span::wording::content::ContentCapture;
pub use crate::span::wording::prices::{Price, Prices};
