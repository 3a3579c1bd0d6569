//! Ends of the process that run no destructors.
//!
//! A hook for the exit of a process needs `unsafe`: so does the crate `dtor`, and `shutdown_hooks` has not changed
//! since 2016. But where the C library treats an exit as the end of the calling thread, that thread's thread-local
//! values are dropped, and those of the main thread also when `main` returns: one of them does a hook's work.

use super::running;
use crate::context;
use std::sync::Once;
use std::{panic, process, thread};

/// Ends the process as [`std::process::exit`] does, but sends what is queued before: every running
/// instance is shut down, for at most its [`shutdown_timeout`](crate::Builder::shutdown_timeout).
///
/// As with `std::process::exit`, no destructors run. Spans that are open are not recorded.
///
/// Can be called on any thread. Without a running instance it exits at once.
///
/// # Examples
///
/// ```no_run
/// fn fail(reason: &str) -> ! {
///     eprintln!("{reason}");
///     prela::exit(2)
/// }
/// # fail("no");
/// ```
pub fn exit(code: i32) -> ! {
    running::end_all();
    process::exit(code)
}

/// Arranges that the instances end with the process, where that is possible.
pub(super) fn arm() {
    // A panic in a build that unwinds drops what is in scope.
    if cfg!(panic = "abort") {
        arm_panics();
    }
    // On Windows the export threads are gone when the main thread's values are dropped.
    if cfg!(unix) && is_main_thread() {
        thread_local! { static AT_EXIT: AtExit = const { AtExit }; }
        let _ = AT_EXIT.try_with(|_| ()); // it may be too late
    }
}

struct AtExit;

impl Drop for AtExit {
    fn drop(&mut self) {
        // A panic here would abort the process.
        let _ = context::guarded(running::end_all);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_main_thread() -> bool {
    u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()) == Ok(process::id())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_main_thread() -> bool {
    thread::current().name() == Some("main")
}

/// Sets a panic hook: with `panic = "abort"` it is the last code that runs.
fn arm_panics() {
    static ARMED: Once = Once::new();
    if thread::panicking() {
        return; // no hook can be set now
    }
    ARMED.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            report(panic);
            running::end_all();
        }));
    });
}
