//! What is read back while a span runs: for roots, the agents below them, typed spans, and whoever
//! shows spans before they end.

use super::super::codes::kind_of;
#[cfg(feature = "genai")]
use super::super::data::Event;
use super::super::keys::KeyHash;
use super::super::read;
use super::SpanMessage;
use crate::Value;
use crate::protobuf::Reader;
use crate::protobuf::fields::span::KIND;
#[cfg(feature = "genai")]
use crate::span::wording::ContentCapture;
use opentelemetry::trace::SpanKind;

impl SpanMessage {
    pub(in crate::span) fn has(&self, key: &str) -> bool {
        self.keys.may_have(KeyHash::of(key.as_bytes())) && self.find(key.as_bytes()).is_some()
    }

    pub(in crate::span) fn kind(&self) -> Option<SpanKind> {
        let mut fields = Reader::of(self.message.written());
        fields.find(|(field, _)| *field == KIND).map(|(_, kind)| kind_of(kind.int()))
    }

    pub(in crate::span) fn attribute(&self, key: &str) -> Option<Value> {
        let place = self.find(key.as_bytes())?;
        let (_, pair) = Reader::of(&self.message.written()[place]).next()?;
        read::attribute(pair.bytes()).map(|(_, value)| value)
    }

    /// A complete copy of the message so far, but for the end time and a pending event.
    #[cfg(feature = "__otlp")]
    pub(in crate::span) fn copied(&self) -> (crate::protobuf::Writer, crate::SpanType) {
        let mut message = crate::protobuf::Writer::default();
        message.all(self.message.written());
        if self.has_rare {
            self.rare.finish(&mut message, self.flags);
        } else {
            let unset = opentelemetry::trace::Status::Unset;
            crate::span::message::parts::foot(&mut message, &unset, self.flags);
        }
        (message, self.summary.span_type)
    }

    /// A copied message as a span, with an end at 1970.
    #[cfg(feature = "__otlp")]
    pub(in crate::span) fn read_back(
        message: &[u8],
        span_type: crate::SpanType,
        scope: &std::sync::Arc<opentelemetry::InstrumentationScope>,
    ) -> crate::span::SpanData {
        let mut span = crate::span::SpanData::blank(scope.clone());
        span.span_type = span_type;
        read::read(message, &mut span);
        span.end_time = std::time::UNIX_EPOCH;
        span
    }

    pub(in crate::span) fn set_lead(&mut self) {
        self.rare_mut().leads = true;
    }

    #[cfg(feature = "genai")]
    pub(in crate::span) fn leads(&self) -> bool {
        self.has_rare && self.rare.leads
    }
}

/// What typed spans ask for.
#[cfg(feature = "genai")]
impl SpanMessage {
    pub(in crate::span) fn content(&self) -> Option<ContentCapture> {
        self.rare.content.filter(|_| self.has_rare)
    }

    pub(in crate::span) fn set_content(&mut self, content: ContentCapture) {
        self.rare_mut().content = Some(content);
    }

    pub(in crate::span) fn pending_event(&mut self) -> &mut Option<Event> {
        &mut self.rare_mut().pending
    }

    pub(in crate::span) fn start_time(&self) -> u64 {
        self.summary.start_time
    }
}
