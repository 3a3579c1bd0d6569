//! How far a long job has come, for the person who waits at the terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// A line on the standard error while a job lasts; only at a terminal, and only of a job that takes longer than
/// half a second.
pub(super) struct Progress {
    bar: ProgressBar,
    begin: Instant,
    is_shown: bool,
}

impl Progress {
    /// Progress in bytes; `total` where it is known.
    pub(super) fn of_bytes(total: Option<u64>) -> Self {
        let known = "{wide_bar} {bytes} of {total_bytes}, {eta} to go";
        Self::new(total, known, "{spinner} {bytes} read")
    }

    /// Progress in traces; `total` where it is known.
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

    /// Shows how much is done by now.
    pub(super) fn at(&mut self, done: u64) {
        if !self.is_shown && self.begin.elapsed() > A_MOMENT {
            self.is_shown = true;
            // It draws nothing if the standard error is no terminal.
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
