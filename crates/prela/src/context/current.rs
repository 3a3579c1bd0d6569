//! The current context, and what Prela keeps about it on each thread.
//!
//! The current context itself is OpenTelemetry's. Prela keeps which of its scopes is innermost, so that
//! [`baggage::set`](crate::baggage::set) knows where its effect ends, and what the span of each scope gives
//! to its children, so that they need not ask the context for it.

use super::attach;
use crate::clock::Anchor;
use opentelemetry::trace::{SpanId, TraceContextExt as _, TraceFlags, TraceId};
use opentelemetry::{Context, ContextGuard};
use std::cell::{Cell, RefCell};
use std::mem;

/// What a span gives to its children.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The instance of the span.
    pub(crate) instance: u64,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// The local root above the span, or the span itself.
    pub(crate) root: SpanId,
    pub(crate) flags: TraceFlags,
    /// Whether its span context has no trace state.
    pub(crate) is_plain: bool,
    pub(crate) anchor: Anchor,
}

impl Origin {
    /// Stands for no span.
    pub(crate) const NONE: Self = Self {
        instance: u64::MAX,
        trace_id: TraceId::INVALID,
        span_id: SpanId::INVALID,
        root: SpanId::INVALID,
        flags: TraceFlags::NOT_SAMPLED,
        is_plain: true,
        anchor: Anchor::NONE,
    };
}

/// The innermost open scope, and the span slot of its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Innermost {
    /// 0: no scope is open.
    pub(super) id: u64,
    /// The address of the slot's span; 0 without one. Nothing else can be at this address while the scope is
    /// open, since the scope keeps its context.
    pub(super) slot: usize,
}

impl Innermost {
    pub(super) const NONE: Self = Self { id: 0, slot: 0 };
}

/// State without a destructor, which is cheap to reach.
pub(super) struct State {
    pub(super) innermost: Cell<Innermost>,
    pub(super) last_id: Cell<u64>,
    /// The innermost scope whose context was replaced; 0 without one.
    pub(super) replaced: Cell<u64>,
    /// Whether a scope was left before one that was entered later.
    pub(super) is_tangled: Cell<bool>,
    /// Whether there is a context that could not be popped.
    pub(super) is_stale: Cell<bool>,
}

/// The origin of the span in a context's slot, found by the slot's address.
pub(super) struct Known {
    pub(super) scope: u64,
    pub(super) slot: usize,
    pub(super) origin: Origin,
}

/// State with a destructor.
#[derive(Default)]
pub(super) struct Frames {
    /// The origins of open scopes with a span of Prela's.
    pub(super) origins: Vec<Known>,
    /// The contexts that replaced a scope's own.
    pub(super) replacements: Vec<(u64, ContextGuard)>,
    /// Scopes that were left too early, each with the one around it.
    pub(super) left_early: Vec<(u64, Innermost)>,
    /// Contexts that could not be popped when their scopes were left, in that order.
    pub(super) stale: Vec<ContextGuard>,
}

thread_local! {
    pub(super) static FRAMES: RefCell<Frames> = {
        // OpenTelemetry's thread-local must outlive this one, whose guards use it. Destructors run in
        // reverse order of first use.
        drop(Context::current());
        RefCell::default()
    };
    pub(super) static STATE: State = const {
        State {
            innermost: Cell::new(Innermost::NONE),
            last_id: Cell::new(0),
            replaced: Cell::new(0),
            is_tangled: Cell::new(false),
            is_stale: Cell::new(false),
        }
    };
}

/// Whether the thread has contexts. While its locals are being destroyed it has none, and
/// `Context::current` panics.
pub(super) fn is_alive() -> bool {
    FRAMES.try_with(|_| ()).is_ok()
}

/// Whether a context can be attached and popped now.
pub(super) fn can_attach() -> bool {
    is_alive() && attach::can_attach()
}

