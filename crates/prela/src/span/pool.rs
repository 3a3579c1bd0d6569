//! Memory of spans that are over, for spans to come.
//!
//! A record stays on the thread that ended its span. A finished span comes back from the export thread
//! when its batch is dropped, to a list that all threads take from, many at a time. Neither keeps more
//! than a fixed number, and what is not there is allocated.

use super::record::Record;
use super::{Source, SpanData};
use std::cell::RefCell;
use std::sync::{Arc, Mutex};

thread_local! {
    static RECORDS: RefCell<Vec<Arc<Record>>> = const { RefCell::new(Vec::new()) };
    static SPANS: RefCell<Vec<Arc<SpanData>>> = const { RefCell::new(Vec::new()) };
}

/// Finished spans that came back, for all threads.
static RETURNED: Mutex<Vec<Arc<SpanData>>> = Mutex::new(Vec::new());

/// Open spans of a thread are seldom deeper than this.
const MOST_RECORDS: usize = 64;
/// Of 1 kB each or so.
const MOST_RETURNED: usize = 4_096;
/// How many a thread takes at a time, so that it seldom waits for the lock.
const TAKEN_AT_ONCE: usize = 64;

/// A record of this source, for a span that has not started yet. Nobody else refers to it.
pub(crate) fn record(source: &Arc<Source>) -> Arc<Record> {
    let pooled = RECORDS.try_with(|records| records.borrow_mut().pop());
    match pooled {
        Ok(Some(record)) if Arc::ptr_eq(&record.source, source) => record,
        // One of another instance is let go here, not under the borrow: its processors are the user's.
        _ => Arc::new(Record::new(source.clone())),
    }
}

/// Gives a record back, unless somebody still refers to it.
pub(super) fn give_back(mut record: Arc<Record>) {
    // An instance that was shut down must not be kept alive by idle threads.
    if Arc::get_mut(&mut record).is_none() || !record.source.provider.is_running() {
        return;
    }
    let mut record = Some(record);
    let _ = RECORDS.try_with(|records| {
        let mut records = records.borrow_mut();
        if records.len() < MOST_RECORDS {
            records.extend(record.take());
        }
    });
}

/// Gives a record back that was not started.
pub(super) fn give_back_unused(mut record: Arc<Record>) {
    if let Some(record) = Arc::get_mut(&mut record) {
        record.given.attributes.clear();
        record.given.links.clear();
        record.given.start_time = None;
    }
    give_back(record);
}

/// A span without anything in it. Nobody else refers to it.
pub(super) fn span(source: &Source) -> Arc<SpanData> {
    let pooled = SPANS.try_with(|spans| {
        let mut spans = spans.borrow_mut();
        spans.pop().or_else(|| {
            // Not waited for: whoever has it may be in the parent of this forked process.
            let mut returned = RETURNED.try_lock().ok()?;
            let from = returned.len().saturating_sub(TAKEN_AT_ONCE);
            spans.extend(returned.drain(from..));
            spans.pop()
        })
    });
    if let Ok(Some(mut pooled)) = pooled
        && let Some(span) = Arc::get_mut(&mut pooled)
    {
        span.clear();
        return pooled;
    }
    Arc::new(SpanData::blank(source.scope.clone()))
}

/// Gives back spans that were exported, as far as nobody else refers to them.
///
/// What is in them goes when they are used again, on the thread that made it: what is written here has
/// to travel once more between the caches of two cores. Large contents go at once.
pub(super) fn give_back_spans(mut spans: Vec<Arc<SpanData>>) {
    spans.retain_mut(|span| {
        if Arc::strong_count(span) > 1 {
            return false;
        }
        if span.is_large()
            && let Some(span) = Arc::get_mut(span)
        {
            span.clear();
        }
        true
    });
    let Ok(mut returned) = RETURNED.try_lock() else { return };
    let room = MOST_RETURNED.saturating_sub(returned.len());
    let kept = spans.len().min(room);
    returned.extend(spans.drain(..kept));
    drop(returned);
}
