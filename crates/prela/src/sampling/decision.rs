//! What a sampler answers, and what becomes of the answer.

use super::threshold::{self, Threshold};
use super::{Sampler, SamplingParameters};
use crate::{Value, context};
use opentelemetry::Key;
use opentelemetry::trace::TraceState;

/// A sampler's answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sampling {
    /// Whether the trace is recorded.
    pub sampled: bool,
    /// Attributes to add to the first span, if it is recorded.
    pub attributes: Vec<(Key, Value)>,
    pub(super) chance: Chance,
}

/// How likely it was that a trace like this one is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Chance {
    /// What the caller said of it holds.
    OfParent,
    Unknown,
    Known(Threshold),
}

impl Sampling {
    /// Record the trace. For a share of all traces there is [`SamplingParameters::sample`], which lets a
    /// backend count.
    pub fn record() -> Self {
        Self { sampled: true, attributes: Vec::new(), chance: Chance::Unknown }
    }

    /// Do not record it.
    pub fn drop() -> Self {
        Self { sampled: false, attributes: Vec::new(), chance: Chance::Unknown }
    }

    /// Adds an attribute to the first span, such as the rule that chose it.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// The same for every trace of this sort.
    pub(super) fn certain(sampled: bool) -> Self {
        let threshold = if sampled { Threshold::ALL } else { Threshold::NONE };
        Self { sampled, attributes: Vec::new(), chance: Chance::Known(threshold) }
    }

    pub(super) fn by_threshold(threshold: Threshold, randomness: u64) -> Self {
        let sampled = threshold.keeps(randomness);
        Self { sampled, attributes: Vec::new(), chance: Chance::Known(threshold) }
    }

    /// What the remote or foreign parent says; none where a trace begins.
    pub(super) fn of_parent(span: &SamplingParameters<'_>) -> Option<Self> {
        let sampled = span.parent?.is_sampled();
        Some(Self { sampled, attributes: Vec::new(), chance: Chance::OfParent })
    }
}

/// What a span begins a trace with.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) sampled: bool,
    pub(crate) attributes: Vec<(Key, Value)>,
    pub(crate) trace_state: TraceState,
}

/// Asks a sampler. It is user code: if it panics, the trace is left out.
pub(crate) fn decide(sampler: &Sampler, span: &SamplingParameters<'_>) -> Decision {
    let sampling = context::hook(|| sampler.should_sample(span));
    let Sampling { sampled, attributes, chance } = sampling.unwrap_or_else(Sampling::drop);
    let is_by_chance =
        matches!(chance, Chance::Known(it) if it > Threshold::ALL && it < Threshold::NONE);
    // Other services cannot know how ours was made of the id.
    let rv = (is_by_chance && !span.has_random_id()).then(|| span.randomness());
    let state = span.parent.map_or(&TraceState::NONE, |parent| parent.trace_state());
    let trace_state = threshold::trace_state(state, chance, sampled, rv);
    Decision { sampled, attributes, trace_state }
}
