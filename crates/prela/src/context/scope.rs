//! Scopes: a context is current until its scope is left.

use super::attach::try_attach;
#[cfg(feature = "testing")]
use super::current::chosen;
use super::current::{
    FRAMES, Innermost, Known, Origin, STATE, State, can_attach, current, is_alive, slot_of,
};
use super::suppression::{self, Unrecorded};
use opentelemetry::trace::SpanId;
use opentelemetry::{Context, ContextGuard};
use std::any::Any;
use std::marker::PhantomData;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};

/// A context that is current until this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct ContextScope {
    id: u64,
    outer: Innermost,
    has_origin: bool,
    /// Pops the context when dropped, after whatever replaced it. None if the context was current already, or
    /// could not become current.
    guard: Option<ContextGuard>,
    /// Set if nothing is recorded in the context.
    unrecorded: Option<Unrecorded>,
    not_send: PhantomData<*const ()>,
}

/// What begins below the current span.
pub(crate) enum Child {
    /// A span: the context that it is current in, and its id.
    Own(Context, SpanId),
    /// Something that shares the context of its parent.
    Inherited,
}

/// The number of scopes that could not make their context current; see [`ContextScope::enter`].
static NOT_CURRENT: AtomicU64 = AtomicU64::new(0);

/// Counts a scope that could not make its context current.
#[cold]
fn count(panic: Box<dyn Any + Send>) {
    drop(panic);
    NOT_CURRENT.fetch_add(1, Ordering::Relaxed);
}

/// How many scopes of this process could not make their context current.
pub(crate) fn not_current() -> u64 {
    NOT_CURRENT.load(Ordering::Relaxed)
}

impl ContextScope {
    /// Makes any context current, where that is possible: not while the thread's locals are being destroyed, and not
    /// below `get_active_span` and `Context::map_current`, which borrow OpenTelemetry's stack of contexts.
    pub(crate) fn enter(cx: Context) -> Self {
        if !is_alive() {
            return Self::open(NOT_CURRENT_SLOT, false, None);
        }
        #[cfg(feature = "testing")]
        let cx = chosen::carried(cx);
        let cx = suppression::carried(cx);
        let unrecorded = cx.is_telemetry_suppressed().then(Unrecorded::enter);
        let slot = slot_of(&cx);
        let mut scope = match try_attach(cx) {
            Ok(guard) => Self::open(slot, false, Some(guard)),
            Err(panic) => {
                count(panic);
                Self::open(NOT_CURRENT_SLOT, false, None)
            }
        };
        scope.unrecorded = unrecorded;
        scope
    }

    /// Makes the context of a span of Prela's current.
    #[inline(always)]
    pub(crate) fn of_span(cx: Context, origin: &Origin) -> Self {
        #[cfg(feature = "testing")]
        let cx = chosen::carried(cx);
        let slot = slot_of(&cx);
        let entered = FRAMES.try_with(|frames| {
            let guard = try_attach(cx).map_err(count).ok()?;
            let scope = Self::open(slot, true, Some(guard));
            let known = Known { scope: scope.id, slot, origin: *origin };
            frames.borrow_mut().origins.push(known);
            Some(scope)
        });
        entered.ok().flatten().unwrap_or_else(|| Self::open(NOT_CURRENT_SLOT, false, None))
    }

    /// Begins a span below the current one, if that is Prela's, and makes its context current. None if there is
    /// more to consider.
    ///
    /// `begin` sees the current context, and what its span gives to children. It must not run user code: what is kept
    /// about the thread's contexts is borrowed meanwhile.
    #[inline(always)]
    pub(crate) fn of_child(begin: impl FnOnce(&Context, &Origin) -> Option<Child>) -> Option<Self> {
        let mut scope = None;
        let visited =
            FRAMES.try_with(|frames| {
                let origins = &mut frames.borrow_mut().origins;
                let Some(Known { slot, origin, .. }) = origins.last() else { return };
                if STATE.with(|state| state.is_stale.get()) {
                    return;
                }
                let child = Context::map_current(|cx| {
                    if slot_of(cx) == *slot { begin(cx, origin) } else { None }
                });
                scope = match child {
                    Some(Child::Own(cx, span_id)) => {
                        let origin = Origin { span_id, ..*origin };
                        Some(Self::begun(cx, origin, origins))
                    }
                    Some(Child::Inherited) => Some(Self::of_current(*slot)),
                    None => None,
                };
            });
        visited.ok()?;
        scope
    }

