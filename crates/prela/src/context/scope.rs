//! Scopes: a context is current until its scope is left.

#[cfg(test)]
mod tests;

use super::attach::try_attach;
#[cfg(feature = "testing")]
use super::current::chosen;
use super::current::{
    FRAMES, Frames, IS_STALE, Left, Origin, ScopeId, can_attach, current, is_alive, slot_of,
};
use super::suppression;
use super::unrecorded::Unrecorded;
use opentelemetry::trace::SpanId;
use opentelemetry::{Context, ContextGuard};
use std::any::Any;
use std::marker::PhantomData;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};

/// A context that is current until this is dropped.
///
/// It is one word, which spans move about; all else is among the [`Frames`] of the thread.
#[derive(Debug)]
#[must_use]
pub(crate) struct ContextScope {
    id: ScopeId,
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
    /// The scope of this id, which this thread gave [up](Self::into_id).
    #[inline(always)]
    pub(crate) fn of(id: ScopeId) -> Self {
        Self { id, not_send: PhantomData }
    }

    /// Makes any context current, where that is possible: not while the thread's locals are being destroyed, and not
    /// below `get_active_span` and `Context::map_current`, which borrow OpenTelemetry's stack of contexts.
    pub(crate) fn enter(cx: Context) -> Self {
        Self::enter_with(cx, None)
    }

    /// Makes any context current, as [`enter`](Self::enter) does, of whose span is known what it gives to children.
    #[inline(always)]
    pub(crate) fn enter_with(cx: Context, origin: Option<&Origin>) -> Self {
        let entered = FRAMES.try_with(|frames| {
            #[cfg(feature = "testing")]
            let cx = chosen::carried(cx);
            let cx = suppression::carried(cx);
            let (slot, is_suppressed) = (slot_of(&cx), cx.is_telemetry_suppressed());
            let guard = attach(cx);
            let frames = &mut *frames.borrow_mut();
            let id = frames.open_attached(slot, origin, guard);
            if is_suppressed {
                frames.suppress(id);
            }
            id
        });
        Self::of(entered.unwrap_or(ScopeId::NONE))
    }

    /// Makes the context of a span of Prela's current.
    #[inline(always)]
    pub(crate) fn of_span(cx: Context, origin: &Origin) -> Self {
        if !is_alive() {
            return Self::of(ScopeId::NONE);
        }
        #[cfg(feature = "testing")]
        let cx = chosen::carried(cx);
        let slot = slot_of(&cx);
        let guard = attach(cx);
        Self::opened(|frames| frames.open_attached(slot, Some(origin), guard))
    }

    /// A scope that is not open.
    pub(crate) const fn none() -> Self {
        Self { id: ScopeId::NONE, not_send: PhantomData }
    }

    /// Whether the scope was opened.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.id != ScopeId::NONE
    }

    /// Begins a span below the current one, if that is Prela's, and makes its context current. The scope is not
    /// open if there is more to consider.
    ///
    /// `begin` sees the current context, and what its span gives to children. It must not run user code: what is kept
    /// about the thread's contexts is borrowed meanwhile.
    #[inline(always)]
    pub(crate) fn of_child(begin: impl FnOnce(&Context, &Origin) -> Option<Child>) -> Self {
        let visited =
            FRAMES.try_with(|frames| {
                let frames = &mut *frames.borrow_mut();
                let innermost = frames.innermost()?;
                if IS_STALE.get() {
                    return None;
                }
                let (slot, origin) = (innermost.slot, &innermost.origin);
                let child = Context::map_current(|cx| {
                    if slot_of(cx) == slot { begin(cx, origin) } else { None }
                });
                Some(match child? {
                    Child::Own(cx, span_id) => {
                        let slot = slot_of(&cx);
                        match attach(cx) {
                            Some(guard) => frames.open_child(slot, span_id, guard),
                            None => frames.open_not_current(),
                        }
                    }
                    Child::Inherited => frames.open_within(),
                })
            });
        Self::of(visited.ok().flatten().unwrap_or(ScopeId::NONE))
    }

    /// Begins a trace where the current context has no span at all, and makes the context of its first span
    /// current; see [`of_child`](Self::of_child).
    #[inline(always)]
    pub(crate) fn of_root(
        begin: impl FnOnce(&Context) -> Option<(Context, Origin)>,
    ) -> Option<Self> {
        let visited = FRAMES.try_with(|frames| {
            if IS_STALE.get() {
                return None;
            }
            let frames = &mut *frames.borrow_mut();
            let root = Context::map_current(|cx| if slot_of(cx) == 0 { begin(cx) } else { None });
            let (cx, origin) = root?;
            let slot = slot_of(&cx);
            Some(Self::of(frames.open_attached(slot, Some(&origin), attach(cx))))
        });
        visited.ok()?
    }

    /// Opens a scope in the context that is current already, whose slot stays as long as the scope.
    #[inline]
    pub(crate) fn of_current(slot: usize) -> Self {
        Self::opened(|frames| frames.open_in_current(slot))
    }

    #[inline(always)]
    fn opened(open: impl FnOnce(&mut Frames) -> ScopeId) -> Self {
        let opened = FRAMES.try_with(|frames| open(&mut frames.borrow_mut()));
        Self::of(opened.unwrap_or(ScopeId::NONE))
    }

    /// Leaves a scope that a user held. If OpenTelemetry's stack of contexts is borrowed now, the context is
    /// popped later.
    #[inline(never)]
    pub(crate) fn leave(mut self) {
        if self.id.is_attached() && !can_attach() {
            self.leave_later();
        } else if self.is_open() {
            drop(close(self.take_id()));
        }
    }

    #[cold]
    fn leave_later(mut self) {
        let mut left = remove(self.take_id());
        let replacement = left.rare.as_mut().and_then(|rare| rare.replacement.take());
        let guards = [left.guard.take(), replacement].into_iter().flatten();
        let _ = FRAMES.try_with(|frames| frames.borrow_mut().stale.extend(guards));
        IS_STALE.set(true);
    }

    /// Leaves the scope. Returns the context that replaced the scope's own, if any.
    pub(crate) fn exit(mut self) -> Option<Context> {
        if !self.is_open() {
            return None;
        }
        let left = close(self.take_id())?;
        left.rare.as_ref()?.replacement.is_some().then(current)
    }

    /// Gives up the scope, which stays open, for its id, which can be kept where nothing may belong to a thread.
    #[inline(always)]
    pub(crate) fn into_id(mut self) -> ScopeId {
        self.take_id()
    }

    #[inline(always)]
    fn take_id(&mut self) -> ScopeId {
        mem::replace(&mut self.id, ScopeId::NONE)
    }
}

