//! The export thread.

use super::lane::{Lane, Next};
use super::{Diagnostics, PipelineSettings};
use crate::export::{Batch, ExportFuture, SpanExporter};
use crate::{Error, ErrorKind, Resource};
use futures_util::FutureExt as _;
use futures_util::future::{join_all, select};
use opentelemetry::Context;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

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
    pub(super) fn start(
        lanes: Vec<(Arc<Lane>, Box<dyn SpanExporter>)>,
        resource: Arc<Resource>,
        settings: PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed("start the export thread's runtime", error))?;
        let stop = Arc::new(Notify::new());
        let finished = Arc::new(Finished::default());
        let end = End {
            lanes: lanes.iter().map(|(lane, _)| lane.clone()).collect(),
            finished: finished.clone(),
        };
        let stopped = stop.clone();
        let run = move || {
            // Dropped last, also if something below panics: nobody waits for a thread that is gone.
            let _end = end;
            // An exporter's own HTTP client may be traced: its spans must not feed the exporter.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            runtime.block_on(async {
                let tasks = lanes.into_iter().map(|(lane, exporter)| {
                    let drive =
                        drive(lane, exporter, resource.clone(), settings, diagnostics.clone());
                    tokio::spawn(drive)
                });
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

/// Moves batches from a lane to its exporter until the lane is closed and empty.
async fn drive(
    lane: Arc<Lane>,
    mut exporter: Box<dyn SpanExporter>,
    resource: Arc<Resource>,
    settings: PipelineSettings,
    diagnostics: Diagnostics,
) {
    let mut due_at = None;
    let mut is_due = false;
    loop {
        match lane.next(is_due) {
            Next::Export(spans) => {
                (due_at, is_due) = (None, false);
                let batch = Batch { resource: resource.clone(), spans };
                let result = guarded("export", settings.export_timeout, || exporter.export(&batch));
                lane.settle(result.await, &diagnostics);
            }
            Next::WaitForMore => {
                // Counted from here, not from the span's end, which would read a clock on its thread.
                let at = *due_at.get_or_insert_with(|| Instant::now() + settings.schedule_delay);
                is_due = timeout_at(at, lane.woken()).await.is_err();
            }
            Next::WaitForFirst => {
                (due_at, is_due) = (None, false);
                lane.woken().await;
            }
            Next::ShutDown => break,
        }
    }
    let result = guarded("shut down", settings.export_timeout, || exporter.shutdown());
    if let Err(error) = result.await {
        diagnostics.line(&format!("prela: failed to shut down {}: {}", lane.name, error.chain()));
    }
}

/// Runs a method of an exporter, which may be the user's: it may fail, hang and panic.
async fn guarded<'a, T>(
    what: &str,
    within: Duration,
    call: impl FnOnce() -> ExportFuture<'a, T>,
) -> Result<T, Error> {
    // Called inside the future, so that a panic before its first await is caught as well.
    let call = AssertUnwindSafe(async move { call().await }).catch_unwind();
    match timeout(within, call).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(Error::new(ErrorKind::Io, format!("{what}: the exporter panicked"))),
        Err(_elapsed) => {
            Err(Error::new(ErrorKind::Timeout, format!("{what}: not done after {within:?}")))
        }
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
