//! Spans that begin after their instance was shut down.

use super::provider::Provider;
use crate::context;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When an instance was shut down, and by which thread.
pub(super) struct Stopped {
    at: Instant,
    thread: usize,
}

impl Stopped {
    pub(super) fn now() -> Self {
        Self { at: Instant::now(), thread: this_thread() }
    }
}

/// One line is enough for a process: what it says of one instance helps with each.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

impl Provider {
    /// A span begins too late. The first one of a process whose program is at fault is told.
    ///
    /// When a program ends, its other threads may still be at work for a moment, and are not at fault.
    #[cold]
    pub(super) fn late(&self) {
        if IS_TOLD.load(Ordering::Relaxed) {
            return;
        }
        let Some(stopped) = self.stopped.get() else { return };
        let was_used = self.decisions.stats().total > 0;
        let is_at_fault =
            !was_used || stopped.thread == this_thread() || stopped.at.elapsed() >= A_MOMENT;
        if is_at_fault
            && !context::current().is_telemetry_suppressed()
            && !IS_TOLD.swap(true, Ordering::Relaxed)
        {
            self.intake.on_late(was_used);
        }
    }

    /// From now on nothing is said of spans that begin too late: the process ends.
    pub(crate) fn expect_late_spans() {
        IS_TOLD.store(true, Ordering::Relaxed);
    }
}

/// Tells running threads apart. The standard library's own ids cannot be had while a thread's values
/// are dropped.
fn this_thread() -> usize {
    thread_local! { static HERE: u8 = const { 0 }; }
    HERE.with(|here| ptr::from_ref(here).addr())
}

const A_MOMENT: Duration = Duration::from_secs(5);
