//! Who waits at a queue, and what wakes them.

use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[derive(Default)]
pub(in crate::pipeline) struct Signals {
    /// Tells the export loop that there may be a batch.
    work: Notify,
    /// Tells the export loop, at an attempt or before the next one, that somebody waits for it.
    awaited: Notify,
    /// Tells the export loop, there too, that part of the queue belongs onto the disk.
    crowded: Notify,
    /// Tells those who wait for a flush that spans have arrived, or are lost.
    pub(super) progress: Condvar,
    /// Whether a person waits for what `work` tells of.
    is_urgent: AtomicBool,
}

impl Signals {
    /// Says that there may be a batch.
    #[inline]
    pub(super) fn wake(&self) {
        self.work.notify_one();
    }

    /// Says that a person waits for something.
    pub(super) fn urge(&self) {
        self.is_urgent.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether a person waits; taken before looking for spans, and [set again](Self::stay_urgent) if there were
    /// some.
    pub(super) fn take_urgency(&self) -> bool {
        self.is_urgent.swap(false, Ordering::AcqRel)
    }

    /// Says so again: until the queue is seen empty, all in it is urgent.
    pub(super) fn stay_urgent(&self) {
        self.is_urgent.store(true, Ordering::Release);
    }

    /// Says that somebody waits for the exporter, by a flush or a shutdown.
    pub(super) fn hurry(&self) {
        self.work.notify_one();
        self.awaited.notify_one();
    }

    /// Says that part of the queue belongs onto the disk.
    pub(super) fn crowd(&self) {
        self.crowded.notify_one();
    }

    /// Sleeps until there may be a batch.
    pub(in crate::pipeline) async fn woken(&self) {
        self.work.notified().await;
    }

    /// Sleeps until somebody begins to wait for the exporter.
    pub(in crate::pipeline) async fn hurried(&self) {
        self.awaited.notified().await;
    }

    /// Sleeps until the queue is nearly full and part of it belongs onto the disk.
    pub(in crate::pipeline) async fn crowded(&self) {
        self.crowded.notified().await;
    }
}
