//! So many traces a second.

use super::{Sampling, SamplingParameters, ShouldSample};
use crate::clock::Bucket;
use std::fmt;

pub(super) struct RateLimited {
    per_second: f64,
    burst: u32,
    bucket: Bucket,
}

impl RateLimited {
    pub(super) fn new(per_second: f64, burst: u32) -> Result<Self, String> {
        Ok(Self { per_second, burst, bucket: Bucket::new(per_second, burst)? })
    }
}

impl fmt::Debug for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateLimited({}/s, burst {})", self.per_second, self.burst)
    }
}

impl ShouldSample for RateLimited {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        if self.bucket.try_take(span.now()) { Sampling::record() } else { Sampling::drop() }
    }
}
