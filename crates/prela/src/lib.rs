//! Tracing for AI agents: one trace of each run, whatever the concurrency, exported over OTLP.
//!
//! ```
//! use prela::SpanType;
//!
//! # let memory = prela::MemoryExporter::new();
//! # let prela = prela::builder().service_name("parallel-app").exporter(prela::Exporter::memory(&memory)).build()?;
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
//! - Spans: [`Tracer::span`], [`SpanBuilder`], [`Span`], [`SpanType`], [`macro@trace`].
//! - Threads and tasks: [`TraceContext`], [`copy_context_to_thread`], [`pool`], [`thread`], [`task`].
//! - Which traces: [`Sampler`], [`SpanBuilder::sample_with`]. Requests and sessions: [`RequestId`],
//!   [`Session`]. Limits for work: [`RateLimiter`]. Ids in log lines: [`log_ids`].
//! - Baggage: [`baggage`]. Other processes: [`propagation`], and `http` for servers and clients.
//! - Exporters: [`Exporter`], [`export`]; those of `opentelemetry_sdk`: [`otel`].
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `macros` | yes | [`macro@trace`] and [`macro@trace_impl`] |
//! | `grpc` | yes | OTLP over gRPC |
//! | `http` | yes | OTLP over HTTP with protobuf bodies |
//! | `tls` | yes | `https://` endpoints |
//! | `zstd` | no | bodies compressed by zstd; builds a library in C |
//! | `spool` | yes | spans wait on disk while the collector is away, if [`Builder::spool`] asks for it |
//! | `tokio` | yes | [`task`]: spawning on tokio with the context |
//! | `json` | no | `serde_json::Value` as a [`Value`]; `serde_json::Map` as a carrier: [`propagation`] |
//! | `genai` | yes | [`genai`]: messages, usage, tool calls and documents |
//! | `rayon` | no | `rayon`: spawning on rayon with the context |
//! | `retry` | no | `SpanBuilder::retry`: attempts with back-off, one span each |
//! | `resources` | no | `SpanBuilder::resources`: CPU time and memory of a span |
//! | `metrics` | no | `Prela::observe`: sampling counts as OpenTelemetry metrics |
//! | `signal` | no | `Prela::shutdown_on_signal` and `shutdown_signal`: Ctrl-C and SIGTERM |
//! | `tracing` | no | `tracing`: ids in the lines of `tracing_subscriber::fmt` |
//! | `tower` | no | `http`: layers for servers and clients of HTTP and gRPC |
//! | `axum` | no | `http::ServerLayer::axum`: the layer that knows axum's routes |
//! | `reqwest` | no | `reqwest`: a middleware for its client |
//! | `llm` | no | `llm`: spans of model calls, understood from requests and responses |
//! | `async-openai` | no | `llm::LlmLayer::async_openai`: the same for async-openai 0.43 |
//! | `testing` | no | `testing`: spans as text, with a fixed clock and ids |
//!
//! A feature adds names and changes nothing else.

// The floors, from the top down: each may use those below it, never those above.

mod init;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tracing")]
pub mod tracing;

mod pipeline;

pub mod export;
pub mod otel;

#[cfg(feature = "genai")]
pub mod genai;
#[cfg(feature = "tower")]
pub mod http;
#[cfg(feature = "llm")]
pub mod llm;
#[cfg(feature = "reqwest")]
pub mod reqwest;
mod tracer;

mod otlp;
pub mod propagation;
mod span;

mod context;
mod env;
mod sampling;

mod clock;
mod error;
mod fork;
mod id;
mod protobuf;
mod resource;
#[cfg(any(feature = "grpc", feature = "http", feature = "retry"))]
mod retry_after;
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

pub use clock::{Clock, SystemClock};
#[cfg(feature = "rayon")]
pub use context::rayon;
#[cfg(feature = "tokio")]
pub use context::task;
pub use context::{
    ContextGuard, InContext, LogIds, RateLimiter, RequestId, Session, TraceContext,
    copy_context_to_thread, log_ids, suppress,
};
pub use context::{baggage, pool, thread};
pub(crate) use error::Contact;
pub use error::{Error, ErrorKind};
pub use export::{ConsoleExporter, FileExporter, MemoryExporter, SpanExporter};
pub use id::{IdGenerator, RandomIds};
#[cfg(any(feature = "grpc", feature = "http"))]
pub use init::Otlp;
#[cfg(feature = "signal")]
pub use init::shutdown_signal;
pub use init::{Builder, Exporter, Prela, builder, exit, init};
#[cfg(feature = "spool")]
pub use pipeline::Spool;
pub use pipeline::{
    Dropped, ExporterStats, Overflow, Recovered, Redactor, ShutdownReport, Stats, TailRule,
};
#[cfg(feature = "macros")]
pub use prela_macros::{trace, trace_impl};
pub use propagation::{extract, inject};
pub use resource::Resource;
pub use sampling::{
    AdaptiveSampler, Rule, RuleStats, Sampler, Sampling, SamplingParameters, SamplingStats,
    ShouldSample,
};
pub use span::{
    ContextSpan, Event, FutureExt, InSpan, Link, OwnedSpan, Span, SpanBuilder, SpanData, SpanGuard,
    SpanLimits, SpanProcessor,
};
#[cfg(feature = "retry")]
pub use span::{RetryPolicy, Retrying, retry_after};
pub use span_type::{ParseSpanTypeError, SpanType};
pub use tracer::{
    OtelTracer, Tracer, TracerProvider, current_span, current_trace_id, enrich, enrich_root,
    new_trace_context, trace_context, tracer,
};
pub use value::{Baggage, BaggageEntry, Text, Value};

/// The README's program is run as it stands there.
#[cfg(all(doctest, feature = "rayon"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
