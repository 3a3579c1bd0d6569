//! The start of a span: the parent is found, the decision made, the head written, the span made current.
//!
//! Most spans are children of the current one, or begin a trace that is recorded anyway, and have nothing but a name,
//! a type and attributes. These start in one piece, while what is kept about the thread's contexts is borrowed once.

use super::instances::{self, Parent};
use super::new_span::{Early, NewSpan};
use super::parent::{Found, Glance};
use super::pool::{Blank, Prepared};
use super::provider::Provider;
use super::record::{Record, SharedRecord};
use super::{calls, roots};
use crate::TraceContext;
use crate::context::{self, Child, ContextScope, Correlation};
use opentelemetry::{Context, KeyValue};
use std::mem;

/// A span of whatever kind, as a handle refers to it.
#[derive(Clone)]
pub(in crate::span) enum AnySpan {
    /// None: no instance is running, or nothing is recorded here.
    None,
    Own(SharedRecord),
    /// A span that is not sampled, below another one, whose context it shares.
    Inherited(Context),
    /// A span of another OpenTelemetry library, or of another process, by the context it is in.
    Foreign(Context),
}

impl Prepared {
    /// Starts the span and makes it current.
    #[inline(always)]
    pub(in crate::span) fn enter(&mut self) -> ContextScope {
        let scope = self.enter_child();
        if scope.is_open() { scope } else { self.enter_otherwise() }
    }

    /// Starts the span, which is not below the current one, or which something else concerns, and makes it current.
    #[inline(never)]
    fn enter_otherwise(&mut self) -> ContextScope {
        let (span, scope) = self.enter_root().unwrap_or_else(|| self.enter_unusual());
        self.entered = span.into();
        scope
    }

    /// Starts the span if it is below the current one and nothing else concerns it, in one visit to the thread's
    /// context. The scope is not open if there is more to consider.
    #[inline(never)]
    fn enter_child(&mut self) -> ContextScope {
        let Self { blank: place, span, entered, .. } = self;
        let Some(blank) = place else { return ContextScope::none() };
        let provider = blank.provider();
        let instance = provider.id;
        let is_usual = provider.is_usual
            && span.is_in_current_context()
            && !Provider::is_one_of_several()
            && !context::is_unrecorded(instance);
        if !is_usual {
            return ContextScope::none();
        }
        let scope = ContextScope::of_child(|cx, parent| {
            if parent.instance != instance
                || cx.is_telemetry_suppressed()
                || Correlation::of(cx).is_some()
            {
                return None;
            }
            if !parent.flags.is_sampled() {
                // Nothing is dropped: it was that of no span.
                mem::forget(mem::replace(entered, AnySpan::Inherited(cx.clone()).into()));
                return Some(Child::Inherited);
            }
            if !parent.is_plain || !span.is_usual_child() {
                return None;
            }
            let record = span.start_child(place.take()?, parent);
            let cx = instances::alone_with(cx, &record);
            let span_id = record.origin.span_id;
            mem::forget(mem::replace(entered, AnySpan::Own(record).into()));
            Some(Child::Own(cx, span_id))
        });
        if scope.is_open() {
            match place {
                Some(blank) => span.leave_out(blank),
                None => span.clear(),
            }
        }
        scope
    }

    /// Starts the span if it begins a trace that is recorded anyway.
    #[inline(never)]
    fn enter_root(&mut self) -> Option<(AnySpan, ContextScope)> {
        let Self { blank: place, span, .. } = self;
        let provider = place.as_ref()?.provider();
        let is_usual = provider.is_usual
            && provider.sampler.always() == Some(true)
            && span.is_in_current_context()
            && span.is_usual_root()
            && !Provider::is_one_of_several()
            && !context::is_unrecorded(provider.id);
        if !is_usual {
            return None;
        }
        let mut started = None;
        let scope = ContextScope::of_root(|cx| {
            if cx.is_telemetry_suppressed() || Correlation::of(cx).is_some() {
                return None;
            }
            let record = span.start_root(place.take()?);
            let root = (instances::alone_with(cx, &record), record.origin);
            started = Some(record);
            Some(root)
        })?;
        let record = started?;
        record.source.provider.decisions.count(true);
        roots::add(&record);
        self.span.clear();
        Some((AnySpan::Own(record), scope))
    }

    #[inline(never)]
    fn enter_unusual(&mut self) -> (AnySpan, ContextScope) {
        let Some(blank) = self.blank.take() else { return self.enter_context() };
        match self.span.glance(blank.provider()) {
            Glance::Child(parent) => {
                let record = self.span.start_child(blank, &parent);
                self.span.clear();
                let scope = make_current(&record, instances::current_with(&record));
                (AnySpan::Own(record), scope)
            }
            Glance::Unsampled(cx, slot) => {
                self.leave_out(blank);
                (AnySpan::Inherited(cx), ContextScope::of_current(slot))
            }
            Glance::Suppressed(slot) => {
                self.keep_out(blank);
                (AnySpan::None, ContextScope::of_current(slot))
            }
            Glance::Unclear => self.enter_elsewhere(blank),
        }
    }

