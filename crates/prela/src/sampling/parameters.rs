//! What a sampler is told.

use super::Sampling;
use super::threshold::{self, Threshold};
use crate::clock::Clock;
use crate::{SpanType, Value};
use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::trace::{SpanContext, SpanKind, TraceId};
use opentelemetry::{Context, Key};
use std::time::Duration;

/// What is known of a span that is about to start.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SamplingParameters<'a> {
    /// The remote or foreign parent, if there is one.
    pub parent: Option<&'a SpanContext>,
    /// The trace id it will have.
    pub trace_id: TraceId,
    /// The name.
    pub name: &'a str,
    /// The type.
    pub span_type: SpanType,
    /// The kind.
    pub kind: &'a SpanKind,
    /// The attributes given to the builder.
    pub attributes: &'a [(Key, Value)],
    pub(crate) cx: &'a Context,
    pub(crate) clock: &'a dyn Clock,
    /// Whether the ids of new traces are random.
    pub(crate) ids_are_random: bool,
}

impl<'a> SamplingParameters<'a> {
    /// An attribute given to the builder; of several with one key the last.
    pub fn attribute(&self, key: &str) -> Option<&'a Value> {
        self.attributes.iter().rfind(|(known, _)| known.as_str() == key).map(|(_, value)| value)
    }

    /// A baggage entry of the context that the span starts in.
    pub fn baggage(&self, key: &str) -> Option<&'a str> {
        self.cx.baggage().get(key).map(|value| value.as_str())
    }

    /// The instance's monotonic clock, in tests one that stands still.
    pub fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The decision of [`Sampler::ratio`](crate::Sampler::ratio) for this trace: the same in every
    /// service, and counted by backends. What is outside of 0 to 1 is clamped, and NaN is 0.
    pub fn sample(&self, ratio: f64) -> Sampling {
        let threshold = Threshold::of_ratio(ratio);
        Sampling::by_threshold(threshold, self.randomness())
    }

    /// The 56 bits that all services decide by.
    pub(super) fn randomness(&self) -> u64 {
        if let Some(explicit) = self.parent.and_then(threshold::explicit_randomness) {
            explicit
        } else if self.has_random_id() {
            threshold::low_bits(self.trace_id)
        } else {
            threshold::mixed_bits(self.trace_id)
        }
    }

    /// OpenTelemetry presumes that ids of other services are random, flag or not.
    pub(super) fn has_random_id(&self) -> bool {
        self.parent.is_some() || self.ids_are_random
    }
}
