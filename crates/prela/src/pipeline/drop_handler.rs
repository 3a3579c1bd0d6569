//! Tells the program about lost spans.

use super::stats::Dropped;
use crate::context;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What the program does about lost spans.
#[derive(Clone)]
pub(crate) struct DropHandler(Arc<dyn Fn(&Dropped) + Send + Sync>);

impl DropHandler {
    pub(crate) fn new(handle: impl Fn(&Dropped) + Send + Sync + 'static) -> Self {
        Self(Arc::new(handle))
    }
}

impl fmt::Debug for DropHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DropHandler")
    }
}

/// Notes losses on any thread, and calls the handler on the first export thread.
#[derive(Debug)]
pub(super) struct DropNotifier {
    handler: Option<DropHandler>,
    /// Whether there is something new to tell. Noting a further loss then costs one load.
    is_pending: AtomicBool,
    wake: Notify,
    told: Mutex<Dropped>,
}

impl DropNotifier {
    pub(super) fn new(handler: Option<DropHandler>) -> Self {
        Self {
            handler,
            is_pending: AtomicBool::new(false),
            wake: Notify::new(),
            told: Mutex::default(),
        }
    }

    pub(super) fn note(&self) {
        if self.handler.is_some()
            && !self.is_pending.load(Ordering::Relaxed)
            && !self.is_pending.swap(true, Ordering::AcqRel)
        {
            self.wake.notify_one();
        }
    }

    /// Tells the handler of what is new in `now`.
    pub(super) fn tell(&self, now: Dropped) {
        let Some(DropHandler(handle)) = &self.handler else { return };
        let new = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let new = now.since(&told);
            told.add(&new);
            new
        };
        if new.total() > 0 {
            let _ = context::hook(|| handle(&new));
        }
    }

    /// Tells of losses for as long as it is polled, a few times a second at most.
    pub(super) async fn watch(&self, dropped: impl Fn() -> Dropped) {
        if self.handler.is_none() {
            return std::future::pending().await;
        }
        loop {
            self.wake.notified().await;
            self.is_pending.store(false, Ordering::Release);
            self.tell(dropped());
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

const INTERVAL: Duration = Duration::from_millis(200);
