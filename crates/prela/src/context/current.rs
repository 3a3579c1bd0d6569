//! The current context, and what Prela keeps about it on each thread.
//!
//! The current context itself is OpenTelemetry's. Prela keeps its own open scopes: so
//! [`baggage::set`](crate::baggage::set) knows where its effect ends, and the children of a scope's span need not
//! ask the context what that gives to them.

use super::attach;
use super::unrecorded::Unrecorded;
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

/// An open scope of Prela's.
pub(super) struct Frame {
    pub(super) id: ScopeId,
    /// The address of the span in the slot of the scope's context; 0 without one. Nothing else can be at this address
    /// while the scope is open, since the scope keeps its context.
    pub(super) slot: usize,
    /// What that span gives to its children; that of no instance if it is not known to be Prela's.
    pub(super) origin: Origin,
    /// What few scopes have to undo.
    rare: Option<Box<RarelyLeft>>,
}

impl Frame {
    /// Stands for no scope.
    const NONE: Self =
        Self { id: ScopeId::NONE, slot: NOT_CURRENT_SLOT, origin: Origin::NONE, rare: None };

    #[inline(always)]
    fn describe(&mut self, slot: usize, origin: Option<&Origin>, outer: &Self) {
        self.slot = slot;
        match origin {
            Some(origin) => self.origin = *origin,
            None if outer.slot == slot => self.origin = outer.origin,
            // The rest of the origin is not looked at.
            None => self.origin.instance = Origin::NONE.instance,
        }
    }

    /// What few scopes have to undo, to be added to.
    pub(super) fn rare_mut(&mut self) -> &mut RarelyLeft {
        self.rare.get_or_insert_default()
    }
}

/// What is undone when a scope is left, in this order.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) rare: Option<Box<RarelyLeft>>,
    /// Pops the scope's context. None if it was current already, or could not become current.
    pub(super) guard: Option<ContextGuard>,
}

/// What few scopes have to undo.
#[derive(Debug, Default)]
pub(super) struct RarelyLeft {
    /// Pops the context that replaced the scope's own, before that.
    pub(super) replacement: Option<ContextGuard>,
    /// Set if nothing is recorded in the context.
    pub(super) unrecorded: Option<Unrecorded>,
}

/// Tells the scopes of a thread apart. It is one word, as are the scopes that hold it, since spans move them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeId(u64);

impl ScopeId {
    /// That of a scope which was left, or which was entered while the thread's locals are being destroyed.
    pub(crate) const NONE: Self = Self(0);

    /// The bit of a scope that has made its context current.
    const ATTACHED: u64 = 1;

    /// Whether the scope has made its context current.
    #[inline(always)]
    pub(super) fn is_attached(self) -> bool {
        self.0 & Self::ATTACHED != 0
    }
}

/// The open scopes of a thread, and what they left behind.
///
/// Everything is written in place, and read in the pieces in which it was written: a scope that is put together
/// elsewhere, or left soon, would be read before its parts have reached the memory, which takes longer than all else.
pub(super) struct Frames {
    /// The open scopes, the innermost one last, and behind them those that were left. The first frame is that of no
    /// scope.
    frames: Vec<Frame>,
    open: usize,
    /// Of the open scopes that are attached.
    guards: Vec<ContextGuard>,
    last_id: u64,
    /// Contexts that could not be popped when their scopes were left, in that order.
    pub(super) stale: Vec<ContextGuard>,
}

impl Default for Frames {
    fn default() -> Self {
        let (frames, guards, stale) = (vec![Frame::NONE], Vec::new(), Vec::new());
        Self { frames, open: 0, guards, last_id: 0, stale }
    }
}

impl Frames {
    /// Opens the scope of an attached context whose slot has this address, and the span there this origin. If that is
    /// not known, it is that of the scope around it, which may have the same span.
    #[inline(always)]
    pub(super) fn open(
        &mut self,
        slot: usize,
        origin: Option<&Origin>,
        guard: ContextGuard,
    ) -> ScopeId {
        self.guards.push(guard);
        self.open_with(ScopeId::ATTACHED, |frame, outer| frame.describe(slot, origin, outer))
    }

    /// Opens the scope of a child of the span in the innermost one.
    #[inline(always)]
    pub(super) fn open_child(
        &mut self,
        slot: usize,
        span_id: SpanId,
        guard: ContextGuard,
    ) -> ScopeId {
        self.guards.push(guard);
        self.open_with(ScopeId::ATTACHED, |frame, outer| {
            frame.slot = slot;
            frame.origin = outer.origin;
            frame.origin.span_id = span_id;
        })
    }

