//! Memory of spans that are over, for spans to come.
//!
//! It stays on the thread that ended the span, so the next span there finds it in the nearest cache.

use super::details::Details;
use super::provider::{Provider, Source};
use super::record::Record;
use crate::span::message::SpanMessage;
use std::cell::RefCell;
use std::sync::Arc;

struct Pool {
    records: Vec<Arc<Record>>,
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    messages: Vec<Box<SpanMessage>>,
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    details: Vec<Box<Details>>,
}

impl Pool {
    fn keep(&mut self, message: Option<Box<SpanMessage>>) {
        if self.messages.len() < MOST {
            self.messages.extend(message);
        }
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { records: Vec::new(), messages: Vec::new(), details: Vec::new() })
    };
}

/// The most that is kept of each: open spans of a thread are seldom deeper.
const MOST: usize = 64;

/// The record of a span that has not started.
///
/// Nobody else refers to it, so the start writes to it without a lock. (Were it otherwise, the span would
/// not be recorded.)
pub(in crate::span) struct Blank(Arc<Record>);

impl Blank {
    pub(in crate::span) fn take(source: &Arc<Source>) -> Self {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().records.pop());
        match pooled {
            Ok(Some(record)) if Arc::ptr_eq(&record.source, source) => Self(record),
            // A record of another instance is dropped here and not under the borrow: it may be the last to
            // keep that instance, whose processors are the user's.
            _ => Self(Arc::new(Record::new(source.clone()))),
        }
    }

    pub(in crate::span) fn source(&self) -> &Arc<Source> {
        &self.0.source
    }

    pub(in crate::span) fn provider(&self) -> &Provider {
        &self.0.source.provider
    }

    /// Starts a span in the record, which `begin` fills.
    #[inline(always)]
    pub(super) fn start(self, begin: impl FnOnce(&mut Record)) -> Arc<Record> {
        let Self(mut record) = self;
        if let Some(record) = Arc::get_mut(&mut record) {
            begin(record);
        }
        record
    }

    /// Keeps the record for another span.
    #[inline]
    pub(super) fn give_back(self) {
        give_back(self.0, None);
    }
}

/// Takes the memory that a recorded span writes its message to.
pub(super) fn span_message() -> Box<SpanMessage> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().messages.pop());
    pooled.ok().flatten().unwrap_or_default()
}

/// Keeps the memory of a span's message, and its record unless somebody still refers to it.
#[inline]
pub(in crate::span) fn give_back(record: Arc<Record>, message: Option<Box<SpanMessage>>) {
    // An idle thread must not keep an instance alive that was shut down. A count of one stays one, since
    // nobody has another reference to clone.
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

/// Keeps the memory of a span's message.
pub(in crate::span) fn give_back_message(message: Option<Box<SpanMessage>>) {
    let _ = POOL.try_with(|pool| pool.borrow_mut().keep(message));
}

impl Details {
    /// Empty details, in memory of earlier ones.
    pub(in crate::span) fn take() -> Box<Self> {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().details.pop());
        pooled.ok().flatten().unwrap_or_default()
    }

    /// Keeps the memory of details that are used up.
    pub(super) fn give_back(mut details: Box<Self>) {
        // Before the borrow: what is dropped may be the user's.
        details.clear();
        let _ = POOL.try_with(|pool| {
            let kept = &mut pool.borrow_mut().details;
            if kept.len() < MOST {
                kept.push(details);
            }
        });
    }
}
