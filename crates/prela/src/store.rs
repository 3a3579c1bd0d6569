//! Where encoded batches wait while their receiver is away: what the pipeline asks of the disk.

use crate::Error;
use bytes::Bytes;

/// Keeps encoded batches, first in, first out.
pub(crate) trait Store: Send {
    /// Looks for what earlier runs of the program left. Called once, on the export thread.
    fn recover(&mut self) -> Leftovers;

    /// Keeps a batch.
    ///
    /// # Errors
    ///
    /// If a limit would be passed, or the disk does not take it: nothing of it is kept then.
    fn append(&mut self, body: &Bytes, spans: u64) -> Result<(), Error>;

    fn is_empty(&self) -> bool;

    /// The batch that waits longest. It stays until it is [done](Store::done).
    fn oldest(&mut self) -> Option<SpooledBatch>;

    /// Marks a batch as done: it need not be kept any longer.
    fn done(&mut self, id: u64);

    /// What was given up since the last call.
    fn losses(&mut self) -> Vec<LostBatch>;
}

/// Which run of the program kept a batch: the spans of each are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "spool", test)), expect(dead_code, reason = "made by the spool"))]
pub(crate) enum KeptBy {
    ThisRun,
    EarlierRun,
}

/// A batch that was kept.
pub(crate) struct SpooledBatch {
    pub(crate) id: u64,
    pub(crate) body: Bytes,
    pub(crate) spans: u64,
    pub(crate) kept_by: KeptBy,
}

/// A batch that cannot be given back.
pub(crate) struct LostBatch {
    pub(crate) spans: u64,
    pub(crate) kept_by: KeptBy,
    pub(crate) error: Error,
}

/// What earlier runs left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leftovers {
    pub(crate) spans: u64,
    /// Pieces of files that cannot be read.
    pub(crate) unreadable: u64,
}
