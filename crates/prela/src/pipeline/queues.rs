//! The queues of one process, from the end of a span to the last report.

use super::counts::Counts;
use super::drop_handler::DropNotifier;
use super::export_loop::ExportLoop;
use super::queue::ExporterQueue;
use super::settings::Setup;
use super::stats::{ShutdownReport, Stats};
use super::worker::Workers;
use crate::export::AnyExporter;
use crate::span::EndedSpan;
use crate::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A queue for each exporter, and the threads that empty them.
pub(super) struct Queues {
    queues: Vec<Arc<ExporterQueue>>,
    /// None without exporters: there is nothing to do for a thread.
    workers: Option<Workers>,
    counts: Arc<Counts>,
    drops: Arc<DropNotifier>,
    shut_down: AtomicBool,
}

impl Queues {
    pub(super) fn start(exporters: Vec<AnyExporter>, setup: &Setup) -> Result<Self, Error> {
        let Setup { resource, settings, diagnostics } = setup;
        let drops = Arc::new(DropNotifier::new(settings.on_drop.clone()));
        let counts = Arc::new(Counts::new(settings.tail.clone()));
        let (mut queues, mut export_loops) = (Vec::new(), Vec::new());
        for (number, exporter) in exporters.into_iter().enumerate() {
            let queue = Arc::new(ExporterQueue::new(
                exporter.name(),
                settings.item,
                exporter.is_interactive(),
                settings.limits(),
                settings.overflow,
                drops.clone(),
                diagnostics.clone(),
            ));
            queues.push(queue.clone());
            let (store, resource) = (settings.store(number), resource.clone());
            export_loops.push(ExportLoop::new(queue, exporter, store, resource, settings));
        }
        let workers = if queues.is_empty() {
            None
        } else {
            let watch = {
                let (drops, queues, counts) = (drops.clone(), queues.clone(), counts.clone());
                async move { drops.watch(|| counts.stats(&queues).dropped_by).await }
            };
            Some(Workers::start(export_loops, watch)?)
        };
        Ok(Self { queues, workers, counts, drops, shut_down: AtomicBool::new(false) })
    }

    /// Takes in a span that ended.
    #[inline(always)]
    pub(super) fn take_in(&self, span: &EndedSpan<'_>) {
        if self.counts.has_tail() && !span.summary.is_sampled {
            self.let_wait(span);
        } else if let [queue] = &*self.queues {
            // Nearly always. Nothing is left to do here afterwards, so it is a jump.
            queue.push(span);
        } else {
            self.push(span, ExporterQueue::push);
        }
    }

    /// Gives a span to each queue.
    #[inline(never)]
    fn push(&self, span: &EndedSpan<'_>, push: impl Fn(&ExporterQueue, &EndedSpan<'_>)) {
        if self.queues.is_empty() {
            self.counts.count_without_exporter();
            self.drops.note();
        }
        for queue in &self.queues {
            push(queue, span);
        }
    }

    /// Lets a span wait for the end of its trace.
    #[inline(never)]
    fn let_wait(&self, span: &EndedSpan<'_>) {
        let Some(mut tail) = self.counts.tail() else { return };
        if self.is_shut_down() {
            // The sampler left it out, and no root decides any more.
            self.counts.count_unsampled();
            return;
        }
        let undecided = tail.counts().undecided;
        for span in tail.on_end(*span) {
            self.push(&span.ended(), ExporterQueue::push_at_once);
        }
        if tail.counts().undecided > undecided {
            self.drops.note();
        }
    }

    pub(super) fn count_unsampled(&self) {
        self.counts.count_unsampled();
    }

    /// Whether there is no exporter.
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Acquire)
    }

    pub(super) fn stats(&self) -> Stats {
        self.counts.stats(&self.queues)
    }

    /// Waits until every span that ended before this call has left its queue.
    pub(super) fn flush(&self, within: Duration) -> Result<(), Error> {
        let refuse = |kind, why| Err(Error::new(kind, format!("flush: {why}")));
        if self.is_shut_down() {
            return refuse(ErrorKind::ShutDown, "the instance was shut down before");
        }
        if self.is_export_thread() {
            let why = "called on an export thread, which would wait for itself";
            return refuse(ErrorKind::Timeout, why);
        }
        let deadline = Instant::now().checked_add(within);
        // All queues first, so that the exporters work side by side.
        let tickets: Vec<_> = self.queues.iter().map(|queue| queue.request_flush()).collect();
        let mut result = Ok(());
        for (queue, ticket) in self.queues.iter().zip(tickets) {
            result = result.and(queue.wait_for_flush(&ticket, deadline));
        }
        result
    }

    /// Begins the shutdown, which [`shutdown`](Self::shutdown) waits for.
    pub(super) fn close(&self, within: Duration) {
        let until = Instant::now().checked_add(within);
        self.queues.iter().for_each(|queue| queue.close(until));
    }

    /// Sends what is queued and stops the threads; gives up when `within` has passed.
    pub(super) fn shutdown(&self, within: Duration) -> ShutdownReport {
        let is_first = !self.shut_down.swap(true, Ordering::AcqRel);
        // A drop handler or an exporter that waited here would wait for itself.
        let within = if self.is_export_thread() { Duration::ZERO } else { within };
        let until = Instant::now().checked_add(within);
        if let Some(mut tail) = self.counts.tail() {
            tail.close();
        }
        for queue in &self.queues {
            queue.close(until);
        }
        let is_done = self.workers.as_ref().is_none_or(|workers| workers.wait(within));
        if !is_done {
            for queue in &self.queues {
                queue.abandon();
            }
        }
        if let Some(workers) = &self.workers {
            workers.stop();
        }
        let stats = self.stats();
        self.drops.tell(stats.dropped_by);
        if is_first {
            for queue in &self.queues {
                queue.report_losses();
            }
        }
        ShutdownReport { stats, timed_out: !is_done, logs: None, metrics: None }
    }

    fn is_export_thread(&self) -> bool {
        self.workers.as_ref().is_some_and(Workers::include_this_thread)
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.queues).finish()
    }
}
