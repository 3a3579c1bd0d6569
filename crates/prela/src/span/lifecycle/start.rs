//! The start of a span: the parent is found, the decision made, the head written, the span made current.

use super::decision::Decision;
use super::instances::{self, Parent};
use super::new_span::NewSpan;
use super::parent::{Found, Glance, glance};
use super::pool::Blank;
use super::record::Record;
use super::{calls, roots};
use crate::TraceContext;
use crate::context::ContextScope;
use opentelemetry::Context;
use opentelemetry::trace::TraceState;
use std::sync::Arc;

/// A span that has started, and is not current yet.
pub(in crate::span) struct Started {
    span: StartedSpan,
    place: Place,
}

/// What there is of a span that has started.
pub(in crate::span) enum StartedSpan {
    /// Nothing: no instance is running, or nothing is recorded here.
    None,
    Own(Arc<Record>),
    /// A span that is not sampled, below another one, whose context it shares.
    Inherited(Context),
}

/// Where a span that has started becomes current.
enum Place {
    /// In this context.
    In(Context),
    /// In the context that is current already, whose span slot this is.
    Here(usize),
}

impl NewSpan {
    /// Starts the span in a record of its instance.
    #[inline(always)]
    pub(in crate::span) fn start(&mut self, blank: Blank) -> Started {
        if !self.is_in_current_context() {
            return self.start_elsewhere(blank);
        }
        match glance(blank.provider()) {
            Glance::Suppressed(slot) => {
                Started { span: StartedSpan::None, place: Place::Here(slot) }
            }
            Glance::Unsampled(cx, slot) => self.leave_out(blank, cx, Place::Here(slot)),
            Glance::Child(parent) => {
                let decision = Decision::inherited(&parent, TraceState::NONE);
                let record = self.write_head(blank, decision, None);
                let cx = instances::current_with(&record);
                Started { span: StartedSpan::Own(record), place: Place::In(cx) }
            }
            Glance::Unclear => self.start_elsewhere(blank),
        }
    }

    #[inline(never)]
    fn start_elsewhere(&mut self, blank: Blank) -> Started {
        match self.find_parent(blank.provider()) {
            Found::Suppressed(cx) => Started::nothing(cx),
            Found::Unsampled(cx) => self.leave_out(blank, cx.clone(), Place::In(cx)),
            Found::Below(parent, base) => {
                let record = self.start_below(blank, &parent, &base);
                let cx = instances::context_with(&base, &record);
                Started { span: StartedSpan::Own(record), place: Place::In(cx) }
            }
        }
    }

    /// Starts the span below what a context holds, and leaves it to others to make it current.
    pub(in crate::span) fn start_in(&mut self, blank: Blank, base: &Context) -> Arc<Record> {
        let parent = instances::parent_in(base, blank.provider());
        self.start_below(blank, &parent, base)
    }

    fn start_below(&mut self, blank: Blank, parent: &Parent, base: &Context) -> Arc<Record> {
        let decision = self.decide(blank.provider(), parent, base);
        let record = self.write_head(blank, decision, Some(base));
        calls::note_received(parent, &record);
        roots::add(&record);
        record
    }

    /// Leaves out a span below one that is not sampled. It shares the context of that one, ids and all:
    /// nobody will ever look for it.
    #[inline(always)]
    fn leave_out(&mut self, blank: Blank, of_parent: Context, place: Place) -> Started {
        // Counted here, since a handle that can be cloned cannot tell how often it was ended.
        blank.provider().intake.on_unsampled();
        blank.give_back();
        self.give_details_back();
        Started { span: StartedSpan::Inherited(of_parent), place }
    }
}

impl Started {
    /// No span, in this context.
    pub(in crate::span) fn nothing(cx: Context) -> Self {
        Self { span: StartedSpan::None, place: Place::In(cx) }
    }

    /// The span, which does not become current.
    pub(in crate::span) fn into_span(self) -> StartedSpan {
        self.span
    }

    /// The span, and the context in which it is current.
    pub(in crate::span) fn into_parts(self) -> (StartedSpan, Context) {
        let cx = match self.place {
            Place::In(cx) => cx,
            Place::Here(_) => TraceContext::current().into(),
        };
        (self.span, cx)
    }

    /// Makes the span current.
    #[inline(always)]
    pub(in crate::span) fn enter(self) -> (StartedSpan, ContextScope) {
        let Self { span, place } = self;
        let scope = match (place, &span) {
            (Place::In(cx), StartedSpan::Own(record)) => {
                ContextScope::of_span(cx, || record.origin())
            }
            (Place::In(cx), _) => ContextScope::enter(cx),
            (Place::Here(slot), _) => ContextScope::of_current(slot),
        };
        (span, scope)
    }
}
