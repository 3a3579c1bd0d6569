//! Memory of ended spans, for later ones.
//!
//! It stays on the thread that ended the span, so the next span there finds it in the nearest cache.

use super::new_span::NewSpan;
use super::provider::{Provider, Source};
use super::record::{Record, SharedRecord};
use crate::SpanType;
use crate::context::ScopeId;
use crate::span::handle::Span;
use crate::span::message::SpanMessage;
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

struct Pool {
    /// What builders hold, mostly with the memory of a span.
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    prepared: Vec<Box<Prepared>>,
    /// Of spans that ended without their builder at hand.
    blanks: Vec<Blank>,
    /// Of spans whose record somebody still refers to.
    #[expect(clippy::vec_box, reason = "they come and go in their boxes")]
    messages: Vec<Box<SpanMessage>>,
}

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { prepared: Vec::new(), blanks: Vec::new(), messages: Vec::new() })
    };
}

/// The most that is kept of each: open spans of a thread are seldom deeper.
const MOST: usize = 64;

/// What a builder holds: the span as it will be, and the memory that it will have. A builder moves it as one
/// word.
pub(in crate::span) struct Prepared {
    /// None if no instance is installed, or if it was shut down. Even then a context may become current.
    pub(in crate::span) blank: Option<Blank>,
    pub(in crate::span) span: NewSpan,
    /// The handle of the span once it was entered. Its scope lends it from here, so nothing moves it.
    pub(in crate::span) entered: Span,
    /// What the guard of an entered span will ask for.
    pub(in crate::span) guarded: Guarded,
}

/// What was the case when a span was entered.
pub(in crate::span) struct Guarded {
    /// Of the thread that entered it.
    pub(in crate::span) scope: ScopeId,
    /// Whether the thread was panicking already.
    pub(in crate::span) was_panicking: bool,
}

impl Prepared {
    /// A span of this source, in memory of earlier ones.
    #[inline(always)]
    pub(in crate::span) fn take(
        source: &Arc<Source>,
        name: Cow<'static, str>,
        span_type: SpanType,
    ) -> Box<Self> {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().prepared.pop()).ok().flatten();
        let mut prepared = match pooled {
            Some(prepared) if prepared.is_of(source) => prepared,
            pooled => Self::complete(source, pooled),
        };
        prepared.span.name = name;
        prepared.span.span_type = span_type;
        prepared
    }

    fn is_of(&self, source: &Arc<Source>) -> bool {
        self.blank.as_ref().is_some_and(|blank| blank.is_of(source))
    }

    /// Gives pooled or new memory a record of this source.
    #[inline(never)]
    fn complete(source: &Arc<Source>, pooled: Option<Box<Self>>) -> Box<Self> {
        let mut prepared = pooled.unwrap_or_else(Self::without_instance);
        // A record of another instance is dropped here and not under a borrow of the pool: it may be the last to
        // keep that instance, whose processors are the user's.
        let message = prepared.blank.take().map(|blank| blank.message);
        prepared.blank = Some(Blank::take(source, message));
        prepared
    }

    /// A span that will not be recorded, but may still change the context.
    pub(in crate::span) fn without_instance() -> Box<Self> {
        let guarded = Guarded { scope: ScopeId::NONE, was_panicking: false };
        Box::new(Self { blank: None, span: NewSpan::empty(), entered: Span::none(), guarded })
    }

    /// Keeps the memory for another span, once this one has started, or will not.
    #[inline]
    pub(in crate::span) fn give_back(mut self: Box<Self>) {
        // What is dropped may be the user's: not under the borrow.
        self.span.clear();
        self.keep();
    }

    /// Keeps the memory, with that of the span that has ended.
    #[inline]
    pub(in crate::span) fn give_back_with(
        mut self: Box<Self>,
        record: SharedRecord,
        message: Option<Box<SpanMessage>>,
    ) {
        match message {
            Some(message) if is_reusable(&record) => self.blank = Some(Blank { record, message }),
            Some(message) => {
                drop(record);
                give_back_message(Some(message));
            }
            None => give_back_record(record),
        }
        self.keep();
    }

    /// Keeps the memory, once the span has forgotten what the builder was given.
    #[inline(never)]
    pub(in crate::span) fn keep(mut self: Box<Self>) {
        if self.blank.as_ref().is_some_and(|blank| !blank.provider().is_running()) {
            // An idle thread must not keep alive an instance that was shut down.
            self.blank = None;
        }
        let mut prepared = Some(self);
        let _ = POOL.try_with(|pool| {
            let kept = &mut pool.borrow_mut().prepared;
            if kept.len() < MOST {
                kept.extend(prepared.take());
            }
        });
    }
}

/// The record of a span that has not started, and what its message can be written to.
///
/// Nobody else refers to the record, so the start writes to it without a lock. If somebody did, the span would be
/// left unrecorded.
pub(in crate::span) struct Blank {
    record: SharedRecord,
    message: Box<SpanMessage>,
}

impl Blank {
    /// Memory for a span of this source.
    pub(super) fn take(source: &Arc<Source>, message: Option<Box<SpanMessage>>) -> Self {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().blanks.pop()).ok().flatten();
        match pooled {
            Some(blank) if blank.is_of(source) => blank,
            pooled => Self::new(source, message.or(pooled.map(|blank| blank.message))),
        }
    }

    #[cold]
    fn new(source: &Arc<Source>, message: Option<Box<SpanMessage>>) -> Self {
        let message = message.unwrap_or_else(take_message);
        Self { record: SharedRecord::new(Record::new(source.clone())), message }
    }

    #[inline(always)]
    fn is_of(&self, source: &Arc<Source>) -> bool {
        Arc::ptr_eq(&self.record.source, source)
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
    pub(super) fn start(self, begin: impl FnOnce(&mut Record, Box<SpanMessage>)) -> SharedRecord {
        let Self { mut record, message } = self;
        if let Some(record) = SharedRecord::get_mut(&mut record) {
            begin(record, message);
        }
        record
    }
}

/// Keeps the memory of a span for another one; only that of its message if somebody still refers to the
/// record.
#[inline]
pub(in crate::span) fn give_back(record: SharedRecord, message: Option<Box<SpanMessage>>) {
    let Some(message) = message else { return give_back_record(record) };
    if !is_reusable(&record) {
        drop(record);
        return give_back_message(Some(message));
    }
    let mut blank = Some(Blank { record, message });
    let _ = POOL.try_with(|pool| {
        let Pool { prepared, blanks, .. } = &mut *pool.borrow_mut();
        match prepared.last_mut() {
            Some(next) if next.blank.is_none() => next.blank = blank.take(),
            _ if blanks.len() < MOST => blanks.extend(blank.take()),
            _ => {}
        }
    });
}

/// Keeps the record of a span whose message was given back before, or that had none.
#[cold]
fn give_back_record(record: SharedRecord) {
    if is_reusable(&record) {
        give_back(record, Some(take_message()));
    }
}

/// Whether nobody refers to the record any more. A count of one stays one, since nobody has another reference to
/// clone. And an idle thread must not keep alive an instance that was shut down.
#[inline]
fn is_reusable(record: &SharedRecord) -> bool {
    record.is_unique() && record.source.provider.is_running()
}

fn take_message() -> Box<SpanMessage> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().messages.pop());
    pooled.ok().flatten().unwrap_or_default()
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
