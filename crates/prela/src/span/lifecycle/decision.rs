//! The second phase of a start: deciding which trace the span is in, and whether it is recorded.

use super::instances::Parent;
use super::new_span::NewSpan;
use super::pool::Blank;
use crate::Value;
use crate::clock::Anchor;
use crate::context::Origin;
use crate::sampling::{SamplingParameters, decide};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, Key};

/// What a new span has from its parent, or from the sampler where a trace begins.
pub(super) struct Decision {
    pub(super) trace_id: TraceId,
    pub(super) flags: TraceFlags,
    pub(super) trace_state: TraceState,
    pub(super) parent_span_id: Option<SpanId>,
    pub(super) parent_is_remote: bool,
    /// None for a local root.
    pub(super) root: Option<SpanId>,
    pub(super) anchor: Anchor,
    /// The sampler's attributes.
    pub(super) attributes: Vec<(Key, Value)>,
}

impl Decision {
    /// The parent's decision, for a span below one of this process.
    #[inline(always)]
    pub(super) fn inherited(parent: &Origin, trace_state: TraceState) -> Self {
        Self {
            trace_id: parent.trace_id,
            flags: parent.flags,
            trace_state,
            parent_span_id: Some(parent.span_id),
            parent_is_remote: false,
            root: Some(parent.root),
            anchor: parent.anchor,
            attributes: Vec::new(),
        }
    }
}

impl NewSpan {
    /// Decides for a span below this parent, in this context.
    pub(super) fn decide(&mut self, blank: &Blank, parent: &Parent, base: &Context) -> Decision {
        match parent {
            Parent::Local(origin, trace_state) => Decision::inherited(origin, trace_state.clone()),
            Parent::Other(parent) => self.sample(blank, Some(parent), base),
            Parent::None => self.sample(blank, None, base),
        }
    }

    /// Asks the sampler, where a trace begins in this process.
    fn sample(&mut self, blank: &Blank, parent: Option<&SpanContext>, base: &Context) -> Decision {
        let provider = blank.provider();
        let sampler = self.given_mut().and_then(|details| details.sampler.take());
        let sampler = sampler.as_ref().unwrap_or(&provider.sampler);
        let mut attributes = Vec::new();
        if sampler.looks_at_attributes() {
            attributes = self.attributes(blank);
            let more = self.given().map(|details| details.attributes.as_slice());
            attributes.extend_from_slice(more.unwrap_or_default());
        }
        // The clock is read before ids are drawn: it notices a fork.
        let anchor = Anchor::read(&provider.clock);
        let trace_id = parent.map_or_else(|| provider.ids.new_trace_id(), SpanContext::trace_id);
        let parameters = SamplingParameters {
            parent,
            trace_id,
            name: &self.name,
            span_type: self.span_type,
            kind: &self.kind.clone().unwrap_or_else(|| self.span_type.span_kind()),
            attributes: &attributes,
            cx: base,
            clock: provider.clock.as_dyn(),
            ids_are_random: provider.ids.is_random(),
        };
        let sampling = decide(sampler, &parameters);
        provider.decisions.count(sampling.sampled);
        let new = || if provider.ids.is_random() { RANDOM } else { TraceFlags::default() };
        let flags = parent.map_or_else(new, SpanContext::trace_flags);
        Decision {
            trace_id,
            flags: flags.with_sampled(sampling.sampled),
            trace_state: sampling.trace_state,
            parent_span_id: parent.map(SpanContext::span_id),
            parent_is_remote: parent.is_some_and(SpanContext::is_remote),
            root: None,
            anchor,
            attributes: sampling.attributes,
        }
    }
}

/// The flag of W3C Trace Context Level 2 that says that a new trace id is random.
pub(super) const RANDOM: TraceFlags = TraceFlags::new(0x02);
