//! Tracing for AI agents: one trace of each run, whatever the concurrency, exported over OTLP.
//!
//! ```
//! use prela::SpanType;
//!
//! # let memory = prela::export::MemoryExporter::new();
//! # let prela = prela::builder().service_name("parallel-app").exporter(memory.clone()).build()?;
//! # prela.make_global()?;
//! # /*
//! let prela = prela::init("parallel-app")?; // flushes and shuts down when dropped
//! # */
//! let tracer = prela::tracer();
//! tracer.span("batch_processing", SpanType::Agent).in_scope(|batch| {
//!     batch.set_attribute("batch_size", 4);
//!     // A snapshot of the context, taken here: each call runs as a child of `batch_processing`.
//!     let process = prela::copy_context_to_thread(|item: i64| {
//!         tracer.span(format!("process_{item}"), SpanType::Tool).in_scope(|span| {
//!             span.set_attribute("item_id", item);
//!         });
//!     });
//!     std::thread::scope(|threads| {
//!         for item in 0..4 {
//!             let process = &process;
//!             threads.spawn(move || process(item));
//!         }
//!     });
//! });
//! # prela.flush(std::time::Duration::from_secs(5))?;
//! # assert_eq!(memory.spans().len(), 5);
//! # Ok::<(), prela::Error>(())
//! ```
//!
//! # Where to go
//!
//! - Guides, one page a subject: [`guide`].
//! - Starting: [`init`], [`builder`], [`Prela`]; every environment variable is listed at [`Builder`].
//! - Agents, model calls, tools and searches: [`genai`], [`Tracer::chat`], [`Tracer::tool`] and their like.
//! - Spans: [`Tracer::span`], [`SpanBuilder`], [`Span`], [`SpanType`], [`macro@trace`]; what goes with them:
//!   [`span`]. Methods on futures, threads and tasks: [`prelude`].
//! - Threads and tasks: [`TraceContext`], [`copy_context_to_thread`], [`pool`], [`thread`], [`task`].
//! - Which traces: [`Sampler`], [`sampling`], [`SpanBuilder::sample_with`]. What became of them: [`pipeline`].
//! - What must not leave: [`redact`]. While the collector is away: `spool`.
//! - Requests and sessions: [`RequestId`], [`Session`]. Limits for work: [`RateLimiter`]. Ids in log lines:
//!   [`log_ids`].
//! - Baggage: [`baggage`]. Other processes: [`propagation`], and `http` for servers and clients.
//! - Exporters: [`Exporter`], [`export`]; those of `opentelemetry_sdk`: [`otel`].
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `macros` | yes | [`macro@trace`] and [`macro@trace_impl`] |
//! | `otlp-grpc` | yes | OTLP over gRPC |
//! | `otlp-http` | yes | OTLP over HTTP with protobuf bodies |
//! | `tls` | yes | `https://` endpoints |
//! | `zstd` | no | bodies compressed by zstd; builds a library in C |
//! | `spool` | yes | spans wait on disk while the collector is away, if [`Builder::spool`] asks for it |
//! | `tokio` | yes | [`task`]: spawning on tokio with the context |
//! | `json` | no | `serde_json::Value` as a [`Value`]; `serde_json::Map` as a carrier: [`propagation`] |
//! | `genai` | yes | [`genai`]: spans of agents, model calls, tools and searches; messages, usage and documents |
//! | `rayon` | no | `rayon`: spawning on rayon with the context |
//! | `retry` | no | `SpanBuilder::retry`: attempts with back-off, one span each |
//! | `resources` | no | `SpanBuilder::resources`: CPU time and memory of a span |
//! | `metrics` | no | `Builder::metrics` and `Builder::meter`: model calls as OpenTelemetry metrics; `Prela::observe`: sampling counts |
//! | `signal` | no | `Prela::shutdown_on_signal` and `shutdown_signal`: Ctrl-C and SIGTERM |
//! | `tracing` | no | `tracing`: spans and events of the crate `tracing`; ids in the lines of `tracing_subscriber::fmt` |
//! | `http` | no | `http`: layers for servers and clients of HTTP and gRPC |
//! | `axum` | no | `http::ServerLayer::axum`: the layer that knows axum's routes |
//! | `reqwest` | no | `reqwest`: a middleware for its client |
//! | `llm` | no | `llm`: spans of model calls, made from requests and responses |
//! | `async-openai` | no | `llm::LlmLayer::async_openai`: spans of the calls of async-openai 0.43 |
//! | `mcp` | no | `mcp`: clients and servers of the Model Context Protocol, by `rmcp` |
//! | `testing` | no | `testing`: spans as text, with a fixed clock and ids |
//!
//! A feature adds names and changes nothing else.

// The floors, from the top down: each may use those below it, never those above.

mod init;
pub mod prelude;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tracing")]
pub mod tracing;

#[cfg(feature = "metrics")]
mod metrics;
pub mod pipeline;

#[cfg(feature = "genai")]
mod json_text;
mod payload;
pub mod redact;
#[cfg(feature = "spool")]
pub mod spool;
mod store;

pub mod export;
pub mod otel;

#[cfg(feature = "genai")]
pub mod genai;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "llm")]
pub mod llm;
#[cfg(feature = "mcp")]
pub mod mcp;
#[cfg(feature = "reqwest")]
pub mod reqwest;

mod patterns;

mod tracer;

mod otlp;
pub mod propagation;
pub mod span;

mod context;
mod env;
pub mod sampling;

pub mod clock;
mod count;
mod error;
mod fork;
pub mod id;
mod lock;
mod protobuf;
mod resource;
mod semconv;
mod span_type;
mod value;

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private;
#[cfg(any(doc, doctest))]
pub mod guide;

pub use opentelemetry;
pub use opentelemetry::Key;
pub use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};

#[cfg(feature = "rayon")]
pub use context::rayon;
#[cfg(feature = "tokio")]
pub use context::task;
pub use context::{
    ContextGuard, InContext, LogIds, TraceContext, copy_context_to_thread, log_ids, suppress,
};
pub use context::{baggage, pool, thread};
pub(crate) use error::Contact;
pub use error::{Error, ErrorKind};
#[cfg(feature = "__otlp")]
pub use init::Otlp;
#[cfg(feature = "signal")]
pub use init::shutdown_signal;
pub use init::{Builder, Exporter, Prela, builder, exit, init};
#[cfg(feature = "retry")]
pub use patterns::retry;
pub use patterns::{RateLimiter, RequestId, Session};
#[cfg(feature = "macros")]
pub use prela_macros::{trace, trace_impl};
pub use propagation::{extract, inject};
pub use resource::Resource;
pub use sampling::Sampler;
pub use span::{FutureExt, Span, SpanBuilder};
pub use span_type::SpanType;
pub use tracer::{
    Tracer, current_span, current_trace_id, enrich, enrich_root, new_trace_context, trace_context,
    tracer,
};
pub use value::{Text, Value};

/// The README's program is run as it stands there.
#[cfg(all(doctest, feature = "rayon"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
