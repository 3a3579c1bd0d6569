//! Shows running spans to the local tool before they end.
//!
//! It sends copies of them, beside the queues. The span's end replaces its copy at the receiver, so a lost copy does no
//! harm, and no count of spans includes one.

use super::PipelineSettings;
use crate::export::LocalTool;
use crate::otlp::encode;
use crate::span::{EncodedSpan, MOST_RUNNING, RunningSpan, RunningSpans, SpanData};
use crate::{Error, ErrorKind, Key, Resource, context, semconv};
use futures_util::future::select;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// How many spans were shown while they ran; see [`Builder::pending_spans`](crate::Builder::pending_spans).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingStats {
    /// Spans that were sent to the local tool before they ended, whether or not they arrived.
    pub shown: u64,
    /// Spans that could not be shown, since more started or ran at once than are kept track of.
    pub missed: u64,
}

/// A handle of the thread that shows running spans.
#[derive(Clone, Debug)]
pub(crate) struct PendingSpans {
    running: Arc<RunningSpans>,
    shown: Arc<AtomicU64>,
    stop: Arc<Notify>,
}

/// The state of that thread.
struct Show {
    tools: Vec<LocalTool>,
    resource: Arc<Resource>,
    settings: PipelineSettings,
    pending: PendingSpans,
    /// The spans that run, as far as is known.
    spans: Vec<Shown>,
}

/// A span that ran when it was last looked at.
struct Shown {
    span: RunningSpan,
    /// When it was last shown; none if it was not yet.
    at: Option<Instant>,
}

impl PendingSpans {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread, or no event queue for its runtime.
    pub(crate) fn start(
        tools: Vec<LocalTool>,
        resource: Arc<Resource>,
        settings: PipelineSettings,
    ) -> Result<Self, Error> {
        let failed = |error| {
            Error::new(ErrorKind::Io, "start the thread of pending spans").with_source(error)
        };
        let running = Arc::new(RunningSpans::new());
        let pending = Self { running, shown: Arc::default(), stop: Arc::default() };
        let show = Show { tools, resource, settings, pending: pending.clone(), spans: Vec::new() };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(context::suppress_thread)
            .build()
            .map_err(failed)?;
        let run = move || {
            context::suppress_thread();
            let pending = show.pending.clone();
            runtime.block_on(async {
                let (show, stopped) = (pin!(show.run()), pin!(pending.stop.notified()));
                select(show, stopped).await;
            });
            pending.running.close();
            runtime.shutdown_background();
        };
        thread::Builder::new().name("prela-pending".to_owned()).spawn(run).map_err(failed)?;
        Ok(pending)
    }

    /// The list in which starting spans are noted.
    pub(crate) fn running(&self) -> Arc<RunningSpans> {
        self.running.clone()
    }

    pub(crate) fn stats(&self) -> PendingStats {
        let (shown, missed) = (self.shown.load(Ordering::Relaxed), self.running.missed());
        PendingStats { shown, missed }
    }

    /// Ends the thread at once, even in the middle of a request: a shutdown waits only for spans that have ended.
    pub(crate) fn stop(&self) {
        self.stop.notify_one();
    }
}

impl Show {
    async fn run(mut self) {
        loop {
            sleep(PAUSE).await;
            self.spans.retain(|shown| shown.span.is_running());
            for span in self.pending.running.take() {
                if !span.is_running() {
                    continue;
                }
                match self.spans.len() < MOST_RUNNING {
                    true => self.spans.push(Shown { span, at: None }),
                    false => self.pending.running.miss(),
                }
            }
            let is_due = |shown: &Shown| shown.at.is_none_or(|at| at.elapsed() >= AGAIN);
            if self.spans.iter().any(is_due) && self.finds_a_tool().await {
                self.show(is_due).await;
            }
        }
    }

    async fn finds_a_tool(&mut self) -> bool {
        let mut is_any = false;
        for tool in &mut self.tools {
            is_any |= tool.is_there().await;
        }
        is_any
    }

    /// Shows the spans that are due: the new ones, and every two seconds the others, so that the tool knows that they
    /// still run.
    async fn show(&mut self, is_due: impl Fn(&Shown) -> bool) {
        let now = Instant::now();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for at in 0..self.spans.len() {
            let shown = &mut self.spans[at];
            if is_due(shown)
                && let Some(span) = shown.span.so_far()
            {
                let is_first = shown.at.replace(now).is_none();
                self.pending.shown.fetch_add(u64::from(is_first), Ordering::Relaxed);
                let span = self.encoded(span);
                bytes += span.ended().message.len();
                batch.push(span);
            }
            if bytes >= ENOUGH {
                self.send(&std::mem::take(&mut batch)).await;
                bytes = 0;
            }
        }
        if !batch.is_empty() {
            self.send(&batch).await;
        }
    }

    /// The span's message: cleaned as at its end, and marked as pending.
    fn encoded(&self, mut span: SpanData) -> EncodedSpan {
        self.settings.clean(&mut span);
        span.attributes.push((Key::from_static_str(semconv::PRELA_PENDING), true.into()));
        EncodedSpan::rewritten(&span)
    }

    /// Sends a batch once to each tool. A failure does no harm, since the spans' ends will come.
    async fn send(&mut self, batch: &[EncodedSpan]) {
        let body = encode::request(&self.resource, batch);
        for tool in &mut self.tools {
            let _ = timeout(PATIENCE, tool.send(body.clone())).await;
        }
    }
}

/// The pause between two looks at what runs, and so the longest time that a span runs before it is shown.
const PAUSE: Duration = Duration::from_millis(100);
/// The time after which a span that still runs is shown again.
const AGAIN: Duration = Duration::from_secs(2);
/// The longest time that one request to one tool takes.
const PATIENCE: Duration = Duration::from_secs(2);
/// The bytes of a request from which on the next span goes into another one.
const ENOUGH: usize = 1 << 20;
