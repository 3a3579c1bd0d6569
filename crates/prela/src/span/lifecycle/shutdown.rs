//! Spans that begin after their instance was shut down: which of them are worth a report.

use crate::context;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When an instance was shut down, and by which thread.
pub(super) struct Shutdown {
    at: Instant,
    thread: usize,
}

/// Whether there was a report already. One line is enough for a process: what it says of one instance
/// helps with each.
static IS_REPORTED: AtomicBool = AtomicBool::new(false);

impl Shutdown {
    pub(super) fn now() -> Self {
        Self { at: Instant::now(), thread: this_thread() }
    }

    /// Whether a span that begins now is to be reported: the first one in the process that is a mistake.
    ///
    /// While a program ends, its other threads may still be at work for a moment, which is no mistake.
    pub(super) fn is_to_report(&self, was_used: bool) -> bool {
        let is_mistake = !was_used || self.thread == this_thread() || self.at.elapsed() >= A_MOMENT;
        is_mistake
            && !context::current().is_telemetry_suppressed()
            && !IS_REPORTED.swap(true, Ordering::Relaxed)
    }

    /// Whether nothing is reported any more.
    pub(super) fn is_quiet() -> bool {
        IS_REPORTED.load(Ordering::Relaxed)
    }

    /// Reports nothing from now on.
    pub(super) fn keep_quiet() {
        IS_REPORTED.store(true, Ordering::Relaxed);
    }
}

/// A number that tells running threads apart. The standard library's own ids cannot be had while a
/// thread's values are being destroyed.
fn this_thread() -> usize {
    thread_local! { static HERE: u8 = const { 0 }; }
    HERE.with(|here| ptr::from_ref(here).addr())
}

const A_MOMENT: Duration = Duration::from_secs(5);
