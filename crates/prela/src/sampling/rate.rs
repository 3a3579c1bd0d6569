//! Samplers that go by the rate at which traces begin.

use super::sampler::share;
use super::{Sampler, Sampling, SamplingParameters, ShouldSample};
use crate::clock::Bucket;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Settings of a sampler whose share falls as more traces begin.
///
/// The rate is that of the last `window` traces that began here: their number less one, divided by the time
/// since the oldest of them. Traces that a caller began do not count if the sampler is within
/// [`Sampler::parent_based`]. The very first trace is always recorded. Each decision is made as
/// [`Sampler::ratio`] makes it, and `tracestate` says which share it was.
///
/// Time is that of the instance's clock. Lock-free: threads that begin traces at the same moment may see
/// a rate that is one trace off.
///
/// ```
/// use prela::sampling::AdaptiveSampler;
/// use prela::Sampler;
///
/// // A tenth; a twentieth above 50 traces a second, a hundredth above 100: what `new` alone does.
/// let sampler = AdaptiveSampler::new(0.1).window(100).above(50.0, 0.5).above(100.0, 0.1);
/// let prela = prela::builder()
///     .service_name("busy")
///     .sampler(Sampler::parent_based(sampler.into()))
///     # .exporter(prela::export::MemoryExporter::new())
///     .build()?;
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "settings do nothing by themselves"]
pub struct AdaptiveSampler {
    base_rate: f64,
    window: usize,
    steps: Vec<Step>,
}

/// Above this many traces a second, the share is multiplied by `factor`.
#[derive(Clone, Copy, Debug)]
struct Step {
    per_second: f64,
    factor: f64,
}

impl AdaptiveSampler {
    /// Records at most this share of all traces.
    ///
    /// Unit: from 0 to 1; anything else is an error at [`Builder::build`](crate::Builder::build).
    pub fn new(base_rate: f64) -> Self {
        Self { base_rate, window: 100, steps: Vec::new() }
    }

    /// The number of traces that the rate is taken from. Default: 100. Less than 2 or more than 1,000,000 is an error
    /// at [`Builder::build`](crate::Builder::build).
    ///
    /// Cost: 8 bytes each.
    pub fn window(mut self, traces: usize) -> Self {
        self.window = traces;
        self
    }

    /// Multiplies the base rate by `factor` above this many traces a second. If several steps apply, the one for
    /// the highest rate counts.
    ///
    /// Default, if this is not called: a half above 50, a tenth above 100. A rate that is not a number or
    /// below 0, or a factor that is not from 0 to 1, is an error at
    /// [`Builder::build`](crate::Builder::build).
    pub fn above(mut self, per_second: f64, factor: f64) -> Self {
        self.steps.push(Step { per_second, factor });
        self
    }

    fn check(&self) -> Result<(), String> {
        share(self.base_rate).map_err(|problem| format!("base rate {problem}"))?;
        if !(2..=1_000_000).contains(&self.window) {
            return Err(format!("window `{}` is not from 2 to 1000000", self.window));
        }
        for Step { per_second, factor } in &self.steps {
            if !per_second.is_finite() || *per_second < 0.0 {
                return Err(format!("step above `{per_second}` is not a rate"));
            }
            share(*factor).map_err(|problem| format!("factor {problem}"))?;
        }
        Ok(())
    }
}

impl From<AdaptiveSampler> for Sampler {
    fn from(mut settings: AdaptiveSampler) -> Self {
        if let Err(problem) = settings.check() {
            return Self::refused(format!("adaptive {problem}"));
        }
        if settings.steps.is_empty() {
            settings = settings.above(50.0, 0.5).above(100.0, 0.1);
        }
        // The highest first: the first that applies counts.
        settings.steps.sort_by(|a, b| b.per_second.total_cmp(&a.per_second));
        let times = (0..settings.window).map(|_| AtomicU64::new(0)).collect();
        Self::custom(Adaptive { settings, times, begun: AtomicU64::new(0) })
    }
}

/// A sampler whose share follows the traffic.
struct Adaptive {
    settings: AdaptiveSampler,
    /// When each of the last traces began, by its number modulo the length.
    times: Box<[AtomicU64]>,
    begun: AtomicU64,
}

impl Adaptive {
    /// Notes that a trace begins, and returns the rate in traces a second; none for the very first.
    fn rate(&self, now: Duration) -> Option<f64> {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let length = self.times.len() as u64;
        let number = self.begun.fetch_add(1, Ordering::AcqRel);
        let slot = |number: u64| {
            let place = usize::try_from(number % length).unwrap_or_default();
            &self.times[place]
        };
        slot(number).store(now, Ordering::Release);
        if number == 0 {
            return None;
        }
        let others = number.min(length - 1);
        let oldest = slot(number - others).load(Ordering::Acquire);
        let span = Duration::from_nanos(now.saturating_sub(oldest)).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "at most a million")]
        let others = others as f64;
        Some(if span > 0.0 { others / span } else { 0.0 })
    }
}

impl ShouldSample for Adaptive {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let Some(rate) = self.rate(span.now()) else { return Sampling::certain(true) };
        let step = self.settings.steps.iter().find(|step| rate > step.per_second);
        span.sample(self.settings.base_rate * step.map_or(1.0, |step| step.factor))
    }
}

impl fmt::Debug for Adaptive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AdaptiveSampler { base_rate, window, .. } = self.settings;
        write!(f, "Adaptive({base_rate}, window {window})")
    }
}

/// Records a number of traces a second.
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
