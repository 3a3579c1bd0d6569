//! The way to the disk, and back.

use super::queue::{ExporterQueue, Loss};
use super::request::Request;
use super::{Diagnostics, Overflow, PipelineSettings};
use crate::export::{Encode, Exported};
use crate::span::EncodedSpan;
use crate::store::{SpooledBatch, Store};
use crate::{Error, Resource};
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

/// The way to the disk: apart from the exporter, so that both can be used at the same time.
pub(super) struct Spooling {
    queue: Arc<ExporterQueue>,
    resource: Arc<Resource>,
    encode: Option<Encode>,
    store: Option<Box<dyn Store>>,
    when_crowded: bool,
    diagnostics: Diagnostics,
}

impl Spooling {
    /// The store is for encoded batches: without `encode` it is not used.
    pub(super) fn new(
        queue: Arc<ExporterQueue>,
        encode: Option<Encode>,
        store: Option<Box<dyn Store>>,
        resource: Arc<Resource>,
        settings: &PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Self {
        let store = store.filter(|_| encode.is_some());
        let when_crowded = settings.overflow == Overflow::Spool;
        Self { queue, resource, encode, store, when_crowded, diagnostics }
    }

    pub(super) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    pub(super) fn request(&self, spans: Vec<EncodedSpan>) -> Request {
        Request::new(&self.resource, spans, self.encode)
    }

    /// Counts what earlier runs left.
    pub(super) fn recover(&mut self) {
        if let Some(store) = &mut self.store {
            let found = store.recover();
            self.queue.recover(|recovered| {
                recovered.found += found.spans;
                recovered.spooled += found.spans;
                recovered.unreadable += found.unreadable;
            });
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
        match store.append(&body, spans) {
            Ok(()) => self.queue.settle_spooled(spans, &self.diagnostics),
            Err(error) => self.queue.settle_lost(spans, Loss::Spool, &error, &self.diagnostics),
        }
    }

    /// The oldest record that can be read. Those before it that cannot, or are too old, are counted.
    pub(super) fn oldest(&mut self) -> Option<SpooledBatch> {
        let store = self.store.as_mut()?;
        let record = store.oldest();
        for loss in store.losses() {
            if loss.is_own {
                let result = Err((Loss::Spool, &loss.error));
                self.queue.settle_replayed(loss.spans, result, &self.diagnostics);
            } else {
                self.queue.recover(|recovered| {
                    recovered.spooled -= loss.spans.min(recovered.spooled);
                    recovered.dropped += loss.spans;
                });
            }
        }
        record
    }

    /// What became of spans of a record.
    pub(super) fn settle(
        &self,
        count: u64,
        is_own: bool,
        result: &Result<Exported, (Loss, Error)>,
    ) {
        if is_own {
            let result = match result {
                Ok(exported) => Ok(exported.clone()),
                Err((why, error)) => Err((*why, error)),
            };
            self.queue.settle_replayed(count, result, &self.diagnostics);
            return;
        }
        self.queue.recover(|recovered| {
            recovered.spooled -= count.min(recovered.spooled);
            match result {
                Ok(exported) => {
                    let rejected = exported.rejected.min(count);
                    recovered.rejected += rejected;
                    recovered.exported += count - rejected;
                }
                Err(_) => recovered.dropped += count,
            }
        });
    }

    pub(super) fn done(&mut self, id: u64) {
        if let Some(store) = &mut self.store {
            store.done(id);
        }
    }

    /// Awaits something, and meanwhile keeps the queue from running full.
    pub(super) async fn meanwhile<R>(&mut self, what: impl Future<Output = R>) -> R {
        let mut what = pin!(what);
        if !self.when_crowded || self.store.is_none() {
            return what.await;
        }
        loop {
            let queue = self.queue.clone();
            match select(what, pin!(queue.crowded())).await {
                Either::Left((result, _)) => return result,
                Either::Right(((), rest)) => what = rest,
            }
            while self.queue.is_half_full()
                && let Some(spans) = self.queue.take()
            {
                let request = self.request(spans);
                self.keep(request);
            }
        }
    }
}
