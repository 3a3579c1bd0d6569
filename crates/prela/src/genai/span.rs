//! Typed spans: handles that know what a span is, and write it in the words that backends read.

mod agent;
mod builder;
mod chat;
mod content;
mod embedding;
mod evaluator;
mod guard;
mod handle;
mod options;
mod reranker;
mod retrieval;
#[cfg(feature = "retry")]
mod retry;
mod tool;
mod workflow;

pub use self::agent::AgentSpan;
#[cfg(feature = "macros")]
pub(crate) use self::agent::named as named_agent;
pub use self::builder::TypedSpanBuilder;
pub use self::chat::{ChatSpan, Operation};
pub use self::content::Content;
pub use self::embedding::EmbeddingSpan;
pub use self::evaluator::{Evaluation, EvaluatorSpan};
pub use self::guard::{TypedOwnedSpan, TypedSpanGuard};
pub use self::handle::TypedSpan;
pub use self::reranker::RerankerSpan;
pub use self::retrieval::{Document, RetrievalSpan};
#[cfg(feature = "retry")]
pub use self::retry::TypedRetrying;
pub use self::tool::ToolSpan;
#[cfg(feature = "macros")]
pub(crate) use self::tool::named as named_tool;
pub use self::workflow::{GuardrailSpan, RootSpan, WorkflowSpan};
