//! Sampling: which traces are recorded.
//!
//! The decision is made once, where a trace begins in this process, and every local descendant
//! inherits it: a trace is recorded whole or not at all.

mod parent_based;
mod ratio;

use crate::{SpanType, Value};
use opentelemetry::Key;
use opentelemetry::trace::{SpanContext, SpanKind, TraceId};
use std::fmt;
use std::sync::Arc;

/// Decides which traces are recorded.
///
/// Asked only for a span with no parent in this process. The default is
/// `Sampler::parent_based(Sampler::always_on())`: follow the caller's sampled flag where there is a
/// caller, else record.
///
/// Environment: `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `PRELA_SAMPLE_RATE`.
///
/// ```
/// use prela::Sampler;
///
/// // One trace in ten of those that begin here; a caller's decision is followed.
/// let sampler = Sampler::parent_based(Sampler::ratio(0.1));
/// assert_eq!(format!("{sampler:?}"), "ParentBased(Ratio(0.1))");
/// ```
///
/// Source: [OpenTelemetry Tracing SDK, Sampling](https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling).
#[derive(Clone)]
pub struct Sampler(Arc<dyn ShouldSample>);

impl Sampler {
    /// Records every trace, whatever a remote caller decided.
    pub fn always_on() -> Self {
        Self::custom(Always(true))
    }

    /// Records no trace, whatever a remote caller decided. Ids still go on to other services.
    pub fn always_off() -> Self {
        Self::custom(Always(false))
    }

    /// Records this share of traces, chosen by the trace id, so that every service with the same or
    /// a higher ratio chooses the same ones.
    ///
    /// Unit: a share between 0 and 1; what is outside is clamped, and NaN is 0. A remote caller's
    /// sampled flag is not looked at: wrap it in [`Sampler::parent_based`] for that.
    pub fn ratio(ratio: f64) -> Self {
        Self::custom(ratio::Ratio::new(ratio))
    }

    /// Follows a remote caller's sampled flag; asks `root` where a trace begins.
    pub fn parent_based(root: Self) -> Self {
        Self::custom(parent_based::ParentBased::new(root))
    }

    /// A sampler of your own.
    pub fn custom(sampler: impl ShouldSample) -> Self {
        Self(Arc::new(sampler))
    }

    pub(crate) fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        self.0.should_sample(span)
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self::parent_based(Self::always_on())
    }
}

/// A decision about new traces.
///
/// Runs on the thread that starts the span, so it must be cheap and must not block. One that panics
/// is caught, and its trace is not recorded.
pub trait ShouldSample: fmt::Debug + Send + Sync + 'static {
    /// Whether to record the trace that begins with this span.
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling;
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
}

/// A sampler's answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sampling {
    /// Whether the trace is recorded.
    pub sampled: bool,
    /// Attributes to add to the first span, if it is recorded.
    pub attributes: Vec<(Key, Value)>,
}

impl Sampling {
    /// Record the trace.
    pub fn record() -> Self {
        Self { sampled: true, attributes: Vec::new() }
    }

    /// Do not record it.
    pub fn drop() -> Self {
        Self { sampled: false, attributes: Vec::new() }
    }

    /// Adds an attribute to the first span, such as the rule that chose it.
    #[must_use]
    pub fn with_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }
}

struct Always(bool);

impl fmt::Debug for Always {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "AlwaysOn" } else { "AlwaysOff" })
    }
}

impl ShouldSample for Always {
    fn should_sample(&self, _: &SamplingParameters<'_>) -> Sampling {
        if self.0 { Sampling::record() } else { Sampling::drop() }
    }
}
