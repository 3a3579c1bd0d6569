//! Makes a context of OpenTelemetry's current where that may fail.
//!
//! Attaching panics below `get_active_span` and `Context::map_current`, which borrow the thread's contexts,
//! and this cannot be known beforehand. The panic is caught and kept from the panic hook, which may print,
//! report to a service, or end the process.

use opentelemetry::{Context, ContextGuard};
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

thread_local! {
    /// Whether this thread is trying to attach a context.
    static TRYING: Cell<bool> = const { Cell::new(false) };
    /// Whether the hook stayed quiet at the last failure.
    static WAS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Makes a context current, or returns OpenTelemetry's panic.
#[inline(always)]
pub(super) fn try_attach(cx: Context) -> Result<ContextGuard, Box<dyn Any + Send>> {
    TRYING.set(true);
    let guard = catch_unwind(AssertUnwindSafe(|| cx.attach()));
    TRYING.set(false);
    if guard.is_err() && !WAS_QUIET.replace(false) {
        set_hook(); // another hook has taken its place
    }
    guard
}

/// Whether a context can become current now, and be popped.
#[inline(always)]
pub(super) fn can_attach() -> bool {
    try_attach(Context::new()).map(drop).is_ok()
}

/// Keeps the panic hook from being called for contexts that cannot become current. A hook that is set
/// later, and does not call the previous one, is still called once.
pub(crate) fn keep_quiet() {
    static ASKED: Once = Once::new();
    ASKED.call_once(set_hook);
}

#[cold]
fn set_hook() {
    // A panic that aborts the process must be reported, and a panicking thread cannot set a hook.
    if cfg!(panic = "abort") || thread::panicking() {
        return;
    }
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if TRYING.get() {
            WAS_QUIET.set(true);
        } else {
            report(panic);
        }
    }));
}
