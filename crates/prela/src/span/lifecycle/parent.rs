//! The first phase of a start: finding the parent.

use super::instances::{self, Parent};
use super::new_span::NewSpan;
use super::pool::Blank;
use super::provider::Provider;
use crate::context::{self, Correlation, Origin};
use opentelemetry::Context;
use opentelemetry::trace::TraceState;

/// What the current context says about a new span at a glance.
pub(super) enum Glance {
    /// Nothing is recorded here. Holds the context's span slot.
    Suppressed(usize),
    /// The current span is the parent, and not sampled. Holds its context and that context's span slot.
    Unsampled(Context, usize),
    /// The current span is the parent, and nothing else in the context concerns the new span.
    Child(Origin),
    /// There is more to look at.
    Unclear,
}

/// What there is above a new span.
pub(super) enum Found {
    /// Nothing is recorded in this context.
    Suppressed(Context),
    /// The parent in this context is not sampled.
    Unsampled(Context),
    /// The parent, if there is one, and the context that the new span starts in.
    Below(Parent, Context),
}

/// Looks at the current context, which says enough for most spans.
#[inline(always)]
fn glance(provider: &Provider) -> Glance {
    let (instance, records_all) = (provider.id, provider.records_all);
    let shows_context = provider.shows_context;
    let concerns_span = |cx: &Context| shows_context || Correlation::of(cx).is_some();
    let is_unrecorded = context::is_unrecorded(instance);
    let glance = context::with_current(|cx, origin| {
        // A span of what the export thread does would be exported in turn, and so on without end.
        if is_unrecorded || cx.is_telemetry_suppressed() {
            return Glance::Suppressed(context::slot_of(cx));
        }
        match origin {
            Some(origin) if origin.instance != instance => Glance::Unclear,
            Some(_) if concerns_span(cx) => Glance::Unclear,
            Some(origin) if origin.flags.is_sampled() || records_all => {
                if origin.is_plain {
                    Glance::Child(*origin)
                } else {
                    Glance::Unclear
                }
            }
            Some(_) => Glance::Unsampled(cx.clone(), context::slot_of(cx)),
            None => Glance::Unclear,
        }
    });
    glance.unwrap_or(Glance::Unclear)
}

impl NewSpan {
    /// Looks at the current context, if the span starts there.
    #[inline(always)]
    pub(super) fn glance(&self, provider: &Provider) -> Glance {
        if self.is_in_current_context() { glance(provider) } else { Glance::Unclear }
    }

    /// The parent, if it is a recorded span of this process without trace state, and nothing else in the
    /// context concerns the new span.
    pub(super) fn usual_parent<'a>(
        &self,
        blank: &Blank,
        parent: &'a Parent,
        base: &Context,
    ) -> Option<&'a Origin> {
        let provider = blank.provider();
        let Parent::Local(origin, state) = parent else { return None };
        let is_recorded = origin.flags.is_sampled() || provider.records_all;
        let is_usual = is_recorded
            && state == &TraceState::NONE
            && !provider.shows_context
            && Correlation::of(base).is_none();
        is_usual.then_some(origin)
    }

    /// Finds the parent, wherever the builder said that it is.
    pub(super) fn find_parent(&mut self, provider: &Provider) -> Found {
        let mut base = self.base(provider);
        if let Some(options) = self.options() {
            let attributes = options.attributes(&self.name);
            #[cfg(feature = "genai")]
            let attributes = [attributes, options.typed.attributes(&base)].concat();
            base = options.context(base);
            self.details().attributes.extend(attributes);
        }
        // This thread may record nothing whatever the context says.
        if base.is_telemetry_suppressed() || context::is_suppressed(provider.id) {
            return Found::Suppressed(base.with_telemetry_suppressed());
        }
        match instances::parent_in(&base, provider) {
            Parent::Local(origin, _) if !origin.flags.is_sampled() && !provider.records_all => {
                Found::Unsampled(base)
            }
            parent => Found::Below(parent, base),
        }
    }
}