impl Drop for ContextScope {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_open() {
            leave(self.id);
        }
    }
}

#[inline(never)]
fn leave(id: ScopeId) {
    drop(close(id));
}

/// Closes a scope that was opened, and mostly pops its context; else returns what is left to undo. That is done outside
/// of the borrow: contexts are dropped, whose values are other people's.
#[inline(always)]
fn close(id: ScopeId) -> Option<Left> {
    match FRAMES.try_with(|frames| frames.borrow_mut().pop(id)) {
        Ok(Some(guard)) => {
            drop(guard);
            None
        }
        Ok(None) => Some(remove(id)),
        Err(_) => None,
    }
}

#[cold]
fn remove(id: ScopeId) -> Left {
    FRAMES.try_with(|frames| frames.borrow_mut().remove(id)).unwrap_or_default()
}

impl Frames {
    /// Opens a scope whose context has become current, or could not.
    #[inline(always)]
    fn open_attached(
        &mut self,
        slot: usize,
        origin: Option<&Origin>,
        guard: Option<ContextGuard>,
    ) -> ScopeId {
        match guard {
            Some(guard) => self.open(slot, origin, guard),
            None => self.open_not_current(),
        }
    }

    /// Records nothing until the scope is left.
    #[cold]
    fn suppress(&mut self, id: ScopeId) {
        if let Some(frame) = self.find(id) {
            frame.rare_mut().unrecorded = Some(Unrecorded::enter());
        }
    }
}

/// Makes a context current. Counts it if that cannot be.
#[inline(always)]
fn attach(cx: Context) -> Option<ContextGuard> {
    try_attach(cx).map_err(count).ok()
}

/// Replaces the current context until the innermost scope ends. False if no scope of Prela's is open, or if
/// another library has attached a span since: nothing would end the effect.
pub(super) fn replace_current(change: impl FnOnce(&Context) -> Option<Context>) -> bool {
    let innermost = FRAMES.try_with(|frames| {
        frames.borrow().innermost().map(|innermost| (innermost.id, innermost.slot))
    });
    let Ok(Some((id, slot))) = innermost else { return false };
    if id == ScopeId::NONE || !can_attach() {
        return false;
    }
    let cx = Context::current();
    if slot_of(&cx) != slot {
        return false;
    }
    let Some(cx) = change(&cx) else { return false };
    // The previous one is dropped first: below the new one it would leave a gap in OpenTelemetry's stack of
    // contexts, which holds 65,534.
    drop(exchange_replacement(id, None));
    drop(exchange_replacement(id, Some(cx.attach())));
    true
}

/// Sets what replaces the context of a scope, and returns what did before, to be dropped outside of the borrow.
fn exchange_replacement(id: ScopeId, new: Option<ContextGuard>) -> Option<ContextGuard> {
    let exchanged = FRAMES.try_with(|frames| match frames.borrow_mut().find(id) {
        Some(frame) => mem::replace(&mut frame.rare_mut().replacement, new),
        None => new,
    });
    exchanged.ok().flatten()
}
