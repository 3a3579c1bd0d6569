//! The samplers that Prela has.

use super::Sampler;
use super::combined::{Counted, Every, ParentBased};
use super::rate::{AdaptiveSampler, RateLimited};
use super::rules::{Rule, Rules};
use super::sampler::Repr;
use super::users::Users;
use std::sync::Arc;

impl Sampler {
    /// Records at most this many traces a second, and up to `burst` at once after a quiet time.
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

    /// A sampler that decides as this one does, and counts its decisions for [`Sampler::stats`]. The instance's own
    /// sampler needs no such thing: [`Prela::sampling_stats`](crate::Prela::sampling_stats) counts it.
    #[must_use]
    pub fn counted(self) -> Self {
        match self.0 {
            refused @ Repr::Refused(_) => Self(refused),
            repr => Self::custom(Counted::new(Self(repr))),
        }
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self::parent_based(Self::always_on())
    }
}

/// Records a share of the traces that begin here, and follows a caller's decision. For
/// [`SpanBuilder::sample_with`](crate::SpanBuilder::sample_with) and `#[prela::trace(sample = …)]`.
impl From<f64> for Sampler {
    fn from(ratio: f64) -> Self {
        Self::parent_based(Self::ratio(ratio))
    }
}

/// Records all or none of the traces that begin here, and follows a caller's decision.
impl From<bool> for Sampler {
    fn from(keep: bool) -> Self {
        Self::parent_based(if keep { Self::always_on() } else { Self::always_off() })
    }
}
