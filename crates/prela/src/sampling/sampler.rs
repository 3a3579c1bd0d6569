//! The sampler: what is given to the builder, and how one is made.

use super::combined::{Every, ParentBased};
use super::rate::{AdaptiveSampler, RateLimited};
use super::rules::{Rule, Rules};
use super::stats::Counted;
use super::users::Users;
use super::{Sampling, SamplingParameters, SamplingStats};
use crate::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;

/// Decides which traces are recorded.
///
/// Asked only for a span with no parent in this process. The default is
/// `Sampler::parent_based(Sampler::always_on())`: follow the caller's sampled flag where there is a
/// caller, else record.
///
/// A sampler that was given what it cannot use, such as a share of 1.5, keeps that as an error:
/// [`Builder::build`](crate::Builder::build) and [`Sampler::check`] report it.
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
pub struct Sampler(Repr);

/// The plain ones need no allocation: they may be made for each call.
#[derive(Clone)]
enum Repr {
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

    /// Records no trace, whatever a remote caller decided. Ids still go on to other services.
    pub fn always_off() -> Self {
        Self(Repr::Always { keep: false, follows_parent: false })
    }

    /// Records this share of traces, the same ones in every service that samples like this.
    ///
    /// The choice is made by W3C's consistent probability: a trace is kept whose random 56 bits, of the
    /// trace id or, where `tracestate` has them, of `ot=rv:…`, are not below a threshold. So of two
    /// services the one with the lower share keeps a subset of what the other keeps. The threshold is
    /// sent on and exported as `ot=th:…`, by which a backend can say how many traces one stands for.
    ///
    /// Unit: a share from 0 to 1; anything else is an error at
    /// [`build`](crate::Builder::build). A remote caller's sampled flag is not looked at: wrap it in
    /// [`Sampler::parent_based`] for that.
    ///
    /// Source: [OpenTelemetry TraceState: Probability Sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).
    pub fn ratio(ratio: f64) -> Self {
        match share(ratio) {
            Ok(()) => Self(Repr::Ratio { ratio, follows_parent: false }),
            Err(problem) => Self::refused(format!("ratio {problem}")),
        }
    }

    /// Records at most so many traces a second, and up to `burst` at once after a quiet time.
    ///
    /// A rate below 1 is one trace every few seconds. A rate that is not above 0, or a burst of 0, is an
    /// error at [`build`](crate::Builder::build). Time is that of the instance's clock. Lock-free.
    pub fn rate_limited(per_second: f64, burst: u32) -> Self {
        match RateLimited::new(per_second, burst) {
            Ok(sampler) => Self::custom(sampler),
            Err(problem) => Self::refused(format!("rate_limited {problem}")),
        }
    }

    /// A share that falls as the traffic rises: [`AdaptiveSampler`] with its defaults.
    pub fn adaptive(base_rate: f64) -> Self {
        AdaptiveSampler::new(base_rate).into()
    }

    /// Records the traces of these users, and no others.
    ///
    /// The user is the attribute `user.id` that the first span is given or, without it, the baggage entry
    /// `user.id`. The first span of a recorded trace has `user.id` and `user.traced`.
    pub fn users<U: Into<String>>(users: impl IntoIterator<Item = U>) -> Self {
        Self::custom(Users::new(users.into_iter().map(Into::into).collect()))
    }

    /// Asks the sampler of the first rule that applies, and `otherwise` if none does.
    ///
    /// The first span of a recorded trace says which rule it was: `prela.sampler.rule`.
    /// [`Sampler::stats`] counts for each rule. Two rules of one name, or one without a name, are an
    /// error at [`build`](crate::Builder::build).
    ///
    /// ```
    /// use prela::sampling::Rule;
    /// use prela::{Sampler, SpanType};
    ///
    /// let sampler = Sampler::rules(
    ///     [
    ///         Rule::drop("health checks").name("GET /health"),
    ///         Rule::keep("paid").attr("plan", "pro"),
    ///         Rule::sample("bulk", Sampler::ratio(0.01)).name_prefix("batch_").span_type(SpanType::Chain),
    ///     ],
    ///     Sampler::ratio(0.1),
    /// );
    /// sampler.check()?;
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn rules(rules: impl IntoIterator<Item = Rule>, otherwise: Self) -> Self {
        match Rules::new(rules.into_iter().collect(), otherwise) {
            Ok(rules) => Self::custom(rules),
            Err(problem) => Self::refused(problem),
        }
    }

