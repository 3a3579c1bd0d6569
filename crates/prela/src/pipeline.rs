//! The pipeline: what happens to a span between its end and its arrival somewhere.
//!
//! Ending a span puts it into one bounded queue for each exporter, and that is all that the caller's
//! thread ever does. A thread for each exporter, `prela-export`, takes batches from its queue and hands
//! them over; so one that blocks its thread holds up no other. It owns a runtime of its own, so that
//! starting, flushing and shutting down work on any runtime, on none, and after the user's is gone.

mod attempt;
mod backoff;
mod breaker;
mod diagnostics;
mod drop_handler;
mod export_loop;
mod last_call;
mod late;
#[cfg(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http")))]
mod logs;
mod outage;
mod overflow;
mod payload;
mod pieces;
mod queue;
mod redact;
mod report;
mod request;
mod settings;
mod shards;
#[cfg(feature = "spool")]
mod spool;
mod spooling;
mod stats;
mod store;
mod tail;
mod worker;

pub(crate) use self::diagnostics::Diagnostics;
pub(crate) use self::drop_handler::DropHandler;
#[cfg(all(feature = "tracing", any(feature = "otlp-grpc", feature = "otlp-http")))]
pub(crate) use self::logs::LogPipeline;
pub use self::overflow::Overflow;
pub use self::redact::Redactor;
pub(crate) use self::settings::PipelineSettings;
#[cfg(feature = "spool")]
pub use self::spool::Spool;
pub use self::stats::{Dropped, ExporterStats, Recovered, ShutdownReport, Stats};
pub use self::tail::TailRule;
pub(crate) use self::worker::wait_elsewhere;

use self::drop_handler::DropNotifier;
use self::export_loop::ExportLoop;
use self::queue::ExporterQueue;
use self::shards::{Limits, Size};
use self::tail::Tail;
use self::worker::Workers;
use crate::export::AnyExporter;
use crate::span::processor::SpanIntake;
use crate::span::{EncodedSpan, EndedSpan};
use crate::{Error, ErrorKind, Resource, context, fork};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The queues and the export threads of one instance.
#[derive(Clone)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
}

struct Shared {
    queues: Vec<Arc<ExporterQueue>>,
    /// None without exporters: there is nothing to do for a thread.
    workers: Option<Workers>,
    counts: Arc<Counts>,
    drops: Arc<DropNotifier>,
    shut_down: AtomicBool,
    resource: Arc<Resource>,
    settings: PipelineSettings,
    diagnostics: Diagnostics,
    /// The process that this is for; see [`fork::generation`].
    generation: u32,
    /// What a forked process begins with, and what it made of that.
    spares: Mutex<Vec<Option<AnyExporter>>>,
    forked: OnceLock<Arc<Self>>,
}

/// Spans that no queue was given.
#[derive(Debug)]
struct Counts {
    unsampled: AtomicU64,
    no_exporter: AtomicU64,
    /// Locked before any queue, and until the spans that leave it are in all of them: so they are
    /// counted once at any moment.
    tail: Option<Mutex<Tail>>,
}

