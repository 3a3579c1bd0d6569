//! Sampling: which traces are recorded.
//!
//! The decision is made once, where a trace begins in this process, and every local descendant
//! inherits it: a trace is recorded whole or not at all.

mod built_in;
mod combined;
mod decision;
mod rate;
mod rules;
mod sampler;
mod stats;
mod threshold;
mod users;

pub use self::decision::{Sampling, SamplingParameters, ShouldSample};
pub use self::rate::AdaptiveSampler;
pub use self::rules::Rule;
pub use self::sampler::Sampler;
pub use self::stats::{RuleStats, SamplingStats};

pub(crate) use self::sampler::decide;
pub(crate) use self::stats::Decisions;
