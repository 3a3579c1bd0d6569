//! The scopes that Prela has open on this thread.
//!
//! The current context itself is OpenTelemetry's. What is kept here is only which scope of Prela's is
//! innermost, so that [`baggage::set`](crate::baggage::set) knows where its effect ends, and what the
//! span of a scope gives to its children, so that they need not ask the context for it.

use super::attach::{self, try_attach};
use super::suppression::{self, Unrecorded};
use crate::clock::Anchor;
use opentelemetry::trace::{SpanId, TraceContextExt as _, TraceFlags, TraceId};
use opentelemetry::{Context, ContextGuard};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};

/// A context that is current until this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Scope {
    id: u64,
    outer: Innermost,
    has_origin: bool,
    /// Pops the context. Before it, what `set` attached on top must go. None if the context was
    /// current already, or could not become current.
    guard: Option<ContextGuard>,
    /// Of a context in which nothing is recorded.
    unrecorded: Option<Unrecorded>,
    not_send: PhantomData<*const ()>,
}

/// What a span gives to its children.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The instance that it is of.
    pub(crate) instance: u64,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// The local root above it, or itself.
    pub(crate) root: SpanId,
    pub(crate) flags: TraceFlags,
    pub(crate) anchor: Anchor,
}

/// The scope that was entered last, and the span slot of its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Innermost {
    /// 0: no scope is open.
    id: u64,
    /// Where the slot's span is in memory; 0 without one. Nothing else can be there as long as the
    /// scope is open, since the scope keeps its context.
    slot: usize,
}

impl Innermost {
    const NONE: Self = Self { id: 0, slot: 0 };
}

/// The part without a destructor, which costs nothing to reach.
struct State {
    innermost: Cell<Innermost>,
    last_id: Cell<u64>,
    /// The innermost scope whose context was replaced; 0 without one.
    replaced: Cell<u64>,
    /// Whether a scope was left before one that was entered later.
    is_tangled: Cell<bool>,
    /// Whether there is a context that could not be popped.
    is_stale: Cell<bool>,
}

/// An origin that is in a context's span slot. Its scope keeps the context, so nothing else can be at
/// this address.
struct Known {
    scope: u64,
    slot: usize,
    origin: Origin,
}

#[derive(Default)]
struct Frames {
    /// Of open scopes with a span of Prela's.
    origins: Vec<Known>,
    /// The contexts that replaced a scope's own.
    replacements: Vec<(u64, ContextGuard)>,
    /// Scopes that were left too early, and what was outside of them.
    left_early: Vec<(u64, Innermost)>,
    /// Contexts that could not be popped when their scopes were left, in that order.
    stale: Vec<ContextGuard>,
}

/// Scopes that could not make their context current; see [`attach`].
static NOT_CURRENT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static FRAMES: RefCell<Frames> = {
        // OpenTelemetry's thread-local must outlive this one: destructors run in reverse order of
        // first use, and the guards in the frames reach for it.
        drop(Context::current());
        RefCell::default()
    };
    static STATE: State = const {
        State {
            innermost: Cell::new(Innermost::NONE),
            last_id: Cell::new(0),
            replaced: Cell::new(0),
            is_tangled: Cell::new(false),
            is_stale: Cell::new(false),
        }
    };
}

/// Whether the thread's contexts are there: not while its locals are being destroyed, where
/// `Context::current` would panic.
fn is_alive() -> bool {
    FRAMES.try_with(|_| ()).is_ok()
}

/// Makes a context current. None if it cannot be: while the thread's locals are being destroyed, and
/// below `get_active_span` and `Context::map_current`, which borrow OpenTelemetry's stack of contexts
/// meanwhile.
#[inline]
fn attach(cx: Context) -> Option<ContextGuard> {
    #[cold]
    fn count(panic: Box<dyn Any + Send>) {
        drop(panic);
        NOT_CURRENT.fetch_add(1, Ordering::Relaxed);
    }

    if !is_alive() {
        return None;
    }
    match try_attach(cx) {
        Ok(guard) => Some(guard),
        Err(panic) => {
            count(panic);
            None
        }
    }
}

/// Whether a context can be attached and popped now.
fn can_attach() -> bool {
    is_alive() && attach::can_attach()
}

/// Scopes of this process so far that could not make their context current.
pub(crate) fn not_current() -> u64 {
    NOT_CURRENT.load(Ordering::Relaxed)
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
    if !is_alive() {
        return false;
    }
    if STATE.with(|state| state.is_stale.get()) {
        pop_stale();
    }
    Context::is_current_telemetry_suppressed()
}

/// Looks at the current context, and at what its span gives to children if a scope of Prela's made it
/// current. `look` must run nothing of the user's: OpenTelemetry's thread-local is borrowed meanwhile.
/// None while the thread's locals are being destroyed.
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

/// What is in a context's span slot, by address.
#[inline]
pub(crate) fn slot_of(cx: &Context) -> usize {
    if cx.has_active_span() { std::ptr::from_ref(cx.span().span_context()).addr() } else { 0 }
}

impl Scope {
    /// For a context of which nothing is known.
    pub(crate) fn enter(cx: Context) -> Self {
        #[cfg(feature = "testing")]
        let cx = super::chosen::carried(cx);
        let cx = suppression::carried(cx);
        let unrecorded = cx.is_telemetry_suppressed().then(Unrecorded::enter);
        let slot = slot_of(&cx);
        let mut scope = match attach(cx) {
            Some(guard) => Self::open(slot, false, Some(guard)),
            None => Self::open(NOT_CURRENT_SLOT, false, None),
        };
        scope.unrecorded = unrecorded;
        scope
    }

