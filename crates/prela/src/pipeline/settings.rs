//! The settings of a pipeline.

use super::shards::{Limits, Size};
use super::{Diagnostics, DropHandler, Overflow, TailRule};
use crate::Resource;
use crate::payload;
use crate::redact::Redactor;
use crate::span::{EndedSpan, SpanData};
#[cfg(feature = "spool")]
use crate::spool::{DiskStore, Spool};
use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;

/// What a pipeline is started with, again in each forked process.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) resource: Arc<Resource>,
    pub(super) settings: PipelineSettings,
    pub(super) diagnostics: Diagnostics,
}

/// The settings of a pipeline; the builder documents them.
#[derive(Clone, Debug)]
pub(crate) struct PipelineSettings {
    /// The name of one item: `span`, `log record` or `metric`.
    pub(crate) item: &'static str,
    pub(crate) max_queue_size: usize,
    pub(crate) max_queue_bytes: usize,
    pub(crate) max_batch_size: usize,
    pub(crate) schedule_delay: Duration,
    pub(crate) export_timeout: Duration,
    pub(crate) overflow: Overflow,
    pub(crate) on_drop: Option<DropHandler>,
    pub(crate) redactor: Option<Redactor>,
    pub(crate) payload_limit: Option<usize>,
    pub(crate) tail: Option<TailRule>,
    #[cfg(feature = "spool")]
    pub(crate) spool: Option<Spool>,
}

impl PipelineSettings {
    /// Whether a span may have to be redacted or cut.
    pub(super) fn changes(&self, span: &EndedSpan<'_>) -> bool {
        // No value is longer than the whole message.
        self.redactor.is_some()
            || self.payload_limit.is_some_and(|limit| span.message.len() > limit)
    }

    pub(super) fn clean(&self, span: &mut SpanData) {
        if let Some(redactor) = &self.redactor {
            redactor.apply(span);
        }
        if let Some(limit) = self.payload_limit {
            payload::limit(span, limit);
        }
    }

    /// Whether the first span wakes the export thread, because that thread cannot look as often as it would have
    /// to.
    pub(super) fn wakes_at_first(&self) -> bool {
        self.schedule_delay < SHORTEST_PERIOD
    }

    pub(super) fn limits(&self) -> Limits {
        let (max_bytes, max_batch) = (self.max_queue_bytes, self.max_batch_size);
        Limits {
            queue: Size { spans: self.max_queue_size, bytes: max_bytes },
            batch: Size { spans: max_batch, bytes: MAX_BATCH_BYTES.min(max_bytes) },
            wakes_at_first: self.wakes_at_first(),
        }
    }

    /// The settings of a pipeline for another signal, which is cleaned before it gets there; `name`: that of
    /// its part of the spool.
    #[cfg(all(any(feature = "tracing", feature = "metrics"), feature = "__otlp"))]
    pub(crate) fn for_signal(&self, item: &'static str, name: &str) -> Self {
        let mut own = Self { item, ..self.clone() };
        (own.redactor, own.payload_limit, own.tail, own.on_drop) = (None, None, None, None);
        #[cfg(feature = "spool")]
        {
            own.spool = own.spool.map(|spool| spool.below(name));
        }
        #[cfg(not(feature = "spool"))]
        let _ = name;
        own
    }

    /// The spool of one exporter, if there is to be any.
    #[cfg(feature = "spool")]
    pub(super) fn store(&self, number: usize) -> Option<Box<dyn Store>> {
        let spool = self.spool.clone()?;
        Some(Box::new(DiskStore::new(spool, number)))
    }

    #[cfg(not(feature = "spool"))]
    pub(super) fn store(&self, _: usize) -> Option<Box<dyn Store>> {
        None
    }
}

/// An export thread wakes up by itself no more often than this.
const SHORTEST_PERIOD: Duration = Duration::from_millis(200);

/// The most bytes of one batch: receivers often take no more than 4 MiB.
const MAX_BATCH_BYTES: usize = 3_500_000;
