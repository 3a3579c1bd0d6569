//! What a sampler is told, and what it answers.

use super::stats::SamplingStats;
use super::threshold::{self, Chance, Threshold};
use crate::clock::Clock;
use crate::{SpanType, Value};
use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::trace::{SpanContext, SpanKind, TraceId};
use opentelemetry::{Context, Key};
use std::fmt;
use std::time::Duration;

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

impl Sampling {
    /// Records the trace. To record a share, use [`SamplingParameters::sample`], by which a backend can tell how
    /// many traces one stands for.
    pub fn record() -> Self {
        Self { sampled: true, attributes: Vec::new(), chance: Chance::Unknown }
    }

    /// Does not record the trace.
    pub fn drop() -> Self {
        Self { sampled: false, attributes: Vec::new(), chance: Chance::Unknown }
    }

    /// Adds an attribute to the first span, such as the rule that chose it.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// An answer that is the same for every trace of this sort.
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
    /// service, and known to backends. A ratio outside of 0 to 1 is clamped, and NaN is 0.
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

    /// Whether the trace id is random. OpenTelemetry presumes it of other services' ids, flag or not.
    pub(super) fn has_random_id(&self) -> bool {
        self.parent.is_some() || self.ids_are_random
    }
}

/// Decides about new traces, by one method.
///
/// Runs on the thread that starts the span, so it must be cheap and must not block. A panic in it is
/// caught, and the trace is not recorded.
///
/// ```
/// use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
/// use prela::Sampler;
///
/// /// Keeps a tenth of the traces that begin with a span of this name, and all others.
/// #[derive(Debug)]
/// struct Named(&'static str);
///
/// impl ShouldSample for Named {
///     fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
///         span.sample(if span.name == self.0 { 0.1 } else { 1.0 })
///     }
/// }
///
/// let sampler = Sampler::parent_based(Sampler::custom(Named("poll")));
/// # let _ = sampler;
/// ```
pub trait ShouldSample: fmt::Debug + Send + Sync + 'static {
    /// Whether to record the trace that begins with this span.
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling;

    /// The number of its decisions so far, if it counts them. Default: it does not.
    fn stats(&self) -> Option<SamplingStats> {
        None
    }
}