    /// For the context of a span of Prela's.
    #[inline]
    pub(crate) fn of_span(cx: Context, origin: impl FnOnce() -> Origin) -> Self {
        #[cfg(feature = "testing")]
        let cx = super::chosen::carried(cx);
        let slot = slot_of(&cx);
        let Some(guard) = attach(cx) else { return Self::open(NOT_CURRENT_SLOT, false, None) };
        let scope = Self::open(slot, true, Some(guard));
        let _ = FRAMES.try_with(|frames| {
            let known = Known { scope: scope.id, slot, origin: origin() };
            frames.borrow_mut().origins.push(known);
        });
        scope
    }

    /// In the context that is current already, whose slot somebody keeps as long.
    #[inline]
    pub(crate) fn of_current(slot: usize) -> Self {
        Self::open(slot, false, None)
    }

    #[inline]
    fn open(slot: usize, has_origin: bool, guard: Option<ContextGuard>) -> Self {
        STATE.with(|state| {
            let id = state.last_id.get() + 1;
            state.last_id.set(id);
            let outer = state.innermost.replace(Innermost { id, slot });
            let unrecorded = None;
            Self { id, outer, has_origin, guard, unrecorded, not_send: PhantomData }
        })
    }

    /// Leaves a scope that may have been entered elsewhere: where OpenTelemetry's stack of contexts is
    /// borrowed now, the context is popped later.
    pub(crate) fn leave(mut self) {
        if self.guard.is_none() || can_attach() {
            return;
        }
        let replacement = self.close();
        let guards = [self.guard.take(), replacement].into_iter().flatten();
        let _ = FRAMES.try_with(|frames| frames.borrow_mut().stale.extend(guards));
        STATE.with(|state| state.is_stale.set(true));
    }

    /// Leaves the scope. Gives the context that replaced the scope's own, if there is one.
    pub(crate) fn exit(mut self) -> Option<Context> {
        let replacement = self.close();
        let changed = replacement.is_some().then(current);
        drop(replacement);
        changed
    }

    /// Makes the outer scope the innermost one. Gives the guard of a context that replaced this one's,
    /// which must be dropped before this one's.
    #[inline]
    fn close(&mut self) -> Option<ContextGuard> {
        let id = mem::take(&mut self.id);
        if id == 0 {
            return None;
        }
        if !is_alive() {
            // The thread's locals are being destroyed, and popping would panic.
            mem::forget(self.guard.take());
        }
        let is_replaced = STATE.with(|state| {
            if state.innermost.get().id != id || state.is_tangled.get() {
                untangle(state, id, self.outer);
            } else {
                state.innermost.set(self.outer);
            }
            state.replaced.get() != 0
        });
        if self.has_origin {
            let _ = FRAMES.try_with(|frames| {
                let origins = &mut frames.borrow_mut().origins;
                if origins.last().is_some_and(|last| last.scope == id) {
                    origins.pop();
                } else {
                    origins.retain(|other| other.scope != id);
                }
            });
        }
        if is_replaced { take_replacement(id) } else { None }
    }
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        // The context's own guard is a field, and goes after this.
        drop(self.close());
    }
}

/// Guards may be dropped out of order: then the innermost scope is the last one that is still open.
#[cold]
fn untangle(state: &State, id: u64, outer: Innermost) {
    let _ = FRAMES.try_with(|frames| {
        let frames = &mut *frames.borrow_mut();
        if state.innermost.get().id != id {
            frames.left_early.push((id, outer));
            state.is_tangled.set(true);
            return;
        }
        let mut innermost = outer;
        while let Some(at) = frames.left_early.iter().position(|(left, _)| *left == innermost.id) {
            innermost = frames.left_early.swap_remove(at).1;
        }
        state.innermost.set(innermost);
        state.is_tangled.set(!frames.left_early.is_empty());
    });
}

/// Replaces the current context until the innermost scope ends. False if no scope of Prela's is
/// open, or if another library attached a span since: then nothing would bound the effect.
pub(super) fn replace_current(change: impl FnOnce(&Context) -> Option<Context>) -> bool {
    let Innermost { id, slot } = STATE.with(|state| state.innermost.get());
    if id == 0 || !can_attach() {
        return false;
    }
    let cx = Context::current();
    if slot_of(&cx) != slot {
        return false;
    }
    let Some(cx) = change(&cx) else { return false };
    // The previous one goes first. Dropped from below the new one, it would leave a gap in
    // OpenTelemetry's stack of contexts, which has room for 65,534. And the borrow must be over when
    // it is dropped: that drops values of contexts.
    drop(take_replacement(id));
    let replacement = cx.attach();
    let _ = FRAMES.try_with(|frames| {
        frames.borrow_mut().replacements.push((id, replacement));
        STATE.with(|state| state.replaced.set(id));
    });
    true
}

#[cold]
fn take_replacement(id: u64) -> Option<ContextGuard> {
    let taken = FRAMES.try_with(|frames| {
        let replacements = &mut frames.borrow_mut().replacements;
        let at = replacements.iter().rposition(|(scope, _)| *scope == id)?;
        let (_, replacement) = replacements.remove(at);
        let left = replacements.last().map_or(0, |(scope, _)| *scope);
        STATE.with(|state| state.replaced.set(left));
        Some(replacement)
    });
    taken.ok().flatten()
}

/// Pops what could not be popped before. A context that replaced another one goes first.
#[cold]
fn pop_stale() {
    if !can_attach() {
        return;
    }
    STATE.with(|state| state.is_stale.set(false));
    let stale = FRAMES.try_with(|frames| mem::take(&mut frames.borrow_mut().stale));
    stale.into_iter().flatten().rev().for_each(drop);
}

/// Of a scope whose context is not current: no context has it.
const NOT_CURRENT_SLOT: usize = usize::MAX;
