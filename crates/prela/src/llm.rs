//! Calls of models, whichever client makes them: a span for each, understood from what goes over the wire.
//!
//! [`LlmLayer`] is the one line that a client needs: a layer of `tower`, a middleware of reqwest and with it of rig,
//! and a service of async-openai. It knows no client library, but how OpenAI, Anthropic, Gemini, Ollama and whatever
//! is compatible with them write requests and answers: see [`Call`], which does the understanding and can be used by
//! itself. [`LlmStreamExt`] is for clients that let nobody see their requests.
//!
//! Requests and answers are read, never changed. OpenAI tells the usage of a stream only to those who ask for it, by
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
