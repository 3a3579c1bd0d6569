//! Samplers that are made of others.

use super::stats::Decisions;
use super::threshold::{Chance, Threshold};
use super::{RuleStats, Sampler, Sampling, SamplingParameters, SamplingStats, ShouldSample};
use std::fmt;
use std::sync::Arc;

/// Records what any of them, or what all of them, would record.
pub(super) struct Every {
    samplers: Vec<Sampler>,
    is_all: bool,
}

impl Every {
    pub(super) fn any(samplers: Vec<Sampler>) -> Result<Self, String> {
        Self::new(samplers, false)
    }

    pub(super) fn all(samplers: Vec<Sampler>) -> Result<Self, String> {
        Self::new(samplers, true)
    }

    fn new(samplers: Vec<Sampler>, is_all: bool) -> Result<Self, String> {
        let every = Self { samplers, is_all };
        if every.samplers.is_empty() {
            return Err(format!("{} has no samplers", every.word()));
        }
        match every.samplers.iter().find_map(Sampler::problem) {
            Some(problem) => Err(format!("{}: {problem}", every.word())),
            None => Ok(every),
        }
    }

    fn word(&self) -> &'static str {
        if self.is_all { "all" } else { "any" }
    }

    /// Asks all. Shares go by the same randomness, so the traces of the lowest are among those of the others: the
    /// largest threshold is that of all together.
    fn all_of(&self, span: &SamplingParameters<'_>) -> Sampling {
        let mut together = Sampling::certain(true);
        for sampler in &self.samplers {
            let sampling = sampler.should_sample(span);
            if !sampling.sampled {
                return sampling;
            }
            together.attributes.extend(sampling.attributes);
            together.chance = joined(together.chance, sampling.chance, Threshold::max);
        }
        together
    }

    /// Asks until one records for certain, after which nothing can change the answer. The smallest threshold is
    /// that of any of them.
    fn any_of(&self, span: &SamplingParameters<'_>) -> Sampling {
        let mut together = Sampling::certain(false);
        for sampler in &self.samplers {
            let sampling = sampler.should_sample(span);
            together.sampled |= sampling.sampled;
            if sampling.sampled {
                together.attributes.extend(sampling.attributes);
            }
            together.chance = joined(together.chance, sampling.chance, Threshold::min);
            if sampling.sampled && sampling.chance == Chance::Known(Threshold::ALL) {
                together.chance = sampling.chance;
                break;
            }
        }
        together
    }
}

fn joined(a: Chance, b: Chance, pick: impl Fn(Threshold, Threshold) -> Threshold) -> Chance {
    match (a, b) {
        (Chance::Known(a), Chance::Known(b)) => Chance::Known(pick(a, b)),
        _ => Chance::Unknown,
    }
}

impl ShouldSample for Every {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        if self.is_all { self.all_of(span) } else { self.any_of(span) }
    }

    fn stats(&self) -> Option<SamplingStats> {
        let rules: Vec<RuleStats> =
            self.samplers.iter().filter_map(Sampler::stats).flat_map(|stats| stats.rules).collect();
        (!rules.is_empty()).then(|| SamplingStats { rules, ..SamplingStats::default() })
    }
}

impl fmt::Debug for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_all { "All" } else { "Any" })?;
        f.debug_list().entries(&self.samplers).finish()
    }
}

/// Follows the caller where there is one, and asks another sampler where there is none.
pub(super) struct ParentBased {
    root: Arc<dyn ShouldSample>,
}

impl ParentBased {
    pub(super) fn new(root: Arc<dyn ShouldSample>) -> Self {
        Self { root }
    }
}

impl fmt::Debug for ParentBased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParentBased({:?})", self.root)
    }
}

impl ShouldSample for ParentBased {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        Sampling::of_parent(span).unwrap_or_else(|| self.root.should_sample(span))
    }

    fn stats(&self) -> Option<SamplingStats> {
        self.root.stats()
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
