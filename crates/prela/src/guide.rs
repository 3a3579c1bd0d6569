//! Guides, one page a subject. They are text only.
//!
//! - [`context`]: what is current where, and how to take it along.
//! - [`spans`]: types, attributes and errors, and names that serve a reader.
//! - `agents`: model calls, tools and searches, in words that backends read (feature `genai`).
//! - `phoenix`, `langfuse`, `jaeger`: what to set for each of them, and what it shows (feature `genai`).
//! - [`sampling`]: which traces are kept.
//! - [`exporters`]: where they go.
//! - `services`: one trace through several of them, over HTTP and gRPC (feature `http`).
//! - `tracing`: spans and events of the crate of that name, and libraries that write them (feature `tracing`).
//! - [`patterns`]: requests, sessions, attempts, limits and resources, and all of them together.
//! - [`production`]: settings, shutdown and what to watch.
//! - [`endings`]: how a program ends, and what becomes of its spans.
//! - [`instances`]: several of them in one process.
//! - `testing`: what your code records, in tests that run side by side (feature `testing`).
//! - `migration`: from OpenTelemetry's SDK, `tracing-opentelemetry`, fastrace and the Python SDK, call by call
//!   (features `macros` and `tracing`).
//! - [`troubleshooting`]: from what you see to what to do.

#[cfg(feature = "genai")]
#[doc = include_str!("guide/agents.md")]
pub mod agents {}
#[doc = include_str!("guide/context.md")]
pub mod context {}
#[doc = include_str!("guide/endings.md")]
pub mod endings {}
#[doc = include_str!("guide/exporters.md")]
pub mod exporters {}
#[doc = include_str!("guide/instances.md")]
pub mod instances {}
#[cfg(feature = "genai")]
#[doc = include_str!("guide/jaeger.md")]
pub mod jaeger {}
#[cfg(feature = "genai")]
#[doc = include_str!("guide/langfuse.md")]
pub mod langfuse {}
#[cfg(all(feature = "macros", feature = "tracing", feature = "otlp-grpc"))]
#[doc = include_str!("guide/migration.md")]
pub mod migration {}
#[doc = include_str!("guide/patterns.md")]
pub mod patterns {}
#[cfg(feature = "genai")]
#[doc = include_str!("guide/phoenix.md")]
pub mod phoenix {}
#[doc = include_str!("guide/production.md")]
pub mod production {}
#[doc = include_str!("guide/sampling.md")]
pub mod sampling {}
#[cfg(feature = "http")]
#[doc = include_str!("guide/services.md")]
pub mod services {}
#[doc = include_str!("guide/spans.md")]
pub mod spans {}
#[cfg(feature = "testing")]
#[doc = include_str!("guide/testing.md")]
pub mod testing {}
#[cfg(feature = "tracing")]
#[doc = include_str!("guide/tracing.md")]
pub mod tracing {}
#[doc = include_str!("guide/troubleshooting.md")]
pub mod troubleshooting {}
