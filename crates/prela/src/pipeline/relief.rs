//! Keeping a queue from running full while its exporter is at work.

use super::queue::ExporterQueue;
use super::request::RequestEncoder;
use super::spooling::Spooling;
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;

/// Awaits something, and meanwhile moves spans from a crowded queue to the disk. Queues are crowded only
/// with [`Overflow::Spool`](super::Overflow::Spool).
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
