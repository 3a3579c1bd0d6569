//! What samplers decided, in numbers.

use super::{Sampler, Sampling, SamplingParameters, ShouldSample};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a sampler was asked, and what it said. From
/// [`Prela::sampling_stats`](crate::Prela::sampling_stats) and [`Sampler::stats`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SamplingStats {
    /// Traces that were decided about.
    pub total: u64,
    /// Those of them that are recorded.
    pub sampled: u64,
    /// The same for each rule of [`Sampler::rules`], in their order; what no rule applied to is in the
    /// totals only.
    pub rules: Vec<RuleStats>,
}

impl SamplingStats {
    /// The share that is recorded; none before the first decision.
    pub fn rate(&self) -> Option<f64> {
        rate(self.sampled, self.total)
    }
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleStats {
    /// The rule's name.
    pub name: String,
    /// Traces that it applied to.
    pub total: u64,
    /// Those of them that are recorded.
    pub sampled: u64,
}

impl RuleStats {
    pub(super) fn new(name: &str, decisions: &Decisions) -> Self {
        let SamplingStats { total, sampled, .. } = decisions.stats();
        Self { name: name.to_owned(), total, sampled }
    }

    /// The share that is recorded; none before the first decision.
    pub fn rate(&self) -> Option<f64> {
        rate(self.sampled, self.total)
    }
}

fn rate(sampled: u64, total: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
    let rate = sampled as f64 / total as f64;
    (total > 0).then_some(rate)
}

/// Counts. Each decision is one addition, so that at no moment more is recorded than was decided.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    kept: AtomicU64,
    dropped: AtomicU64,
}

impl Decisions {
    pub(crate) fn count(&self, sampled: bool) {
        let counter = if sampled { &self.kept } else { &self.dropped };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> SamplingStats {
        let sampled = self.kept.load(Ordering::Relaxed);
        let total = sampled + self.dropped.load(Ordering::Relaxed);
        SamplingStats { total, sampled, rules: Vec::new() }
    }
}

/// A sampler with its own counts.
pub(super) struct Counted {
    sampler: Sampler,
    decisions: Decisions,
}

impl Counted {
    pub(super) fn new(sampler: Sampler) -> Self {
        Self { sampler, decisions: Decisions::default() }
    }
}

impl ShouldSample for Counted {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let sampling = self.sampler.should_sample(span);
        self.decisions.count(sampling.sampled);
        sampling
    }

    fn stats(&self) -> Option<SamplingStats> {
        let inner = self.sampler.stats().unwrap_or_default();
        Some(SamplingStats { rules: inner.rules, ..self.decisions.stats() })
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sampler.fmt(f)
    }
}
