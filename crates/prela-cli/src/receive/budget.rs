//! A limit on the bytes of requests in memory, over all connections.

use super::answer::Refusal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// A limit on the bytes of requests in memory, from their arrival until the store has them.
#[derive(Debug, Clone)]
pub struct Budget {
    bytes: Arc<Semaphore>,
    all: usize,
    /// Turns for work that takes a core for a while, and an amount of memory that is not known before.
    cores: Arc<Semaphore>,
}

/// The bytes that a request holds, given back when it is answered.
#[derive(Debug, Default)]
pub(super) struct Share(Option<OwnedSemaphorePermit>);

impl Budget {
    /// A budget of this many bytes.
    pub fn new(bytes: usize) -> Self {
        let all = bytes.min(Semaphore::MAX_PERMITS);
        let bytes = Arc::new(Semaphore::new(all));
        Self { bytes, all, cores: Arc::new(Semaphore::new(CORES)) }
    }

    /// Adds bytes to a share; waits a little for other requests to end, if need be.
    pub(super) async fn take(&self, share: &mut Share, bytes: usize) -> Result<(), Refusal> {
        let has = share.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if has.saturating_add(bytes) > self.all {
            return Err(Refusal::too_large("request in memory", self.all));
        }
        let full = || {
            Refusal::congested(
                "too many bytes of requests wait here already; try again in a second",
            )
        };
        let Ok(bytes) = u32::try_from(bytes) else { return Err(full()) };
        let more = self.bytes.clone().acquire_many_owned(bytes);
        match tokio::time::timeout(PATIENCE, more).await {
            Ok(Ok(more)) => {
                match &mut share.0 {
                    Some(permit) => permit.merge(more),
                    none => *none = Some(more),
                }
                Ok(())
            }
            _ => Err(full()),
        }
    }

    /// Waits for a turn to decode a message.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.cores.acquire().await.ok()
    }
}

/// Messages that are decoded at a time.
const CORES: usize = 2;
/// Longer than a commit, shorter than an exporter's timeout. It also ends requests that wait for each other's
/// bytes.
const PATIENCE: Duration = Duration::from_secs(1);
