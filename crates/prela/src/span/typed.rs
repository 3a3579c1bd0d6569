//! What typed spans need of a span: to write when it starts, to know how, and to read back.

use super::lifecycle::{Inherits, SharedRecord};
use super::wording::{ContentCapture, Wording};
use super::{Event, Span, SpanBuilder};
use crate::clock::from_unix_nano;
use crate::context::CurrentAgent;
use crate::{SpanType, Value};
use opentelemetry::Key;
use std::borrow::Cow;
use std::time::{Duration, SystemTime};

impl SpanBuilder {
    /// How its instance writes what spans are; none without one.
    pub(crate) fn wording(&self) -> Option<&Wording> {
        self.source().map(|source| &source.provider.wording)
    }

    /// Whether content is recorded, as far as the instance says.
    #[cfg(feature = "macros")]
    pub(crate) fn captures_content(&self) -> bool {
        let content = self.wording().and_then(|wording| wording.content);
        content.is_some_and(|content| content != ContentCapture::Off)
    }

    /// Runs this when the span has started, if it is recorded.
    pub(crate) fn at_start(&mut self, hook: impl FnOnce(&Span) + Send + Sync + 'static) {
        if !self.is_noop() {
            self.options_mut()
                .typed
                .at_start
                .push(Box::new(move |record| hook(&Span::of(record.clone()))));
        }
    }

    /// Sets where this span's content goes, unless the instance is told to record none.
    pub(crate) fn set_content(&mut self, content: ContentCapture) {
        self.options_mut().typed.content = Some(content);
    }

    /// Puts the spans below it within this agent or conversation.
    pub(crate) fn enter_agent(&mut self, change: impl FnOnce(&mut CurrentAgent)) {
        change(self.options_mut().typed.agent.get_or_insert_default());
    }

    pub(crate) fn inherits(&mut self) -> &mut Inherits {
        &mut self.options_mut().typed.inherits
    }
}

impl Span {
    /// How its instance writes what spans are; none for a span that is not Prela's, or left out.
    pub(crate) fn wording(&self) -> Option<&Wording> {
        self.record().map(|record| &record.source.provider.wording)
    }

    /// Where content goes.
    pub(crate) fn content(&self) -> ContentCapture {
        let Some(record) = self.record() else { return ContentCapture::Off };
        let of_call = record.with(|message| message.content()).flatten();
        ContentCapture::effective(record.source.provider.wording.content, of_call)
    }

    /// What an attribute has been set to.
    pub(crate) fn attribute(&self, key: &str) -> Option<Value> {
        self.record()?.with(|message| message.attribute(key)).flatten()
    }

    /// Whether it is Prela's and does not have this attribute.
    pub(crate) fn lacks(&self, key: &str) -> bool {
        let lacks =
            |record: &SharedRecord| record.with(|message| !message.has(key)).unwrap_or_default();
        self.record().is_some_and(lacks)
    }

    /// How many attributes there may be.
    pub(crate) fn most_attributes(&self) -> usize {
        self.record().map_or(0, |record| record.source.provider.limits.attributes)
    }

    /// Adds attributes to an event that is written when the span ends.
    pub(crate) fn add_to_event(&self, name: &'static str, attributes: Vec<(Key, Value)>) {
        let Some(record) = self.record() else { return };
        let time = from_unix_nano(record.now());
        let limits = &record.source.provider.limits;
        let (attributes, dropped) = limits.collect(attributes, limits.attributes_per_event);
        record.with(|message| {
            let event = message.pending_event().get_or_insert_with(|| Event {
                name: Cow::Borrowed(name),
                time,
                attributes: Vec::new(),
                dropped_attributes_count: 0,
            });
            event.time = time;
            event.attributes.extend(attributes);
            event.dropped_attributes_count += dropped;
        });
    }

    /// The time since its start, and the time now.
    pub(crate) fn elapsed(&self) -> Option<(Duration, SystemTime)> {
        let record = self.record()?;
        let now = record.now();
        let start = record.with(|message| message.start_time())?;
        Some((Duration::from_nanos(now.saturating_sub(start)), from_unix_nano(now)))
    }

    /// Whether the span is of this type.
    pub(crate) fn is_of_type(&self, span_type: SpanType) -> bool {
        self.span_type() == Some(span_type)
    }
}
