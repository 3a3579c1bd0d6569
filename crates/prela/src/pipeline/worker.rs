//! The export threads.

use super::export_loop::ExportLoop;
use super::queue::ExporterQueue;
use crate::{Error, ErrorKind, context};
use futures_util::future::select;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// The running export threads, one for each exporter, so that one that blocks its thread holds up no other.
pub(super) struct Workers {
    threads: Vec<Worker>,
    running: Arc<Running>,
}

struct Worker {
    thread: ThreadId,
    stop: Arc<Notify>,
}

/// How many threads are not done with their queues.
#[derive(Default)]
struct Running {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Workers {
    /// Starts a thread for each export loop. `beside` runs on the first, for as long as that one does.
    pub(super) fn start(
        export_loops: Vec<ExportLoop>,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, Error> {
        let mut workers = Self { threads: Vec::new(), running: Arc::default() };
        let mut beside = Some(beside);
        for export_loop in export_loops {
            match Worker::start(export_loop, beside.take(), &workers.running) {
                Ok(worker) => workers.threads.push(worker),
                Err(error) => {
                    workers.stop();
                    return Err(error);
                }
            }
        }
        Ok(workers)
    }

    /// Waits for all threads; false if they did not finish within this time.
    pub(super) fn wait(&self, within: Duration) -> bool {
        let count = self.running.count.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, _) = self
            .running
            .changed
            .wait_timeout_while(count, within, |count| *count > 0)
            .unwrap_or_else(PoisonError::into_inner);
        *count == 0
    }

    /// Ends the threads, whatever is still under way, except those that an exporter blocks.
    pub(super) fn stop(&self) {
        self.threads.iter().for_each(|worker| worker.stop.notify_one());
    }

    /// Whether the caller is on an export thread, as exporters and drop handlers are.
    pub(super) fn include_this_thread(&self) -> bool {
        let this = thread::current().id();
        self.threads.iter().any(|worker| worker.thread == this)
    }
}

impl Worker {
    fn start(
        export_loop: ExportLoop,
        beside: Option<impl Future<Output = ()> + Send + 'static>,
        running: &Arc<Running>,
    ) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // The runtime's threads for blocking work, such as looking up a name.
            .on_thread_start(context::suppress_thread)
            .build()
            .map_err(|error| failed("start the export thread's runtime", error))?;
        let stop = Arc::new(Notify::new());
        let end = End::new(export_loop.queue(), running.clone());
        let stopped = stop.clone();
        let run = move || {
            // Dropped last, also if something below panics: nobody waits for a thread that is gone.
            let _end = end;
            // An exporter's own HTTP client may be traced: its spans must not feed the exporter.
            context::suppress_thread();
            runtime.block_on(async {
                beside.map(tokio::spawn);
                select(tokio::spawn(export_loop.run()), pin!(stopped.notified())).await;
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("prela-export".to_owned()).spawn(run);
        let thread = thread.map_err(|error| failed("start the export thread", error))?;
        Ok(Self { thread: thread.thread().id(), stop })
    }
}

/// What must happen when a thread ends, however it ends.
struct End {
    queue: Arc<ExporterQueue>,
    running: Arc<Running>,
}

impl End {
    fn new(queue: Arc<ExporterQueue>, running: Arc<Running>) -> Self {
        *running.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self { queue, running }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.queue.abandon();
        *self.running.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.running.changed.notify_all();
    }
}

/// Runs a blocking call on a thread of its own and awaits it: so a deadline holds on any runtime, without its
/// timers, and when the export thread itself is blocked.
pub(crate) async fn wait_elsewhere<R: Send + 'static>(
    wait: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Error> {
    let (sender, receiver) = oneshot::channel();
    let run = move || {
        context::suppress_thread();
        drop(sender.send(wait()));
    };
    let thread = thread::Builder::new().name("prela-wait".to_owned()).spawn(run);
    thread.map_err(|error| failed("start a thread to wait on", error))?;
    receiver
        .await
        .map_err(|error| Error::new(ErrorKind::Io, "wait for the export thread").with_source(error))
}

fn failed(what: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, what).with_source(error)
}
