//! The export thread.

use super::delivery::Delivery;
use super::lane::Lane;
use crate::{Error, ErrorKind};
use futures_util::future::{join_all, select};
use opentelemetry::Context;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// The running export thread.
pub(super) struct Worker {
    stop: Arc<Notify>,
    finished: Arc<Finished>,
}

/// Whether the thread is done with all its lanes.
#[derive(Default)]
struct Finished {
    is_finished: Mutex<bool>,
    changed: Condvar,
}

impl Worker {
    /// Drives each lane's exporter, and `beside` for as long as one of them is at work.
    pub(super) fn start(
        lanes: Vec<Arc<Lane>>,
        deliveries: Vec<Delivery>,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed("start the export thread's runtime", error))?;
        let stop = Arc::new(Notify::new());
        let finished = Arc::new(Finished::default());
        let end = End { lanes, finished: finished.clone() };
        let stopped = stop.clone();
        let run = move || {
            // Dropped last, also if something below panics: nobody waits for a thread that is gone.
            let _end = end;
            // An exporter's own HTTP client may be traced: its spans must not feed the exporter.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            runtime.block_on(async {
                tokio::spawn(beside);
                let tasks = deliveries.into_iter().map(|delivery| tokio::spawn(delivery.run()));
                select(join_all(tasks), pin!(stopped.notified())).await;
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("prela-export".to_owned()).spawn(run);
        thread.map_err(|error| failed("start the export thread", error))?;
        Ok(Self { stop, finished })
    }

    /// Whether the thread finished within this time.
    pub(super) fn wait(&self, within: Duration) -> bool {
        let is_finished = self.finished.is_finished.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_finished, _) = self
            .finished
            .changed
            .wait_timeout_while(is_finished, within, |is_finished| !*is_finished)
            .unwrap_or_else(PoisonError::into_inner);
        *is_finished
    }

    /// Ends the thread, unless an exporter blocks it, whatever is still under way.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }
}

/// What must happen when the thread ends, however it ends.
struct End {
    lanes: Vec<Arc<Lane>>,
    finished: Arc<Finished>,
}

impl Drop for End {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.abandon();
        }
        *self.finished.is_finished.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.finished.changed.notify_all();
    }
}

/// Awaits what blocks, on a thread of its own: so that a deadline holds on any runtime and without
/// its timers, and when the export thread itself is blocked.
pub(super) async fn wait_elsewhere<R: Send + 'static>(
    wait: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Error> {
    let (sender, receiver) = oneshot::channel();
    let run = move || drop(sender.send(wait()));
    let thread = thread::Builder::new().name("prela-wait".to_owned()).spawn(run);
    thread.map_err(|error| failed("start a thread to wait on", error))?;
    receiver
        .await
        .map_err(|error| Error::new(ErrorKind::Io, "wait for the export thread").with_source(error))
}

fn failed(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, what).with_source(error)
}
