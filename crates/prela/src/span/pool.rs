//! Records of spans that are over, for spans to come.
//!
//! A record stays on the thread that ended its span, so the next span there finds it in the nearest cache.

use super::Source;
use super::record::Record;
use super::wire::Draft;
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static RECORDS: RefCell<Vec<Arc<Record>>> = const { RefCell::new(Vec::new()) };
}

/// Open spans of a thread are seldom deeper than this.
const MOST_RECORDS: usize = 64;

/// A record of this source, for a span that has not started yet. Nobody else refers to it.
pub(crate) fn record(source: &Arc<Source>) -> Arc<Record> {
    let pooled = RECORDS.try_with(|records| records.borrow_mut().pop());
    match pooled {
        Ok(Some(record)) if Arc::ptr_eq(&record.source, source) => record,
        // One of another instance is let go here, not under the borrow: its processors are the user's.
        _ => Arc::new(Record::new(source.clone())),
    }
}

/// Gives a record back, with the memory of its message, unless somebody still refers to it.
pub(super) fn give_back(mut shared: Arc<Record>, draft: Option<Box<Draft>>) {
    // An instance that was shut down must not be kept alive by idle threads.
    if !shared.source.provider.is_running() {
        return;
    }
    let Some(record) = Arc::get_mut(&mut shared) else { return };
    record.reuse(draft);
    let mut shared = Some(shared);
    let _ = RECORDS.try_with(|records| {
        let mut records = records.borrow_mut();
        if records.len() < MOST_RECORDS {
            records.extend(shared.take());
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
    give_back(record, None);
}
