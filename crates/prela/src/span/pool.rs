//! Memory of spans that are over, for spans to come.
//!
//! It stays on the thread that ended the span, so the next span there finds it in the nearest cache.

use super::Source;
use super::message::SpanMessage;
use super::record::Record;
use std::cell::RefCell;
use std::sync::Arc;

struct Pool {
    records: Vec<Arc<Record>>,
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    messages: Vec<Box<SpanMessage>>,
}

impl Pool {
    fn keep(&mut self, message: Option<Box<SpanMessage>>) {
        if self.messages.len() < MOST {
            self.messages.extend(message);
        }
    }
}

thread_local! {
    static POOL: RefCell<Pool> =
        const { RefCell::new(Pool { records: Vec::new(), messages: Vec::new() }) };
}

/// Open spans of a thread are seldom deeper than this.
const MOST: usize = 64;

/// A record of this source, for a span that has not started yet. Nobody else refers to it.
pub(crate) fn record(source: &Arc<Source>) -> Arc<Record> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().records.pop());
    match pooled {
        Ok(Some(record)) if Arc::ptr_eq(&record.source, source) => record,
        // One of another instance is let go here, not under the borrow: its processors are the user's.
        _ => Arc::new(Record::new(source.clone())),
    }
}

/// What a span that is recorded writes its message to.
pub(super) fn span_message() -> Box<SpanMessage> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().messages.pop());
    pooled.ok().flatten().unwrap_or_default()
}

/// Gives back what a span was recorded in, and its record unless somebody still refers to that.
#[inline]
pub(super) fn give_back(record: Arc<Record>, message: Option<Box<SpanMessage>>) {
    // An instance that was shut down must not be kept alive by idle threads. And a count of one stays one,
    // since nobody has another to make a second of.
    let is_kept = Arc::strong_count(&record) == 1 && record.source.provider.is_running();
    let mut record = Some(record);
    let _ = POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        if is_kept && pool.records.len() < MOST {
            pool.records.extend(record.take());
        }
        pool.keep(message);
    });
}

/// The same without the record.
pub(super) fn give_back_message(message: Option<Box<SpanMessage>>) {
    let _ = POOL.try_with(|pool| pool.borrow_mut().keep(message));
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
