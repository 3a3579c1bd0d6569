//! Which traces to keep.

use crate::span::SpanSummary;
use std::time::Duration;

/// Which traces to keep although the sampler left them out; for
/// [`Builder::keep_traces`](crate::Builder::keep_traces).
///
/// A sampler decides when a trace begins, and cannot know how it ends. With a rule, the spans of traces
/// that the sampler leaves out are recorded all the same and held in memory until their first span in
/// this process, the local root, has ended. Then the whole trace is exported, or nothing of it.
///
/// The decision stays in this process: services that are called meanwhile see a trace that is not
/// sampled, and record what their own rules say. The local root of a trace that was kept says why in
/// the attribute `prela.kept_by`: `error` or `duration`.
///
/// Room is bounded. When it is used up, the trace that was held longest is given up, and counted as
/// [`Dropped::undecided`](crate::pipeline::Dropped::undecided).
///
/// Cost: until it ends, a span that is left out costs as much as one that is sampled.
///
/// ```
/// use prela::pipeline::TailRule;
/// use prela::Sampler;
/// use std::time::Duration;
///
/// let builder = prela::builder()
///     .sampler(Sampler::ratio(0.01))
///     .keep_traces(TailRule::new().with_errors().longer_than(Duration::from_secs(10)));
/// # drop(builder);
/// ```
#[derive(Clone, Debug)]
pub struct TailRule {
    with_errors: bool,
    longer_than: Option<Duration>,
    pub(super) max_spans: usize,
    pub(super) max_bytes: usize,
}

impl TailRule {
    /// Makes a rule that keeps nothing.
    pub fn new() -> Self {
        Self { with_errors: false, longer_than: None, max_spans: 16_384, max_bytes: 16 << 20 }
    }

    /// Keeps traces whose local root ends in an error. An error further down that the program handled does not
    /// count.
    #[must_use]
    pub fn with_errors(mut self) -> Self {
        self.with_errors = true;
        self
    }

    /// Keeps traces whose local root takes longer than this.
    #[must_use]
    pub fn longer_than(mut self, duration: Duration) -> Self {
        self.longer_than = Some(duration);
        self
    }

    /// The most spans that are held. Default: 16,384.
    #[must_use]
    pub fn max_spans(mut self, spans: usize) -> Self {
        self.max_spans = spans;
        self
    }

    /// The most memory for spans that are held. Unit: bytes, as estimated. Default: 16 MiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Why a trace with this local root is kept, if it is.
    pub(super) fn reason(&self, root: SpanSummary) -> Option<&'static str> {
        if self.with_errors && root.is_error {
            return Some("error");
        }
        let duration = Duration::from_nanos(root.end_time - root.start_time);
        self.longer_than.filter(|limit| duration > *limit).map(|_| "duration")
    }
}

impl Default for TailRule {
    fn default() -> Self {
        Self::new()
    }
}