impl Pipeline {
    /// Starts the export threads.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread, or no event queue for its runtime.
    pub(crate) fn start(
        exporters: Vec<AnyExporter>,
        resource: Arc<Resource>,
        settings: PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        fork::check();
        let shared = Shared::start(exporters, resource, settings, diagnostics)?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The queues of this process. In a forked one these are new.
    fn shared(&self) -> &Arc<Shared> {
        let mut shared = &self.shared;
        while shared.generation != fork::generation() {
            shared = shared.forked.get_or_init(|| Arc::new(shared.for_fork()));
        }
        shared
    }

    pub(crate) fn stats(&self) -> Stats {
        fork::check();
        self.shared().stats()
    }

    /// Waits until every span that ended before this call has left its queue.
    pub(crate) fn flush(&self, within: Duration) -> Result<(), Error> {
        fork::check();
        let shared = self.shared();
        if shared.shut_down.load(Ordering::Acquire) {
            return Err(Error::new(
                ErrorKind::ShutDown,
                "flush: the instance was shut down before",
            ));
        }
        if shared.is_export_thread() {
            return Err(Error::new(
                ErrorKind::Timeout,
                "flush: called on an export thread, which would wait for itself",
            ));
        }
        let deadline = Instant::now().checked_add(within);
        // All at once first, so that the exporters work side by side.
        let tickets: Vec<_> = shared.queues.iter().map(|queue| queue.request_flush()).collect();
        let mut result = Ok(());
        for (queue, ticket) in shared.queues.iter().zip(tickets) {
            result = result.and(queue.wait_for_flush(&ticket, deadline));
        }
        result
    }

    /// Begins what [`shutdown`](Self::shutdown) will wait for.
    pub(crate) fn close(&self, within: Duration) {
        let until = Instant::now().checked_add(within);
        self.shared().queues.iter().for_each(|queue| queue.close(until));
    }

    /// Sends what is queued and stops the thread; gives up when `within` has passed. Spans that end
    /// later are counted as dropped.
    pub(crate) fn shutdown(&self, within: Duration) -> ShutdownReport {
        fork::check();
        self.shared().shutdown(within)
    }
}

impl Shared {
    fn start(
        exporters: Vec<AnyExporter>,
        resource: Arc<Resource>,
        settings: PipelineSettings,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let limits = Limits {
            queue: Size { spans: settings.max_queue_size, bytes: settings.max_queue_bytes },
            batch: Size {
                spans: settings.max_batch_size,
                bytes: MAX_BATCH_BYTES.min(settings.max_queue_bytes),
            },
        };
        let drops = Arc::new(DropNotifier::new(settings.on_drop.clone()));
        let counts = Arc::new(Counts {
            unsampled: AtomicU64::new(0),
            no_exporter: AtomicU64::new(0),
            tail: settings.tail.clone().map(|rule| Mutex::new(Tail::new(rule))),
        });
        let (mut queues, mut export_loops) = (Vec::new(), Vec::new());
        let spares = exporters.iter().map(AnyExporter::for_fork).collect();
        for (number, exporter) in exporters.into_iter().enumerate() {
            let (name, is_interactive) = (exporter.name(), exporter.is_interactive());
            let overflow = settings.overflow;
            let queue = ExporterQueue::new(name, is_interactive, limits, overflow, drops.clone());
            let queue = Arc::new(queue.of(settings.item));
            queues.push(queue.clone());
            let (resource, diagnostics) = (resource.clone(), diagnostics.clone());
            let store = settings.store(number);
            export_loops.push(ExportLoop::new(
                queue,
                exporter,
                store,
                resource,
                &settings,
                diagnostics,
            ));
        }
        let workers = if queues.is_empty() {
            None
        } else {
            let watch = {
                let (drops, queues, counts) = (drops.clone(), queues.clone(), counts.clone());
                async move { drops.watch(|| stats(&counts, &queues).dropped_by).await }
            };
            Some(Workers::start(export_loops, watch)?)
        };
        Ok(Self {
            queues,
            workers,
            counts,
            drops,
            shut_down: AtomicBool::new(false),
            resource,
            settings,
            diagnostics,
            generation: fork::generation(),
            spares: Mutex::new(spares),
            forked: OnceLock::new(),
        })
    }

    /// The same with empty queues and a thread of its own. Touches no lock that another thread of the
    /// forked process may have held.
    fn for_fork(&self) -> Self {
        let spares = self.spares.try_lock().map(|mut spares| std::mem::take(&mut *spares));
        let exporters: Vec<AnyExporter> =
            spares.unwrap_or_default().into_iter().flatten().collect();
        let start = |exporters| {
            let (resource, settings) = (self.resource.clone(), self.settings.clone());
            Self::start(exporters, resource, settings, self.diagnostics.clone())
        };
        let shared = start(exporters).or_else(|_no_thread| start(Vec::new()));
        let shared = shared.expect("without exporters nothing is asked of the system");
        if self.shut_down.load(Ordering::Acquire) {
            shared.shutdown(Duration::ZERO);
        }
        shared
    }

