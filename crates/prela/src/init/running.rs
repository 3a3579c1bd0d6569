//! The running instances, for a process that ends without dropping them.

#[cfg(all(test, feature = "testing"))]
mod tests;

use super::pipelines::Pipelines;
use crate::context;
use crate::pipeline::{ShutdownReport, wait_elsewhere};
use crate::span::Provider;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, Weak, mpsc};
use std::thread;
use std::time::Duration;

static RUNNING: Mutex<Vec<Weak<Running>>> = Mutex::new(Vec::new());

/// What it takes to shut an instance down.
pub(super) struct Running {
    provider: Arc<Provider>,
    pipelines: Pipelines,
    shutdown_timeout: Duration,
    /// Threads that are shutting it down.
    ending: AtomicUsize,
}

impl Running {
    pub(super) fn new(
        provider: Arc<Provider>,
        pipelines: Pipelines,
        shutdown_timeout: Duration,
    ) -> Arc<Self> {
        let ending = AtomicUsize::new(0);
        let running = Arc::new(Self { provider, pipelines, shutdown_timeout, ending });
        let mut all = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(&running));
        drop(all);
        running
    }

    pub(super) fn shut_down(self: &Arc<Self>, within: Duration) -> ShutdownReport {
        let report = Ending::begin(self).finish(within);
        self.provider.mark_shut_down();
        report
    }

    /// Shuts down on another thread, which goes on if the future is dropped.
    pub(super) async fn shut_down_elsewhere(self: Arc<Self>, within: Duration) -> ShutdownReport {
        let ending = Ending::begin(&self);
        let report = wait_elsewhere(move || ending.finish(within)).await;
        // Without a thread to wait on there is no time to give.
        let report = report.unwrap_or_else(|_| self.pipelines.shutdown(Duration::ZERO));
        // Here, since spans that this thread begins later are a mistake.
        self.provider.mark_shut_down();
        report
    }

    /// Whether something may be left to send.
    fn is_wanted(&self) -> bool {
        self.provider.is_running() || self.ending.load(Ordering::Acquire) > 0
    }
}

/// A shutdown under way: whoever ends the process meanwhile waits for it.
struct Ending(Arc<Running>);

impl Ending {
    fn begin(running: &Arc<Running>) -> Self {
        running.ending.fetch_add(1, Ordering::AcqRel);
        running.provider.stop();
        Self(running.clone())
    }

    fn finish(self, within: Duration) -> ShutdownReport {
        self.0.pipelines.shutdown(within)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ending.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Shuts down all instances side by side, each within its timeout, because the process ends. Those that
/// another thread is shutting down are waited for.
///
/// The calling thread may hold a lock of ours: so other threads do the work, and this one waits for a bounded
/// time.
pub(super) fn end_all() {
    Provider::expect_late_spans();
    let (working, all_done) = mpsc::channel::<()>();
    let mut within = Duration::ZERO;
    for running in all().into_iter().filter(|running| running.is_wanted()) {
        within = within.max(running.shutdown_timeout);
        let (working, instance) = (working.clone(), running.clone());
        let end = move || {
            instance.shut_down(instance.shutdown_timeout);
            drop(working);
        };
        // Late in the life of a thread, spawning may panic.
        let thread = || thread::Builder::new().name("prela-end".to_owned()).spawn(end);
        if !matches!(context::guarded(thread), Some(Ok(_))) {
            running.shut_down(running.shutdown_timeout);
        }
    }
    drop(working);
    if !within.is_zero() {
        let _ = all_done.recv_timeout(within.saturating_add(A_MOMENT)); // ends when nobody works
    }
}

fn all() -> Vec<Arc<Running>> {
    // In a forked process a thread that is gone may hold the lock for ever.
    for _ in 0..100 {
        match RUNNING.try_lock() {
            Ok(all) => return all.iter().filter_map(Weak::upgrade).collect(),
            Err(TryLockError::Poisoned(all)) => {
                return all.into_inner().iter().filter_map(Weak::upgrade).collect();
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
    Vec::new()
}

/// What a shutdown takes on top of its time on a busy machine.
const A_MOMENT: Duration = Duration::from_millis(250);