/// The current context; an empty one while the thread's locals are being destroyed.
pub(crate) fn current() -> Context {
    if !is_alive() {
        return Context::new();
    }
    if STATE.with(|state| state.is_stale.get()) {
        pop_stale();
    }
    Context::current()
}

/// Whether the current context says that nothing is to be recorded.
#[inline]
pub(super) fn is_current_suppressed() -> bool {
    is_alive() && is_suppressed_while_alive()
}

/// Whether the current context says that nothing is to be recorded. To be called only while the thread has contexts.
#[inline]
pub(super) fn is_suppressed_while_alive() -> bool {
    if STATE.with(|state| state.is_stale.get()) {
        pop_stale();
    }
    Context::is_current_telemetry_suppressed()
}

/// Looks at the current context, and at the origin of its span if a scope of Prela's made it current. `look`
/// must not run user code: OpenTelemetry's thread-local is borrowed meanwhile. None while the thread's locals
/// are being destroyed.
#[inline]
pub(crate) fn with_current<R>(look: impl FnOnce(&Context, Option<&Origin>) -> R) -> Option<R> {
    let seen = FRAMES.try_with(|frames| {
        if STATE.with(|state| state.is_stale.get()) {
            pop_stale();
        }
        let frames = frames.borrow();
        Context::map_current(|cx| {
            let slot = slot_of(cx);
            let origin = frames.origins.last().filter(|known| known.slot == slot);
            look(cx, origin.map(|known| &known.origin))
        })
    });
    seen.ok()
}

/// Whether Prela's innermost span on this thread is of this instance, and not sampled. Another context may be
/// current.
#[inline]
pub(crate) fn is_innermost_unsampled(instance: u64) -> bool {
    let is_unsampled = |origin: &Origin| origin.instance == instance && !origin.flags.is_sampled();
    let last = |frames: &RefCell<Frames>| {
        frames.borrow().origins.last().is_some_and(|known| is_unsampled(&known.origin))
    };
    FRAMES.try_with(last).unwrap_or_default()
}

/// The address of what is in a context's span slot; 0 if the slot is empty.
#[inline]
pub(crate) fn slot_of(cx: &Context) -> usize {
    if cx.has_active_span() { std::ptr::from_ref(cx.span().span_context()).addr() } else { 0 }
}

/// Pops the contexts that could not be popped before, the latest first.
#[cold]
fn pop_stale() {
    if !can_attach() {
        return;
    }
    STATE.with(|state| state.is_stale.set(false));
    let stale = FRAMES.try_with(|frames| mem::take(&mut frames.borrow_mut().stale));
    stale.into_iter().flatten().rev().for_each(drop);
}

/// The instance that a context chooses instead of the global one: for tests that run side by side.
#[cfg(feature = "testing")]
pub(super) mod chosen {
    use super::with_current;
    use opentelemetry::Context;
    use std::any::Any;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Whether a context ever chose one. Programs that never do pay for one load.
    static IS_USED: AtomicBool = AtomicBool::new(false);

    #[derive(Clone)]
    struct Chosen(Arc<dyn Any + Send + Sync>);

    /// The context that chooses this instance.
    pub(crate) fn choose(cx: &Context, instance: Arc<dyn Any + Send + Sync>) -> Context {
        IS_USED.store(true, Ordering::Release);
        cx.with_value(Chosen(instance))
    }

    /// The instance that the current context chooses.
    pub(crate) fn chosen<T: Any + Send + Sync>() -> Option<Arc<T>> {
        let chosen = with_current(|cx, _| cx.get::<Chosen>().cloned()).flatten()?;
        chosen.0.downcast().ok()
    }

    /// The context with the current one's choice if it has none of its own: it may have come with a request.
    #[inline]
    pub(in crate::context) fn carried(cx: Context) -> Context {
        if !IS_USED.load(Ordering::Acquire) || cx.get::<Chosen>().is_some() {
            return cx;
        }
        match with_current(|current, _| current.get::<Chosen>().cloned()).flatten() {
            Some(chosen) => cx.with_value(chosen),
            None => cx,
        }
    }
}
