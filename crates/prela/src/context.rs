//! Contexts: what is current, snapshots of it, and carrying them to other threads and tasks.
//!
//! The context is `opentelemetry::Context`, so that every other OpenTelemetry library in the process
//! sees the same spans. This module knows only contexts, none of Prela's spans.

mod attach;
pub mod baggage;
mod carried_baggage;
mod correlation;
mod current;
mod log_ids;
mod polled;
pub mod pool;
#[cfg(feature = "rayon")]
pub mod rayon;
mod scope;
mod snapshot;
mod suppression;
#[cfg(feature = "tokio")]
pub mod task;
pub mod thread;
pub(crate) mod unawaited;
mod unrecorded;

pub use self::log_ids::{LogIds, log_ids};
pub use self::polled::InContext;
pub use self::snapshot::{ContextGuard, TraceContext, copy_context_to_thread, suppress};

pub(crate) use self::attach::keep_quiet;
pub(crate) use self::carried_baggage::{baggage_of, with_baggage};
#[cfg(feature = "genai")]
pub(crate) use self::correlation::CurrentAgent;
pub(crate) use self::correlation::{Correlated, Correlation};
#[cfg(feature = "testing")]
pub(crate) use self::current::chosen::{choose, chosen};
pub(crate) use self::current::{Origin, ScopeId, current, slot_of, with_current};
pub(crate) use self::polled::{OfFuture, Polled};
pub(crate) use self::scope::{Child, ContextScope, not_current};
pub(crate) use self::suppression::{Suppressed, is_suppressed, suppress_thread};
pub(crate) use self::unrecorded::{is_unrecorded, processing, unrecorded};

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the user's code (a `Display`, a hook of a layer); none if it panics.
pub(crate) fn guarded<R>(hook: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(hook)).ok()
}

/// Runs a user's hook that is not part of what is traced (a sampler, a rule, a handler), and records no spans
/// of it; none if it panics.
pub(crate) fn hook<R>(hook: impl FnOnce() -> R) -> Option<R> {
    guarded(|| unrecorded(hook))
}

/// The message of a panic.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message")
}