    #[inline]
    fn take_in(&self, span: EndedSpan<'_>) {
        match &self.counts.tail {
            Some(tail) if !span.summary.is_sampled => self.hold(tail, span),
            _ => self.push(span, ExporterQueue::push),
        }
    }

    /// Gives a span to each queue.
    #[inline]
    fn push(&self, span: EndedSpan<'_>, push: impl Fn(&ExporterQueue, EndedSpan<'_>)) {
        if self.queues.is_empty() {
            self.counts.no_exporter.fetch_add(1, Ordering::Relaxed);
            self.drops.note();
        }
        for queue in &self.queues {
            push(queue, span);
        }
    }

    /// Lets a span wait for the end of its trace.
    fn hold(&self, tail: &Mutex<Tail>, span: EndedSpan<'_>) {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shut_down.load(Ordering::Acquire) {
            // It is not wanted, and nothing decides any more.
            self.counts.unsampled.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let undecided = tail.counts().undecided;
        for span in tail.on_end(span) {
            self.push(span.ended(), ExporterQueue::push_at_once);
        }
        if tail.counts().undecided > undecided {
            self.drops.note();
        }
    }

    fn stats(&self) -> Stats {
        stats(&self.counts, &self.queues)
    }

    fn is_export_thread(&self) -> bool {
        self.workers.as_ref().is_some_and(Workers::include_this_thread)
    }

    fn shutdown(&self, within: Duration) -> ShutdownReport {
        let is_first = !self.shut_down.swap(true, Ordering::AcqRel);
        // A drop handler or an exporter that waited here would wait for itself.
        let within = if self.is_export_thread() { Duration::ZERO } else { within };
        let until = Instant::now().checked_add(within);
        if let Some(tail) = &self.counts.tail {
            tail.lock().unwrap_or_else(PoisonError::into_inner).close();
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
                queue.report_losses(&self.diagnostics);
            }
        }
        ShutdownReport { stats, timed_out: !is_done, logs: None, metrics: None }
    }
}

fn stats(counts: &Counts, queues: &[Arc<ExporterQueue>]) -> Stats {
    let tail = counts.tail.as_ref().map(|tail| tail.lock().unwrap_or_else(PoisonError::into_inner));
    let of_tail = tail.as_ref().map(|tail| tail.counts()).unwrap_or_default();
    let unsampled = counts.unsampled.load(Ordering::Relaxed) + of_tail.left_out;
    let no_exporter = counts.no_exporter.load(Ordering::Relaxed);
    let before = Stats {
        ended: unsampled + no_exporter + of_tail.held + of_tail.undecided,
        unsampled,
        queued: of_tail.held,
        dropped_by: Dropped { no_exporter, undecided: of_tail.undecided, ..Dropped::default() },
        not_current: context::not_current(),
        ..Stats::default()
    };
    Stats::new(before, queues.iter().map(|queue| queue.stats()).collect())
}

impl SpanIntake for Pipeline {
    #[inline]
    fn on_end(&self, span: EndedSpan<'_>) {
        let shared = self.shared();
        if shared.settings.changes(span) {
            let mut data = span.to_data();
            shared.settings.clean(&mut data);
            shared.take_in(EncodedSpan::rewritten(&data).ended());
        } else {
            shared.take_in(span);
        }
    }

    fn on_unsampled(&self) {
        self.shared().counts.unsampled.fetch_add(1, Ordering::Relaxed);
    }

    fn on_late(&self, was_used: bool) {
        let shared = self.shared();
        // Without exporters nobody wants to know.
        if !shared.queues.is_empty() {
            shared.diagnostics.line(&late::line(&shared.resource.service_name(), was_used));
        }
    }

    fn remark(&self, line: &str) {
        self.shared().diagnostics.line(line);
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("queues", &self.shared().queues).finish_non_exhaustive()
    }
}

/// A batch with more is sent in pieces from the start: receivers often take 4 MiB.
const MAX_BATCH_BYTES: usize = 3_500_000;
