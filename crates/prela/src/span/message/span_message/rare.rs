//! What few spans have: events, links, a status, attributes beyond the limit.

#[cfg(feature = "genai")]
use super::super::data::Event;
#[cfg(feature = "genai")]
use super::super::parts::event;
use super::super::parts::foot;
use crate::protobuf::Writer;
use crate::protobuf::fields::span::{DROPPED_ATTRIBUTES, DROPPED_EVENTS, DROPPED_LINKS};
#[cfg(feature = "genai")]
use crate::span::wording::ContentCapture;
use opentelemetry::trace::Status;

/// What few spans have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) dropped_attributes: u32,
    pub(super) events: Fielded,
    pub(super) links: Fielded,
    pub(super) status: Status,
    /// Whether it is the first agent below a request that came in.
    pub(super) leads: bool,
    /// Whether a typed span has content, if it says so by itself.
    #[cfg(feature = "genai")]
    pub(super) content: Option<ContentCapture>,
    /// An event that is not complete before the end.
    #[cfg(feature = "genai")]
    pub(super) pending: Option<Event>,
}

/// Repeated fields of one kind.
#[derive(Debug, Default)]
pub(super) struct Fielded {
    pub(super) fields: Writer,
    count: usize,
    dropped: u32,
}

impl Rare {
    /// Adds the event that was not complete before the end.
    #[cfg(feature = "genai")]
    pub(super) fn add_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.events.add(usize::MAX, |w| event(w, &(&pending).into()));
        }
    }

    /// Writes the rare fields and the foot.
    #[cold]
    pub(super) fn finish(&self, w: &mut Writer, flags: u32) {
        w.count(DROPPED_ATTRIBUTES, self.dropped_attributes);
        w.all(self.events.fields.written());
        w.count(DROPPED_EVENTS, self.events.dropped);
        w.all(self.links.fields.written());
        w.count(DROPPED_LINKS, self.links.dropped);
        foot(w, &self.status, flags);
    }

    pub(super) fn clear(&mut self) {
        self.dropped_attributes = 0;
        self.events.clear();
        self.links.clear();
        self.status = Status::Unset;
        self.leads = false;
        #[cfg(feature = "genai")]
        {
            self.content = None;
            self.pending = None;
        }
    }
}

impl Fielded {
    pub(super) fn add(&mut self, most: usize, write: impl FnOnce(&mut Writer)) {
        if self.count < most {
            self.count += 1;
            write(&mut self.fields);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    pub(super) fn clear(&mut self) {
        self.fields.clear();
        self.count = 0;
        self.dropped = 0;
    }
}
