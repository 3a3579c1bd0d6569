//! The recently started spans of an instance, for whoever shows them before they end.

use super::record::SharedRecord;
use crate::fork::Generation;
use crate::span::message::{SpanData, SpanMessage};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

/// The sampled spans that have started since somebody last looked, at most [`MOST`]. While a record is in here, its
/// memory is not used for another span.
pub(crate) struct RunningSpans {
    /// None once nobody looks any more.
    started: Mutex<Option<Vec<SharedRecord>>>,
    missed: AtomicU64,
    /// The process in which somebody looks.
    generation: Generation,
}

/// A span that has started, and may have ended.
pub(crate) struct RunningSpan(SharedRecord);

/// Spans that may run at once and be shown; more are only counted.
pub(crate) const MOST: usize = 4096;

impl RunningSpans {
    pub(crate) fn new() -> Self {
        let (missed, generation) = (AtomicU64::new(0), Generation::current());
        Self { started: Mutex::new(Some(Vec::new())), missed, generation }
    }

    /// Notes a recorded span that has just started.
    pub(super) fn note(&self, record: &SharedRecord) {
        if !record.span_context.is_sampled() || !self.generation.is_current() {
            return;
        }
        match self.lock().as_deref_mut() {
            Some(Some(started)) if started.len() < MOST => started.push(record.clone()),
            Some(None) => {}
            Some(Some(_)) | None => self.miss(),
        }
    }

    /// Those that have started since the last call.
    pub(crate) fn take(&self) -> Vec<RunningSpan> {
        let taken = self.lock().and_then(|mut started| started.as_mut().map(std::mem::take));
        taken.unwrap_or_default().into_iter().map(RunningSpan).collect()
    }

    /// Notes no more spans.
    pub(crate) fn close(&self) {
        let started = self.lock().and_then(|mut started| started.take());
        // After the lock is released: an instance's last record drops its processors, which are the user's.
        drop(started);
    }

    /// Counts a span that is not shown before it ends.
    pub(crate) fn miss(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Takes the lock, or gives up soon: a span's start waits for nobody.
    fn lock(&self) -> Option<MutexGuard<'_, Option<Vec<SharedRecord>>>> {
        for _ in 0..100 {
            match self.started.try_lock() {
                Ok(started) => return Some(started),
                Err(TryLockError::Poisoned(started)) => {
                    return Some(PoisonError::into_inner(started));
                }
                Err(TryLockError::WouldBlock) => thread::yield_now(),
            }
        }
        None
    }
}

impl RunningSpan {
    /// The span as far as it has come, with an end at 1970; none once it has ended.
    pub(crate) fn so_far(&self) -> Option<SpanData> {
        let (message, span_type) = self.0.with(|message| message.copied())?;
        // Not under the lock: the span's own threads would wait for as long as it takes.
        Some(SpanMessage::read_back(message.written(), span_type, &self.0.source.scope))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.0.is_recording()
    }
}

impl fmt::Debug for RunningSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningSpans").field("missed", &self.missed()).finish_non_exhaustive()
    }
}
