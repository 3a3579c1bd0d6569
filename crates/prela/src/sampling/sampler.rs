//! The sampler, and what its answer does to a span.

use super::decision::{Sampling, SamplingParameters, ShouldSample};
use super::stats::SamplingStats;
use super::threshold::{self, Chance, Threshold};
use crate::{Error, ErrorKind, Value, context};
use opentelemetry::Key;
use opentelemetry::trace::TraceState;
use std::fmt;
use std::sync::Arc;

/// Decides which traces are recorded.
///
/// Asked only for a span with no parent in this process. The default is
/// `Sampler::parent_based(Sampler::always_on())`: follow the caller's sampled flag where there is a
/// caller, else record.
///
/// Constructors do not fail: a value that cannot be used, such as a share of 1.5, is reported by
/// [`Builder::build`](crate::Builder::build) and [`Sampler::check`].
///
/// Environment: `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `PRELA_SAMPLE_RATE`.
///
/// ```
/// use prela::Sampler;
///
/// // One trace in ten of those that begin here; a caller's decision is followed.
/// let sampler = Sampler::parent_based(Sampler::ratio(0.1));
/// assert_eq!(format!("{sampler:?}"), "ParentBased(Ratio(0.1))");
/// assert_eq!(
///     Sampler::ratio(1.5).check().unwrap_err().to_string(),
///     "set sampler: ratio `1.5` is not between 0 and 1"
/// );
/// ```
///
/// Source: [OpenTelemetry Tracing SDK, Sampling](https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling).
#[derive(Clone)]
pub struct Sampler(pub(super) Repr);

/// The forms of a sampler. Plain ones need no allocation, since they may be made for each call.
#[derive(Clone)]
pub(super) enum Repr {
    Always {
        keep: bool,
        follows_parent: bool,
    },
    Ratio {
        ratio: f64,
        follows_parent: bool,
    },
    Custom(Arc<dyn ShouldSample>),
    /// What was wrong.
    Refused(Arc<str>),
}

impl Sampler {
    /// Records every trace, whatever a remote caller decided.
    pub fn always_on() -> Self {
        Self(Repr::Always { keep: true, follows_parent: false })
    }

    /// Records no trace, whatever a remote caller decided. Ids are still passed on to other services.
    pub fn always_off() -> Self {
        Self(Repr::Always { keep: false, follows_parent: false })
    }

    /// Records this share of traces, the same ones in every service that samples like this.
    ///
    /// The choice is made by consistent probability sampling: a trace is kept if 56 random bits, those of the
    /// trace id or those that `tracestate` has in `ot=rv:…`, are not below a threshold. So of two
    /// services the one with the lower share keeps a subset of what the other keeps. The threshold is
    /// sent on and exported as `ot=th:…`, by which a backend can tell how many traces one stands for.
    ///
    /// Unit: a share from 0 to 1; anything else is an error at
    /// [`build`](crate::Builder::build). A remote caller's sampled flag is ignored: wrap the sampler in
    /// [`Sampler::parent_based`] to follow it.
    ///
    /// Source: [OpenTelemetry TraceState: Probability Sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).
    pub fn ratio(ratio: f64) -> Self {
        match share(ratio) {
            Ok(()) => Self(Repr::Ratio { ratio, follows_parent: false }),
            Err(problem) => Self::refused(format!("ratio {problem}")),
        }
    }

    /// A sampler of your own.
    pub fn custom(sampler: impl ShouldSample) -> Self {
        Self(Repr::Custom(Arc::new(sampler)))
    }

    /// The number of its decisions so far, if it is [`counted`](Self::counted) or has rules. Exact at any time.
    pub fn stats(&self) -> Option<SamplingStats> {
        match &self.0 {
            Repr::Custom(sampler) => sampler.stats(),
            Repr::Always { .. } | Repr::Ratio { .. } | Repr::Refused(_) => None,
        }
    }

    /// Checks that the sampler can be used.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config), with the value at fault and what is wrong with it.
    pub fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Repr::Refused(problem) => {
                Err(Error::new(ErrorKind::Config, format!("set sampler: {problem}")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn refused(problem: impl AsRef<str>) -> Self {
        Self(Repr::Refused(problem.as_ref().into()))
    }

    /// What is wrong with it, for the sampler that it is a part of.
    pub(super) fn problem(&self) -> Option<&str> {
        match &self.0 {
            Repr::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// What it decides of every trace that begins here; none if it has to be asked.
    #[inline]
    pub(crate) fn always(&self) -> Option<bool> {
        if let Repr::Always { keep, .. } = self.0 { Some(keep) } else { None }
    }

    /// Whether it may look at the attributes of a span.
    pub(crate) fn looks_at_attributes(&self) -> bool {
        matches!(self.0, Repr::Custom(_))
    }

    pub(super) fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let follows = matches!(
            self.0,
            Repr::Always { follows_parent: true, .. } | Repr::Ratio { follows_parent: true, .. }
        );
        if follows && let Some(sampling) = Sampling::of_parent(span) {
            return sampling;
        }
        match &self.0 {
            Repr::Always { keep, .. } => Sampling::certain(*keep),
            Repr::Ratio { ratio, .. } => span.sample(*ratio),
            Repr::Custom(sampler) => sampler.should_sample(span),
            Repr::Refused(_) => Sampling::drop(),
        }
    }
}

/// Checks that a number is a share, or says what is wrong with it.
pub(super) fn share(share: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&share) {
        Ok(())
    } else {
        Err(format!("`{share}` is not between 0 and 1"))
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = matches!(
            self.0,
            Repr::Always { follows_parent: true, .. } | Repr::Ratio { follows_parent: true, .. }
        );
        if follows {
            f.write_str("ParentBased(")?;
        }
        match &self.0 {
            Repr::Always { keep: true, .. } => f.write_str("AlwaysOn")?,
            Repr::Always { keep: false, .. } => f.write_str("AlwaysOff")?,
            Repr::Ratio { ratio, .. } => write!(f, "Ratio({ratio})")?,
            Repr::Custom(sampler) => sampler.fmt(f)?,
            Repr::Refused(problem) => write!(f, "Refused({problem})")?,
        }
        if follows { f.write_str(")") } else { Ok(()) }
    }
}

impl From<&Self> for Sampler {
    fn from(sampler: &Self) -> Self {
        sampler.clone()
    }
}

/// What a span that begins a trace gets.
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
    // Sent, since other services cannot know how it was made from the id.
    let rv = (is_by_chance && !span.has_random_id()).then(|| span.randomness());
    let state = span.parent.map_or(&TraceState::NONE, |parent| parent.trace_state());
    let trace_state = threshold::trace_state(state, chance, sampled, rv);
    Decision { sampled, attributes, trace_state }
}
