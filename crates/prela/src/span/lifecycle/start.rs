//! The start of a span: the parent is found, the decision made, the head written, the span made current.

use super::instances::{self, Parent};
use super::new_span::NewSpan;
use super::parent::{Found, Glance};
use super::pool::Blank;
use super::record::Record;
use super::{calls, roots};
use crate::TraceContext;
use crate::context::ContextScope;
use opentelemetry::Context;
use std::sync::Arc;

/// What there is of a span that has started.
pub(in crate::span) enum StartedSpan {
    /// Nothing: no instance is running, or nothing is recorded here.
    None,
    Own(Arc<Record>),
    /// A span that is not sampled, below another one, whose context it shares.
    Inherited(Context),
}

impl NewSpan {
    /// Starts the span and makes it current.
    #[inline(always)]
    pub(in crate::span) fn enter(&mut self, blank: Blank) -> (StartedSpan, ContextScope) {
        match self.glance(blank.provider()) {
            Glance::Child(parent) => {
                let record = self.start_child(blank, &parent);
                let scope = make_current(&record, instances::current_with(&record));
                (StartedSpan::Own(record), scope)
            }
            Glance::Unsampled(cx, slot) => {
                self.leave_out(blank);
                (StartedSpan::Inherited(cx), ContextScope::of_current(slot))
            }
            Glance::Suppressed(slot) => (StartedSpan::None, ContextScope::of_current(slot)),
            Glance::Unclear => self.enter_elsewhere(blank),
        }
    }

    #[inline(never)]
    fn enter_elsewhere(&mut self, blank: Blank) -> (StartedSpan, ContextScope) {
        let (span, cx) = self.start_elsewhere(blank, instances::context_with);
        let scope = match &span {
            StartedSpan::Own(record) => make_current(record, cx),
            StartedSpan::Inherited(_) | StartedSpan::None => ContextScope::enter(cx),
        };
        (span, scope)
    }

    /// Starts the span, and returns the context in which it is current, too.
    pub(in crate::span) fn start_for_future(&mut self, blank: Blank) -> (StartedSpan, Context) {
        match self.glance(blank.provider()) {
            Glance::Child(parent) => {
                let record = self.start_child(blank, &parent);
                let cx = instances::current_with(&record);
                (StartedSpan::Own(record), cx)
            }
            Glance::Unsampled(cx, _) => {
                self.leave_out(blank);
                (StartedSpan::Inherited(cx), TraceContext::current().into())
            }
            Glance::Suppressed(_) => (StartedSpan::None, TraceContext::current().into()),
            Glance::Unclear => self.start_elsewhere(blank, instances::context_with),
        }
    }

    /// Starts the span, of which no context will know.
    pub(in crate::span) fn start(&mut self, blank: Blank) -> StartedSpan {
        match self.glance(blank.provider()) {
            Glance::Child(parent) => StartedSpan::Own(self.start_child(blank, &parent)),
            Glance::Unsampled(cx, _) => {
                self.leave_out(blank);
                StartedSpan::Inherited(cx)
            }
            Glance::Suppressed(_) => StartedSpan::None,
            Glance::Unclear => self.start_elsewhere(blank, |base, _| base.clone()).0,
        }
    }

    /// Starts the span below what a context holds, for a library that makes it current itself.
    pub(in crate::span) fn start_in(&mut self, blank: Blank, base: &Context) -> Arc<Record> {
        let parent = instances::parent_in(base, blank.provider());
        self.start_below(blank, &parent, base)
    }

    fn start_elsewhere(
        &mut self,
        blank: Blank,
        context_with: impl FnOnce(&Context, &Arc<Record>) -> Context,
    ) -> (StartedSpan, Context) {
        match self.find_parent(blank.provider()) {
            Found::Suppressed(cx) => (StartedSpan::None, cx),
            Found::Unsampled(cx) => {
                self.leave_out(blank);
                (StartedSpan::Inherited(cx.clone()), cx)
            }
            Found::Below(parent, base) => {
                let record = self.start_below(blank, &parent, &base);
                let cx = context_with(&base, &record);
                (StartedSpan::Own(record), cx)
            }
        }
    }

    #[inline(never)]
    fn start_below(&mut self, blank: Blank, parent: &Parent, base: &Context) -> Arc<Record> {
        if let Some(origin) = self.usual_parent(&blank, parent, base) {
            return self.start_child(blank, origin);
        }
        let decision = self.decide(&blank, parent, base);
        let record = self.write_head(blank, decision, Some(base));
        calls::note_received(parent, &record);
        roots::add(&record);
        record
    }

    /// Leaves out a span below one that is not sampled. It shares the context of that one, ids and all:
    /// nobody will ever look for it.
    #[inline(always)]
    fn leave_out(&mut self, blank: Blank) {
        // Counted here, since a handle that can be cloned cannot tell how often it was ended.
        blank.provider().intake.on_unsampled();
        blank.give_back();
        self.give_details_back();
    }
}

#[inline(always)]
fn make_current(record: &Record, cx: Context) -> ContextScope {
    ContextScope::of_span(cx, &record.origin)
}
