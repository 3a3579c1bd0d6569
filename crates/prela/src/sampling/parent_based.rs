//! The caller's decision where there is a caller.

use super::{Sampling, SamplingParameters, SamplingStats, ShouldSample};
use std::fmt;
use std::sync::Arc;

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
