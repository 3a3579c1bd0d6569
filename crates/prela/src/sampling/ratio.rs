//! A share of all traces, by trace id.

use super::{Sampling, SamplingParameters, ShouldSample};
use std::fmt;

/// Records a trace whose id's low 56 bits, the random ones of W3C Level 2, lie below a threshold.
pub(super) struct Ratio {
    ratio: f64,
    /// Of 2^56.
    threshold: u64,
}

const RANDOM_BITS: u64 = 1 << 56;

impl Ratio {
    pub(super) fn new(ratio: f64) -> Self {
        let ratio = if ratio.is_nan() { 0.0 } else { ratio.clamp(0.0, 1.0) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "between 0 and 2^56 by the clamp, and 2^56 is exact as a double"
        )]
        let threshold = (ratio * RANDOM_BITS as f64) as u64;
        Self { ratio, threshold }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ratio({})", self.ratio)
    }
}

impl ShouldSample for Ratio {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let [.., a, b, c, d, e, f, g] = span.trace_id.to_bytes();
        let random = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
        if random < self.threshold { Sampling::record() } else { Sampling::drop() }
    }
}
