//! The end of a span: its message is completed, shown to processors, and given to the pipeline.

#[cfg(feature = "genai")]
use super::plain_content;
use super::record::{Phase, Record};
use super::roots;
use crate::clock::unix_nano;
use crate::span::message::{EndedSpan, SpanMessage};
use std::mem;
use std::time::SystemTime;

impl Record {
    /// Ends the span; ending it again does nothing. Returns the memory of its message, for another span.
    #[inline]
    pub(in crate::span) fn end(&self, time: Option<SystemTime>) -> Option<Box<SpanMessage>> {
        // Outside the lock: a clock may be the user's.
        let time = time.map_or_else(|| self.now(), unix_nano);
        let mut state = self.state();
        if state.is_ending {
            return None;
        }
        if let Some(measurement) = state.at_end.take() {
            state.is_ending = true;
            drop(state);
            for (key, value) in measurement() {
                self.set_attribute(&key, value);
            }
            state = self.state();
            state.is_ending = false;
        }
        match mem::take(&mut state.phase) {
            Phase::Idle => None,
            Phase::Unsampled => {
                drop(state);
                self.source.provider.intake.on_unsampled();
                None
            }
            Phase::Recording(message) => {
                drop(state);
                Some(self.deliver(message, time))
            }
        }
    }

    /// Ends the span without a lock, where nobody else refers to it; see [`end`](Self::end).
    #[inline(always)]
    pub(in crate::span) fn end_alone(&mut self) -> Option<Box<SpanMessage>> {
        match self.stop_alone() {
            Some(message) => Some(self.deliver(message, self.now())),
            None if matches!(self.state_mut().phase, Phase::Idle) => None,
            None => self.end(None),
        }
    }

    /// Stops recording without a lock, where nobody else refers to the span. Its message is to be delivered. None if
    /// there is none, or if something else is to be done first.
    #[inline(always)]
    pub(super) fn stop_alone(&mut self) -> Option<Box<SpanMessage>> {
        let state = self.state_mut();
        let (None, Phase::Recording(_)) = (&state.at_end, &state.phase) else { return None };
        let phase = mem::take(&mut state.phase);
        let Phase::Recording(message) = phase else { return None };
        Some(message)
    }

    /// Completes the message of a span that has stopped recording, shows it and gives it on. Returns its memory.
    #[inline]
    pub(super) fn deliver(&self, mut message: Box<SpanMessage>, time: u64) -> Box<SpanMessage> {
        roots::remove(self);
        #[cfg(feature = "genai")]
        if self.source.provider.wording.has_content_on_spans() {
            plain_content::write(self, &mut message);
        }
        message.finish(time);
        let (provider, scope) = (&self.source.provider, &self.source.scope);
        let ended = EndedSpan { message: message.message(), scope, summary: message.summary() };
        provider.with_hooks(|hooks| hooks.on_end(&ended.to_data()));
        provider.intake.on_end(&ended);
        message.trim();
        message
    }
}
