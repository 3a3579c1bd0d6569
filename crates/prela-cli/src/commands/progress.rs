//! How far a long job is, for who waits for it at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// A line on the standard error, as long as the job lasts; only at a terminal, and only if it takes
/// longer than a moment.
pub(super) struct Progress {
    bar: ProgressBar,
    begin: Instant,
    is_shown: bool,
}

impl Progress {
    /// Of a number of bytes, where that is known.
    pub(super) fn of_bytes(total: Option<u64>) -> Self {
        let known = "{wide_bar} {bytes} of {total_bytes}, {eta} to go";
        Self::new(total, known, "{spinner} {bytes} read")
    }

    /// Of a number of traces, where that is known.
    pub(super) fn of_traces(total: Option<u64>) -> Self {
        let known = "{wide_bar} {pos} of {len} traces, {eta} to go";
        Self::new(total, known, "{spinner} {pos} traces")
    }

    fn new(total: Option<u64>, known: &str, unknown: &str) -> Self {
        let template = if total.is_some() { known } else { unknown };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, begin: Instant::now(), is_shown: false }
    }

    /// So much is done.
    pub(super) fn at(&mut self, done: u64) {
        if !self.is_shown && self.begin.elapsed() > A_MOMENT {
            self.is_shown = true;
            // It draws nothing if that is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

const A_MOMENT: Duration = Duration::from_millis(500);
