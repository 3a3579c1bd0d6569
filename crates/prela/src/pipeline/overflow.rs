//! What to do when a queue is full.

use super::queue::ExporterQueue;
use super::request::RequestEncoder;
use super::spooling::Spooling;
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// What happens when a span ends and the queue before an exporter is full; for
/// [`Builder::overflow`](crate::Builder::overflow).
///
/// A sixteenth of each queue is reserved for local root spans and for spans that ended in an error, so those
/// are the last to be lost. What is lost is counted in
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
    /// When a queue is three quarters full, the export thread moves what waits to the spool on disk; see
    /// [`Builder::spool`](crate::Builder::spool). If the disk cannot keep up either, the span that just ended
    /// is dropped. Exporters that cannot use the spool drop the newest.
    Spool,
}

/// Awaits something, and meanwhile moves spans from a crowded queue to the disk. Queues are crowded only
/// with [`Overflow::Spool`].
pub(super) async fn relieving<R>(
    queue: &ExporterQueue,
    encoder: &RequestEncoder,
    spooling: &mut Spooling,
    what: impl Future<Output = R>,
) -> R {
    let mut what = pin!(what);
    if !spooling.has_store() {
        return what.await;
    }
    loop {
        match select(what, pin!(queue.signals.crowded())).await {
            Either::Left((result, _)) => return result,
            Either::Right(((), rest)) => what = rest,
        }
        while queue.is_half_full()
            && let Some(spans) = queue.take()
        {
            spooling.keep(encoder.request(spans));
        }
    }
}
