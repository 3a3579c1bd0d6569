//! The life of one recorded span, from its start to its end.
//!
//! | phase | file |
//! |---|---|
//! | find the parent | `parent.rs` |
//! | decide whether the trace is recorded | `decision.rs` |
//! | write the head of the message | `head.rs` |
//! | make the span current | `start.rs`, which runs the other three, for most spans in one piece |
//! | start it for an OpenTelemetry-native library, which makes it current itself | `native.rs` |
//! | write while it runs | `record.rs`, within `limits.rs` |
//! | end | `end.rs` |
//!
//! What users hold (builders, scopes, handles) is above this room; the message itself is below it.

mod builder_attributes;
pub(crate) mod calls;
mod context_span;
mod decision;
mod details;
mod end;
mod head;
mod instances;
mod limits;
mod native;
mod new_span;
mod parent;
#[cfg(feature = "genai")]
mod plain_content;
mod pool;
mod provider;
mod record;
mod roots;
#[cfg(feature = "__otlp")]
mod running;
mod shutdown;
mod start;
#[cfg(feature = "genai")]
mod typed;
mod watch;

pub use self::context_span::ContextSpan;
pub use self::limits::SpanLimits;

#[cfg(feature = "testing")]
pub(crate) use self::instances::alone_in;
pub(crate) use self::instances::without_spans;
#[cfg(all(feature = "tracing", feature = "__otlp"))]
pub(crate) use self::provider::LogIntake;
pub(crate) use self::provider::{Provider, Source, SpanHooks, SpanIntake};
pub(crate) use self::record::{Record, SharedRecord};
#[cfg(feature = "__otlp")]
pub(crate) use self::running::{MOST as MOST_RUNNING, RunningSpan, RunningSpans};
pub(crate) use self::watch::Watch;

pub(super) use self::context_span::{attribute_pairs, record_of};
pub(crate) use self::details::Companion;
#[cfg(feature = "resources")]
pub(crate) use self::details::Measurement;
pub(super) use self::details::{Options, ParentChoice};
pub(super) use self::instances::{Occupant, context_with, occupant_in};
pub(super) use self::new_span::NewSpan;
pub(super) use self::pool::{Blank, Guarded, Prepared, give_back, give_back_message};
pub(super) use self::roots::running_root;
pub(super) use self::start::AnySpan;
#[cfg(feature = "genai")]
pub(super) use self::typed::Inherits;
