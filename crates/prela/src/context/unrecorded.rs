//! Reasons to record nothing on a thread, whatever its context says.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// The number of reasons to record nothing on this thread, and the bit [`PROCESSING`]. It is one cell
    /// because each span looks at it.
    static REASONS: Cell<u32> = const { Cell::new(0) };
    /// The instance whose processors run on this thread.
    static INSTANCE: Cell<u64> = const { Cell::new(0) };
}

/// Set while processors run on this thread. Their instance records nothing meanwhile; others may.
const PROCESSING: u32 = 1 << 31;

/// Whether this thread records nothing for an instance. The current context, which may say so too, is
/// ignored.
#[inline]
pub(crate) fn is_unrecorded(instance: u64) -> bool {
    let reasons = REASONS.with(Cell::get);
    reasons != 0 && (reasons != PROCESSING || INSTANCE.with(Cell::get) == instance)
}

/// Whether this thread records nothing for any instance.
#[inline]
pub(super) fn is_thread_unrecorded() -> bool {
    REASONS.with(Cell::get) & !PROCESSING != 0
}

/// Whether there is an instance that this thread records nothing for.
#[inline]
pub(super) fn is_anything_unrecorded() -> bool {
    REASONS.with(Cell::get) != 0
}

/// A reason to record nothing on this thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct Unrecorded {
    not_send: PhantomData<*const ()>,
}

impl Unrecorded {
    #[inline]
    pub(crate) fn enter() -> Self {
        REASONS.with(|reasons| reasons.set(reasons.get() + 1));
        Self { not_send: PhantomData }
    }
}

impl Drop for Unrecorded {
    #[inline]
    fn drop(&mut self) {
        REASONS.with(|reasons| reasons.set(reasons.get() - 1));
    }
}

/// Runs user code that is not part of what is traced, and records no spans of it: they would run it again.
#[inline]
pub(crate) fn unrecorded<R>(hook: impl FnOnce() -> R) -> R {
    let _unrecorded = Unrecorded::enter();
    hook()
}

/// Runs processors of an instance. They may make spans of other instances, but the processors of those make
/// none.
pub(crate) fn processing<R>(instance: u64, hooks: impl FnOnce() -> R) -> R {
    let reasons = REASONS.with(Cell::get);
    if reasons & PROCESSING != 0 {
        return unrecorded(hooks);
    }
    INSTANCE.with(|it| it.set(instance));
    REASONS.with(|it| it.set(reasons | PROCESSING));
    let result = hooks();
    REASONS.with(|it| it.set(it.get() & !PROCESSING));
    result
}
