//! Baggage of the current context.

use super::carried_baggage::{baggage_of, with_baggage};
use super::current::current;
use super::scope::replace_current;
use super::{ContextScope, TraceContext, unawaited};
pub use crate::value::{Baggage, BaggageEntry};

/// Runs `f` with these entries added to the baggage, and then restores the previous baggage.
///
/// An entry that breaks a limit of [`Baggage`] is left out. For futures, open the scope inside, or
/// bind the future within: `baggage::scope(.., || future.in_current_context())`.
///
/// ```
/// use prela::baggage;
///
/// baggage::scope([("user_id", "user123")], || {
///     assert_eq!(baggage::get("user_id").as_deref(), Some("user123"));
/// });
/// assert_eq!(baggage::get("user_id"), None);
/// ```
pub fn scope<K: AsRef<str>, V: Into<String>, R>(
    entries: impl IntoIterator<Item = (K, V)>,
    f: impl FnOnce() -> R,
) -> R {
    let cx = current();
    let baggage = entries.into_iter().fold(baggage_of(&cx), |baggage, (key, value)| {
        baggage.with(key.as_ref(), value.into()).unwrap_or(baggage)
    });
    let _scope = ContextScope::enter(with_baggage(&cx, baggage));
    let result = f();
    unawaited::in_context::<R>();
    result
}

/// Adds an entry until the current scope of Prela's ends: that of a span, a snapshot, or [`scope`].
/// Spans and snapshots made later carry it; those made earlier do not.
///
/// Returns false and changes nothing if the entry breaks a limit of [`Baggage`], if no scope is open,
/// below OpenTelemetry's `get_active_span`, or if another library has attached a span since: nothing
/// would end the effect.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::{SpanType, baggage};
///
/// tracer.span("request", SpanType::Agent).in_scope(|_| {
///     assert!(baggage::set("user_id", "user123"));
///     tracer.span("child", SpanType::Tool).in_scope(|_| {
///         assert_eq!(baggage::get("user_id").as_deref(), Some("user123"));
///     });
/// });
/// assert!(!baggage::set("user_id", "user123"), "no scope is open");
/// # Ok::<(), prela::Error>(())
/// ```
pub fn set(key: impl AsRef<str>, value: impl Into<String>) -> bool {
    replace_current(|cx| {
        let baggage = baggage_of(cx).with(key.as_ref(), value.into())?;
        Some(with_baggage(cx, baggage))
    })
}

/// The value of one entry of the current baggage.
pub fn get(key: impl AsRef<str>) -> Option<String> {
    all().get(key.as_ref()).map(str::to_owned)
}

/// The current baggage.
pub fn all() -> Baggage {
    TraceContext::current().baggage()
}