    /// Records what at least one of these would record.
    ///
    /// They are asked in this order, until one records for certain. None at all is an error at
    /// [`build`](crate::Builder::build).
    pub fn any(samplers: impl IntoIterator<Item = Self>) -> Self {
        Self::every(Every::any(samplers.into_iter().collect()))
    }

    /// Records what all of these would record.
    ///
    /// They are asked in this order, until one does not record: so put a rate limit last. None at all is
    /// an error at [`build`](crate::Builder::build).
    pub fn all(samplers: impl IntoIterator<Item = Self>) -> Self {
        Self::every(Every::all(samplers.into_iter().collect()))
    }

    fn every(every: Result<Every, String>) -> Self {
        every.map_or_else(Self::refused, Self::custom)
    }

    /// Follows a remote caller's sampled flag; asks `root` where a trace begins.
    pub fn parent_based(root: Self) -> Self {
        Self(match root.0 {
            Repr::Always { keep, .. } => Repr::Always { keep, follows_parent: true },
            Repr::Ratio { ratio, .. } => Repr::Ratio { ratio, follows_parent: true },
            Repr::Custom(root) => Repr::Custom(Arc::new(ParentBased::new(root))),
            refused @ Repr::Refused(_) => refused,
        })
    }

    /// A sampler of your own.
    pub fn custom(sampler: impl ShouldSample) -> Self {
        Self(Repr::Custom(Arc::new(sampler)))
    }

    /// The same, and [`Sampler::stats`] counts what it decides. For one that is not the instance's: for
    /// that there is [`Prela::sampling_stats`](crate::Prela::sampling_stats).
    #[must_use]
    pub fn counted(self) -> Self {
        match self.0 {
            refused @ Repr::Refused(_) => Self(refused),
            repr => Self::custom(Counted::new(Self(repr))),
        }
    }

    /// What it has decided so far, if it is [`counted`](Self::counted) or has rules. Exact, and can be
    /// asked at any time.
    pub fn stats(&self) -> Option<SamplingStats> {
        match &self.0 {
            Repr::Custom(sampler) => sampler.stats(),
            Repr::Always { .. } | Repr::Ratio { .. } | Repr::Refused(_) => None,
        }
    }

    /// Whether it can be used.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config), with what it was given and what is wrong with that.
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

/// What is wrong with a number that is to be a share.
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

impl Default for Sampler {
    fn default() -> Self {
        Self::parent_based(Self::always_on())
    }
}

/// A share of the traces that begin here; a caller's decision is followed. For
/// [`SpanBuilder::sample_with`](crate::SpanBuilder::sample_with) and `#[prela::trace(sample = …)]`.
impl From<f64> for Sampler {
    fn from(ratio: f64) -> Self {
        Self::parent_based(Self::ratio(ratio))
    }
}

/// Whether a trace that begins here is recorded; a caller's decision is followed.
impl From<bool> for Sampler {
    fn from(keep: bool) -> Self {
        Self::parent_based(if keep { Self::always_on() } else { Self::always_off() })
    }
}

impl From<&Self> for Sampler {
    fn from(sampler: &Self) -> Self {
        sampler.clone()
    }
}

/// A decision about new traces: one method.
///
/// Runs on the thread that starts the span, so it must be cheap and must not block. One that panics
/// is caught, and its trace is not recorded.
///
/// ```
/// use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
/// use prela::Sampler;
///
/// /// Keeps a tenth of what is called by name, and all the rest.
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

    /// What it has decided so far, if it counts. Default: it does not.
    fn stats(&self) -> Option<SamplingStats> {
        None
    }
}
