//! What to do when a queue is full.

use std::time::Duration;

/// What happens when a span ends and the queue before an exporter is full; for
/// [`Builder::overflow`](crate::Builder::overflow).
///
/// A sixteenth of each queue is kept for local root spans and for spans that ended in an error, so
/// those are the last to be lost. What is lost is counted in
/// [`Dropped::queue_full`](crate::pipeline::Dropped::queue_full).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The span that just ended is dropped. The default.
    #[default]
    DropNewest,
    /// Those that wait longest are dropped to make room.
    DropOldest,
    /// The thread that ends the span waits for room, at most this long; then the span is dropped.
    ///
    /// The only setting with which tracing holds up the program: for batch jobs and tests that would
    /// rather be slow than incomplete. On a runtime's worker thread it holds up the tasks of that
    /// thread.
    Block(Duration),
    /// From three quarters on, the export thread moves what waits to the spool on disk; see
    /// [`Builder::spool`](crate::Builder::spool). If the disk cannot keep up either, the span that
    /// just ended is dropped. Exporters that cannot use the spool drop the newest.
    Spool,
}
