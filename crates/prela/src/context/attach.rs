//! Making a context of OpenTelemetry's current where that may fail.
//!
//! It panics below `get_active_span` and `Context::map_current`, which borrow the thread's contexts
//! meanwhile, and only trying tells. The panic is caught, and nobody is to hear of it: not the terminal,
//! and not a hook that ends the process or reports to a service.

use opentelemetry::{Context, ContextGuard};
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

thread_local! {
    /// Whether this thread is trying.
    static TRYING: Cell<bool> = const { Cell::new(false) };
    /// Whether its last failure was kept quiet.
    static WAS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Makes a context current, or fails with OpenTelemetry's panic.
#[inline]
pub(super) fn try_attach(cx: Context) -> Result<ContextGuard, Box<dyn Any + Send>> {
    TRYING.set(true);
    let guard = catch_unwind(AssertUnwindSafe(|| cx.attach()));
    TRYING.set(false);
    if guard.is_err() && !WAS_QUIET.replace(false) {
        set_hook(); // another one has taken its place
    }
    guard
}

/// Whether a context can become current now, and be popped.
pub(super) fn can_attach() -> bool {
    try_attach(Context::new()).map(drop).is_ok()
}

/// From now on the panic hook does not hear of contexts that cannot become current. One that is set later,
/// and does not call the one before it, hears of the first.
pub(crate) fn keep_quiet() {
    static ASKED: Once = Once::new();
    ASKED.call_once(set_hook);
}

#[cold]
fn set_hook() {
    // What aborts the process is to be heard. And while this thread panics no hook can be set.
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
