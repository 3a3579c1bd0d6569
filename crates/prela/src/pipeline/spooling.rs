//! Requests that go to the disk, and come back.

use super::fate::{Fate, Loss, Place};
use super::queue::ExporterQueue;
use super::request::{Request, RequestEncoder};
use crate::store::{KeptBy, SpooledBatch, Store};
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

/// The spool of one queue: apart from the exporter, so that both can be used at the same time.
pub(super) struct Spooling {
    queue: Arc<ExporterQueue>,
    store: Option<Box<dyn Store>>,
}

impl Spooling {
    pub(super) fn new(queue: Arc<ExporterQueue>, store: Option<Box<dyn Store>>) -> Self {
        Self { queue, store }
    }

    pub(super) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Counts what earlier runs left.
    pub(super) fn recover(&mut self) {
        if let Some(store) = &mut self.store {
            self.queue.find(store.recover());
        }
    }

    pub(super) fn has_records(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.is_empty())
    }

    /// Puts a request in flight onto the disk; it is lost if the disk does not take it.
    pub(super) fn keep(&mut self, request: Request) {
        let (Some(store), Request::Bytes { body, spans }) = (&mut self.store, request) else {
            return;
        };
        let fate = match store.append(&body, spans) {
            Ok(()) => Fate::Spooled,
            Err(error) => Fate::Lost(Loss::Spool, Some(error)),
        };
        self.queue.settle(spans, Place::Flight, fate);
    }

    /// The oldest record that can be read. Those before it that cannot, or are too old, are counted as lost.
    pub(super) fn oldest(&mut self) -> Option<SpooledBatch> {
        let store = self.store.as_mut()?;
        let record = store.oldest();
        for loss in store.losses() {
            let fate = Fate::Lost(Loss::Spool, Some(loss.error));
            self.queue.settle(loss.spans, place(loss.kept_by), fate);
        }
        record
    }

    /// Removes a record that was sent, and counts what became of its spans.
    pub(super) fn done(&mut self, id: u64, kept_by: KeptBy, fates: Vec<(u64, Fate)>) {
        if let Some(store) = &mut self.store {
            store.done(id);
        }
        for (count, fate) in fates {
            self.queue.settle(count, place(kept_by), fate);
        }
    }
}

fn place(kept_by: KeptBy) -> Place {
    match kept_by {
        KeptBy::ThisRun => Place::Spool,
        KeptBy::EarlierRun => Place::EarlierRun,
    }
}

/// Awaits something, and meanwhile moves spans from a crowded queue to the disk. Queues are crowded only
/// with [`Overflow::Spool`].
pub(super) async fn relieving<R>(
    queue: &ExporterQueue,
    encoder: &RequestEncoder,
    spooling: &mut Spooling,
    what: impl Future<Output = R>,
) -> R {
    let mut what = pin!(what);
    if !spooling.has_store() {
        return what.await;
    }
    loop {
        match select(what, pin!(queue.signals.crowded())).await {
            Either::Left((result, _)) => return result,
            Either::Right(((), rest)) => what = rest,
        }
        while queue.is_half_full()
            && let Some(spans) = queue.take()
        {
            spooling.keep(encoder.request(spans));
        }
    }
}