    /// Begins a trace where the current context has no span at all, and makes the context of its first span
    /// current; see [`of_child`](Self::of_child).
    #[inline(always)]
    pub(crate) fn of_root(
        begin: impl FnOnce(&Context) -> Option<(Context, Origin)>,
    ) -> Option<Self> {
        let mut scope = None;
        let visited = FRAMES.try_with(|frames| {
            if STATE.with(|state| state.is_stale.get()) {
                return;
            }
            let origins = &mut frames.borrow_mut().origins;
            let root = Context::map_current(|cx| if slot_of(cx) == 0 { begin(cx) } else { None });
            scope = root.map(|(cx, origin)| Self::begun(cx, origin, origins));
        });
        visited.ok()?;
        scope
    }

    /// Makes current the context of a span that has just begun.
    #[inline(always)]
    fn begun(cx: Context, origin: Origin, origins: &mut Vec<Known>) -> Self {
        let slot = slot_of(&cx);
        match try_attach(cx) {
            Ok(guard) => {
                let scope = Self::open(slot, true, Some(guard));
                origins.push(Known { scope: scope.id, slot, origin });
                scope
            }
            Err(panic) => {
                count(panic);
                Self::open(NOT_CURRENT_SLOT, false, None)
            }
        }
    }

    /// Opens a scope in the context that is current already, whose slot stays as long as the scope.
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

    /// Leaves a scope that a user held. If OpenTelemetry's stack of contexts is borrowed now, the context is
    /// popped later.
    pub(crate) fn leave(mut self) {
        if self.guard.is_none() || can_attach() {
            return;
        }
        let replacement = self.close();
        let guards = [self.guard.take(), replacement].into_iter().flatten();
        let _ = FRAMES.try_with(|frames| frames.borrow_mut().stale.extend(guards));
        STATE.with(|state| state.is_stale.set(true));
    }

    /// Leaves the scope. Returns the context that replaced the scope's own, if any.
    pub(crate) fn exit(mut self) -> Option<Context> {
        let replacement = self.close();
        let changed = replacement.is_some().then(current);
        drop(replacement);
        changed
    }

    /// Makes the outer scope the innermost one. Returns the guard of a context that replaced this scope's, to
    /// be dropped before this scope's own.
    #[inline]
    fn close(&mut self) -> Option<ContextGuard> {
        let id = mem::take(&mut self.id);
        if id == 0 {
            return None;
        }
        let is_replaced = STATE.with(|state| {
            if state.innermost.get().id != id || state.is_tangled.get() {
                untangle(state, id, self.outer);
            } else {
                state.innermost.set(self.outer);
            }
            state.replaced.get() != 0
        });
        let alive = FRAMES.try_with(|frames| {
            if !self.has_origin {
                return;
            }
            let origins = &mut frames.borrow_mut().origins;
            if origins.last().is_some_and(|last| last.scope == id) {
                origins.pop();
            } else {
                origins.retain(|other| other.scope != id);
            }
        });
        if alive.is_err() {
            // The thread's locals are being destroyed, and popping would panic.
            mem::forget(self.guard.take());
        }
        if is_replaced { take_replacement(id) } else { None }
    }
}

impl Drop for ContextScope {
    #[inline]
    fn drop(&mut self) {
        // The scope's own guard is a field, and is dropped after this.
        drop(self.close());
    }
}

/// Finds the innermost scope where guards were dropped out of order: the last one that is still open.
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

/// Replaces the current context until the innermost scope ends. False if no scope of Prela's is open, or if
/// another library has attached a span since: nothing would end the effect.
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
    // The previous one is dropped first: below the new one it would leave a gap in OpenTelemetry's stack of
    // contexts, which holds 65,534. It is dropped outside of the borrow, since that drops values of
    // contexts.
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

/// The slot of a scope whose context is not current, which no context has.
const NOT_CURRENT_SLOT: usize = usize::MAX;
