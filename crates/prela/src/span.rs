//! Spans: building, scoping, recording and ending them.
//!
//! A span is Prela's own record behind `opentelemetry::trace::Span`, and sits in the span slot of
//! `opentelemetry::Context`. It ends explicitly, when its scope, future or handle ends; a context
//! clone that outlives the scope does not delay it.
//!
//! The files of this room are what users hold. Below them, `lifecycle` starts, records and ends a span,
//! and `message` is what it is written to.

mod builder;
mod current;
mod exception;
mod failure;
mod future;
mod guard;
mod handle;
mod lifecycle;
pub(crate) mod message;
mod processor;
mod recordable;
#[cfg(feature = "tracing")]
mod reentrant;
mod scope;
#[cfg(feature = "genai")]
mod typed;
pub(crate) mod wording;

pub use self::builder::SpanBuilder;
pub use self::future::{FutureExt, InSpan};
pub use self::guard::SpanGuard;
pub use self::handle::{OwnedSpan, Span};
pub use self::lifecycle::{ContextSpan, SpanLimits};
pub use self::message::{Batch, Event, Link, SpanData};
pub use self::processor::SpanProcessor;
pub use crate::semconv::Conventions;
pub use crate::span_type::ParseSpanTypeError;

#[cfg(feature = "genai")]
pub(crate) use self::current::led_by;
#[cfg(any(feature = "llm", feature = "tracing"))]
pub(crate) use self::current::model_call_in;
pub(crate) use self::current::{root_of, span_of, span_of_instance};
#[cfg(feature = "http")]
pub(crate) use self::exception::recording_panic;
#[cfg(any(feature = "http", feature = "macros", feature = "retry", feature = "tracing"))]
pub(crate) use self::failure::Failure;
#[cfg(feature = "http")]
pub(crate) use self::failure::as_error;
#[cfg(feature = "llm")]
pub(crate) use self::future::monotonic;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) use self::lifecycle::LogIntake;
#[cfg(feature = "resources")]
pub(crate) use self::lifecycle::Measurement;
#[cfg(feature = "testing")]
pub(crate) use self::lifecycle::alone_in;
pub(crate) use self::lifecycle::{
    Companion, Provider, Source, SpanIntake, Watch, calls, without_spans,
};
#[cfg(feature = "__otlp")]
pub(crate) use self::lifecycle::{MOST_RUNNING, RunningSpan, RunningSpans};
pub(crate) use self::message::{Blocks, Drained, EncodedSpan, EndedSpan, SpanSummary};
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) use self::message::{LogRecord, Severity};
pub(crate) use self::processor::SpanProcessors;
#[cfg(any(feature = "retry", feature = "genai"))]
pub(crate) use self::recordable::Recordable;
#[cfg(feature = "tracing")]
pub(crate) use self::reentrant::Reentrant;