    fn enter_elsewhere(&mut self, blank: Blank) -> (AnySpan, ContextScope) {
        let (span, cx) = self.start_elsewhere(blank, instances::context_with);
        let scope = match &span {
            AnySpan::Own(record) => make_current(record, cx),
            AnySpan::None | AnySpan::Inherited(_) | AnySpan::Foreign(_) => ContextScope::enter(cx),
        };
        (span, scope)
    }

    /// Makes current the context that the span would have started in.
    #[cold]
    fn enter_context(&mut self) -> (AnySpan, ContextScope) {
        let cx = self.span.context_of_none();
        self.span.clear();
        (AnySpan::None, ContextScope::enter(cx))
    }

    /// Starts the span, and also returns the context in which it is current.
    pub(in crate::span) fn start_for_future(&mut self) -> (AnySpan, Context) {
        let Some(blank) = self.blank.take() else {
            return (AnySpan::None, self.span.context_of_none());
        };
        match self.span.glance(blank.provider()) {
            Glance::Child(parent) => {
                let record = self.span.start_child(blank, &parent);
                let cx = instances::current_with(&record);
                (AnySpan::Own(record), cx)
            }
            Glance::Unsampled(cx, _) => {
                self.leave_out(blank);
                (AnySpan::Inherited(cx), TraceContext::current().into())
            }
            Glance::Suppressed(_) => {
                self.keep_out(blank);
                (AnySpan::None, TraceContext::current().into())
            }
            Glance::Unclear => self.start_elsewhere(blank, instances::context_with),
        }
    }

    /// Starts the span without putting it into a context.
    pub(in crate::span) fn start(&mut self) -> AnySpan {
        let Some(blank) = self.blank.take() else { return AnySpan::None };
        match self.span.glance(blank.provider()) {
            Glance::Child(parent) => AnySpan::Own(self.span.start_child(blank, &parent)),
            Glance::Unsampled(cx, _) => {
                self.leave_out(blank);
                AnySpan::Inherited(cx)
            }
            Glance::Suppressed(_) => {
                self.keep_out(blank);
                AnySpan::None
            }
            Glance::Unclear => self.start_elsewhere(blank, |base, _| base.clone()).0,
        }
    }

    fn start_elsewhere(
        &mut self,
        blank: Blank,
        context_with: impl FnOnce(&Context, &SharedRecord) -> Context,
    ) -> (AnySpan, Context) {
        match self.span.find_parent(blank.provider()) {
            Found::Suppressed(cx) => {
                self.keep_out(blank);
                (AnySpan::None, cx)
            }
            Found::Unsampled(cx) => {
                self.leave_out(blank);
                (AnySpan::Inherited(cx.clone()), cx)
            }
            Found::Below(parent, base) => {
                let record = self.span.start_below(blank, &parent, &base);
                self.span.clear();
                let cx = context_with(&base, &record);
                (AnySpan::Own(record), cx)
            }
        }
    }

    /// Leaves out a span below one that is not sampled.
    #[inline(always)]
    fn leave_out(&mut self, mut blank: Blank) {
        self.span.leave_out(&mut blank);
        self.blank = Some(blank);
    }

    /// Keeps the memory of a span that will not start.
    #[inline(always)]
    fn keep_out(&mut self, mut blank: Blank) {
        self.span.give_up(&mut blank);
        self.blank = Some(blank);
    }
}

impl NewSpan {
    /// Leaves out the span, which is below one that is not sampled, and shares its context, ids and all: nobody will
    /// ever look for it. It is counted here, since a handle that can be cloned cannot tell how often it was ended.
    #[inline(always)]
    fn leave_out(&mut self, blank: &mut Blank) {
        blank.provider().intake.on_unsampled();
        self.give_up(blank);
    }

    /// Forgets everything of a span that will not start, and frees what is too large to be kept.
    #[inline(always)]
    fn give_up(&mut self, blank: &mut Blank) {
        if self.early == Early::Written {
            blank.message().trim();
        }
        self.clear();
    }

    /// Starts the span below what a context holds, for a library that makes it current itself.
    pub(in crate::span) fn start_in(
        &mut self,
        mut blank: Blank,
        base: &Context,
        attributes: Vec<KeyValue>,
    ) -> SharedRecord {
        for attribute in attributes {
            self.write_otel_attribute(&mut blank, attribute);
        }
        let parent = instances::parent_in(base, blank.provider());
        self.start_below(blank, &parent, base)
    }

    #[inline(never)]
    fn start_below(&mut self, blank: Blank, parent: &Parent, base: &Context) -> SharedRecord {
        if let Some(origin) = self.usual_parent(&blank, parent, base) {
            return self.start_child(blank, origin);
        }
        let decision = self.decide(&blank, parent, base);
        let record = self.write_head(blank, decision, Some(base));
        calls::note_received(parent, &record);
        roots::add(&record);
        record
    }
}

#[inline(always)]
fn make_current(record: &Record, cx: Context) -> ContextScope {
    ContextScope::of_span(cx, &record.origin)
}
