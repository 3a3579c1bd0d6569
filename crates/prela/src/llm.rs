//! Model calls of any client: a span for each, made from what goes over the wire.
//!
//! [`LlmLayer`] is the one line that a client needs: a layer of `tower`, a middleware of reqwest, a service of
//! async-openai, and by the crate `prela-rig` a client of rig. It knows no client library, only how OpenAI,
//! Anthropic, Gemini, Ollama and whatever is compatible with them write requests and answers. [`Call`] reads these,
//! and can be used by itself. [`LlmStreamExt`] is for clients whose requests cannot be seen.
//!
//! Requests and answers are read, never changed. OpenAI sends the usage of a stream only if the request has
//! `stream_options: {"include_usage": true}`.
//!
//! Sources: [GenAI spans](https://github.com/open-telemetry/semantic-conventions-genai); the API references of
//! [OpenAI](https://platform.openai.com/docs/api-reference), [Anthropic](https://docs.anthropic.com/en/api/messages),
//! [Gemini](https://ai.google.dev/api/generate-content) and
//! [Ollama](https://github.com/ollama/ollama/blob/main/docs/api.md);
//! [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

mod answer;
mod api;
#[cfg(feature = "async-openai")]
mod async_openai;
mod attributes;
mod call;
mod call_span;
mod client_error;
mod framing;
mod layer;
mod outline;
mod record;
mod request_body;
mod response;
mod stream;

pub use self::call::Call;
pub use self::layer::{LlmLayer, LlmService};
pub use self::record::{CallError, CallRecord};
pub use self::request_body::RequestBody;
pub use self::response::{LlmBody, ResponseFuture};
pub use self::stream::{InLlmSpan, LlmStreamExt};
