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
    spans: Vec<(Arc<Record>, Box<SpanMessage>)>,
    /// Of spans whose record somebody still refers to.
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    messages: Vec<Box<SpanMessage>>,
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    details: Vec<Box<Details>>,
}

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { spans: Vec::new(), messages: Vec::new(), details: Vec::new() })
    };
}

/// The most that is kept of each: open spans of a thread are seldom deeper.
const MOST: usize = 64;

/// The record of a span that has not started, and what its message can be written to.
///
/// Nobody else refers to the record, so the start writes to it without a lock. (Were it otherwise, the span
/// would not be recorded.)
pub(in crate::span) struct Blank {
    record: Arc<Record>,
    message: Box<SpanMessage>,
}

impl Blank {
    #[inline(always)]
    pub(in crate::span) fn take(source: &Arc<Source>) -> Self {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().spans.pop());
        match pooled {
            Ok(Some((record, message))) if Arc::ptr_eq(&record.source, source) => {
                Self { record, message }
            }
            // A record of another instance is dropped here and not under the borrow: it may be the last to
            // keep that instance, whose processors are the user's.
            Ok(pooled) => Self::new(source, pooled.map(|(_, message)| message)),
            Err(_) => Self::new(source, None),
        }
    }

    #[cold]
    fn new(source: &Arc<Source>, message: Option<Box<SpanMessage>>) -> Self {
        let pooled = || POOL.try_with(|pool| pool.borrow_mut().messages.pop()).ok().flatten();
        let message = message.or_else(pooled).unwrap_or_default();
        Self { record: Arc::new(Record::new(source.clone())), message }
    }

    #[cfg(any(feature = "retry", feature = "genai", all(feature = "macros", feature = "testing")))]
    pub(in crate::span) fn source(&self) -> &Arc<Source> {
        &self.record.source
    }

    #[inline(always)]
    pub(in crate::span) fn provider(&self) -> &Provider {
        &self.record.source.provider
    }

    #[inline(always)]
    pub(super) fn message(&mut self) -> &mut SpanMessage {
        &mut self.message
    }

    pub(super) fn message_ref(&self) -> &SpanMessage {
        &self.message
    }

    pub(super) fn provider_and_message(&mut self) -> (&Provider, &mut SpanMessage) {
        (&self.record.source.provider, &mut self.message)
    }

    /// Starts a span in the record, which `begin` fills.
    #[inline(always)]
    pub(super) fn start(self, begin: impl FnOnce(&mut Record, Box<SpanMessage>)) -> Arc<Record> {
        let Self { mut record, message } = self;
        if let Some(record) = Arc::get_mut(&mut record) {
            begin(record, message);
        }
        record
    }

    /// Keeps the memory for another span.
    #[inline]
    pub(super) fn give_back(self) {
        give_back(self.record, self.message);
    }
}

/// Keeps the memory of a span for another one; only that of its message if somebody still refers to the
/// record.
#[inline]
pub(in crate::span) fn give_back(record: Arc<Record>, message: Box<SpanMessage>) {
    if !is_reusable(&record) {
        return give_back_message(Some(message));
    }
    let mut span = Some((record, message));
    let _ = POOL.try_with(|pool| {
        let spans = &mut pool.borrow_mut().spans;
        if spans.len() < MOST {
            spans.extend(span.take());
        }
    });
}

/// Keeps the record of a span whose message was given back before, or that had none.
pub(in crate::span) fn give_back_record(record: Arc<Record>) {
    if is_reusable(&record) {
        let message = POOL.try_with(|pool| pool.borrow_mut().messages.pop()).ok().flatten();
        give_back(record, message.unwrap_or_default());
    }
}

/// Whether nobody refers to the record any more. A count of one stays one, since nobody has another reference to
/// clone. And an idle thread must not keep an instance alive that was shut down.
#[inline]
fn is_reusable(record: &Arc<Record>) -> bool {
    Arc::strong_count(record) == 1 && record.source.provider.is_running()
}

/// Keeps the memory of a span's message.
pub(in crate::span) fn give_back_message(message: Option<Box<SpanMessage>>) {
    let _ = POOL.try_with(|pool| {
        let messages = &mut pool.borrow_mut().messages;
        if messages.len() < MOST {
            messages.extend(message);
        }
    });
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
