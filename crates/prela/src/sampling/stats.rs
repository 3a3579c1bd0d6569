//! What samplers decided, in numbers.

use crate::count::Count;

/// How often a sampler was asked, and how it decided. From
/// [`Prela::sampling_stats`](crate::Prela::sampling_stats) and [`Sampler::stats`](crate::Sampler::stats).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SamplingStats {
    /// Traces that were decided about.
    pub total: u64,
    /// Those of them that are recorded.
    pub sampled: u64,
    /// The counts of each rule of [`Sampler::rules`](crate::Sampler::rules), in their order. Traces to which no
    /// rule applied are in the totals only.
    pub rules: Vec<RuleStats>,
}

impl SamplingStats {
    /// The share that is recorded; none before the first decision.
    pub fn rate(&self) -> Option<f64> {
        rate(self.sampled, self.total)
    }
}

/// How often a rule applied, and how it decided.
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

/// Counts of decisions. Each is one addition, so that at no moment more traces are sampled than decided about.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    kept: Count,
    dropped: Count,
}

impl Decisions {
    pub(crate) fn count(&self, sampled: bool) {
        let count = if sampled { &self.kept } else { &self.dropped };
        count.add_one();
    }

    pub(crate) fn stats(&self) -> SamplingStats {
        let sampled = self.kept.get();
        let total = sampled + self.dropped.get();
        SamplingStats { total, sampled, rules: Vec::new() }
    }
}
