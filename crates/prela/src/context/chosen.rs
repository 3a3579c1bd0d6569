//! The instance that a context chooses instead of the global one: for tests that run side by side.

use super::scope::with_current;
use opentelemetry::Context;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a context ever chose one: a program pays for one load.
static IS_USED: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Chosen(Arc<dyn Any + Send + Sync>);

/// The context with an instance chosen, whatever that is to those who ask for it.
pub(crate) fn choose(cx: &Context, instance: Arc<dyn Any + Send + Sync>) -> Context {
    IS_USED.store(true, Ordering::Release);
    cx.with_value(Chosen(instance))
}

/// What the current context chooses.
pub(crate) fn chosen<T: Any + Send + Sync>() -> Option<Arc<T>> {
    let chosen = with_current(|cx, _| cx.get::<Chosen>().cloned()).flatten()?;
    chosen.0.downcast().ok()
}

/// The context, with what the current one chooses if it chooses nothing itself: it may have come in with a
/// request.
#[inline]
pub(super) fn carried(cx: Context) -> Context {
    if !IS_USED.load(Ordering::Acquire) || cx.get::<Chosen>().is_some() {
        return cx;
    }
    match with_current(|current, _| current.get::<Chosen>().cloned()).flatten() {
        Some(chosen) => cx.with_value(chosen),
        None => cx,
    }
}
