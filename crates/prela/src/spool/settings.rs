//! Where the spool is, and how large it may become.

use std::path::PathBuf;
use std::time::Duration;

/// A directory where spans wait while the collector is away; for
/// [`Builder::spool`](crate::Builder::spool).
///
/// Spans can hold prompts, so there is no spool unless it is asked for, and only the owner can read
/// it: directories have mode 0700 and files 0600, on Unix.
///
/// ```
/// use prela::spool::Spool;
/// use std::time::Duration;
///
/// let spool = Spool::new("/var/lib/travel-desk/spool")
///     .max_bytes(1 << 30)
///     .max_age(Duration::from_secs(3 * 24 * 60 * 60));
/// let builder = prela::builder().spool(spool);
/// # drop(builder);
/// ```
#[derive(Clone, Debug)]
pub struct Spool {
    pub(super) dir: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) max_age: Duration,
}

impl Spool {
    /// A spool in `dir`, which is made when it is first needed. Give each service one of its own: what
    /// a run left behind is sent by the next run that finds it.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            max_bytes: 256 << 20,
            max_age: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }

    /// How much of the disk it may take, for each exporter. Default: 256 MiB.
    ///
    /// When that is reached new spans are not taken, and counted as
    /// [`Dropped::spool`](crate::pipeline::Dropped::spool). What other running processes keep in the same
    /// directory does not count.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How long a span may wait there. What is older is dropped, and counted as
    /// [`Dropped::spool`](crate::pipeline::Dropped::spool). Default: 7 days. Unit: whole seconds.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// This spool in a directory below.
    #[cfg(all(any(feature = "tracing", feature = "metrics"), feature = "__otlp"))]
    pub(crate) fn below(self, name: &str) -> Self {
        Self { dir: self.dir.join(name), ..self }
    }

    /// The bytes of one segment: the disk is given back a segment at a time.
    pub(super) fn segment_size(&self) -> u64 {
        (self.max_bytes / 8).clamp(1, 8 << 20)
    }
}
