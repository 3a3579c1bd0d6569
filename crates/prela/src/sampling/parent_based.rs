//! The caller's decision where there is a caller.

use super::{Sampler, Sampling, SamplingParameters, ShouldSample};
use std::fmt;

pub(super) struct ParentBased {
    root: Sampler,
}

impl ParentBased {
    pub(super) fn new(root: Sampler) -> Self {
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
        match span.parent {
            Some(parent) if parent.is_sampled() => Sampling::record(),
            Some(_) => Sampling::drop(),
            None => self.root.should_sample(span),
        }
    }
}
