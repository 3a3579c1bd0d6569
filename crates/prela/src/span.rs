//! Spans: building, scoping, recording and ending them.
//!
//! A span is Prela's own record behind `opentelemetry::trace::Span`, and sits in the span slot of
//! `opentelemetry::Context`. It ends explicitly, when its scope, future or handle ends; a context
//! clone that outlives the scope does not delay it.

mod active;
mod batch;
mod block;
mod builder;
pub(crate) mod calls;
mod data;
mod ended_span;
mod failure;
mod future;
mod guard;
mod handle;
mod late;
mod limits;
pub(crate) mod message;
mod options;
mod otel;
pub(crate) mod pool;
pub(crate) mod processor;
pub(crate) mod provider;
mod record;
mod recordable;
#[cfg(feature = "resources")]
mod resources;
#[cfg(feature = "retry")]
mod retry;
mod roots;
pub(crate) mod scope;
mod source;
mod start;

pub use self::batch::Batch;
pub use self::builder::SpanBuilder;
pub use self::data::{Event, Link, SpanData};
pub use self::future::{FutureExt, InSpan};
pub use self::guard::SpanGuard;
pub use self::handle::{OwnedSpan, Span};
pub use self::limits::SpanLimits;
pub use self::processor::SpanProcessor;
#[cfg(feature = "retry")]
pub use self::retry::{RetryPolicy, Retrying, retry_after};

#[cfg(feature = "testing")]
pub(crate) use self::active::alone_in;
pub(crate) use self::active::{span_of, span_of_instance, without_spans};
pub(crate) use self::block::{Blocks, EncodedSpan};
pub(crate) use self::ended_span::{EndedSpan, SpanSummary};
pub(crate) use self::failure::Failure;
#[cfg(feature = "tower")]
pub(crate) use self::failure::as_error;
#[cfg(feature = "llm")]
pub(crate) use self::future::monotonic;
pub use self::otel::ContextSpan;
#[cfg(feature = "llm")]
pub(crate) use self::recordable::Recordable;
pub(crate) use self::roots::root_of;
pub(crate) use self::source::Source;