    /// Opens a scope in the context that is current already, whose slot stays as long as the scope.
    pub(super) fn open_in_current(&mut self, slot: usize) -> ScopeId {
        self.open_with(0, |frame, outer| frame.describe(slot, None, outer))
    }

    /// Opens a scope in the context of the innermost one.
    #[inline(always)]
    pub(super) fn open_within(&mut self) -> ScopeId {
        self.open_with(0, |frame, outer| {
            (frame.slot, frame.origin) = (outer.slot, outer.origin);
        })
    }

    /// Opens a scope whose context could not become current.
    #[cold]
    pub(super) fn open_not_current(&mut self) -> ScopeId {
        self.open_in_current(NOT_CURRENT_SLOT)
    }

    /// Opens a scope. `describe` gets its frame, and that of the scope around it.
    #[inline(always)]
    fn open_with(&mut self, bits: u64, describe: impl FnOnce(&mut Frame, &Frame)) -> ScopeId {
        if self.frames.len() - self.open == 1 {
            self.frames.push(Frame::NONE);
        }
        let around = self.frames.get_mut(self.open..);
        let Some([outer, frame]) = around.and_then(<[_]>::first_chunk_mut) else {
            return ScopeId::NONE;
        };
        self.open += 1;
        self.last_id += 2;
        frame.id = ScopeId(self.last_id | bits);
        describe(frame, outer);
        frame.id
    }

    /// The innermost open scope; else the frame of no scope.
    #[inline(always)]
    pub(super) fn innermost(&self) -> Option<&Frame> {
        self.frames.get(self.open)
    }

    /// An open scope.
    pub(super) fn find(&mut self, id: ScopeId) -> Option<&mut Frame> {
        self.frames.get_mut(1..=self.open)?.iter_mut().rfind(|frame| frame.id == id)
    }

    /// Takes out the innermost scope if it is this one and has only its context to undo, which is returned.
    #[inline(always)]
    pub(super) fn pop(&mut self, id: ScopeId) -> Option<Option<ContextGuard>> {
        let innermost = self.innermost()?;
        if innermost.id != id || innermost.rare.is_some() {
            return None;
        }
        self.open -= 1;
        Some(if id.is_attached() { self.guards.pop() } else { None })
    }

    /// Takes out a scope that is left, and what is to be undone for it.
    pub(super) fn remove(&mut self, id: ScopeId) -> Left {
        let open = self.frames.get_mut(1..=self.open).unwrap_or_default();
        let Some(at) = open.iter().rposition(|frame| frame.id == id) else {
            return Left::default();
        };
        let attached = open[..at].iter().filter(|frame| frame.id.is_attached()).count();
        let rare = open[at].rare.take();
        // One that was entered later may be open still.
        open[at..].rotate_left(1);
        self.open -= 1;
        let guard = if id.is_attached() { Some(self.guards.remove(attached)) } else { None };
        Left { rare, guard }
    }
}

/// The slot of a scope whose context is not current, which no context has.
const NOT_CURRENT_SLOT: usize = usize::MAX;

thread_local! {
    pub(super) static FRAMES: RefCell<Frames> = {
        // OpenTelemetry's thread-local must outlive this one, whose guards use it. Destructors run in
        // reverse order of first use.
        drop(Context::current());
        RefCell::default()
    };
    /// Whether there is a context that could not be popped.
    pub(super) static IS_STALE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the thread has contexts. While its locals are being destroyed it has none, and
/// `Context::current` panics.
pub(super) fn is_alive() -> bool {
    FRAMES.try_with(|_| ()).is_ok()
}

/// Whether a context can be attached and popped now.
#[inline]
pub(super) fn can_attach() -> bool {
    is_alive() && attach::can_attach()
}

/// The current context; an empty one while the thread's locals are being destroyed.
pub(crate) fn current() -> Context {
    if !is_alive() {
        return Context::new();
    }
    if IS_STALE.get() {
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
    if IS_STALE.get() {
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
        if IS_STALE.get() {
            pop_stale();
        }
        let frames = frames.borrow();
        Context::map_current(|cx| {
            let slot = slot_of(cx);
            let innermost = frames.innermost().filter(|frame| frame.slot == slot);
            let origin = innermost.map(|frame| &frame.origin);
            look(cx, origin.filter(|origin| origin.instance != Origin::NONE.instance))
        })
    });
    seen.ok()
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
    IS_STALE.set(false);
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
