//! What the spans of one instance share.

use super::SpanLimits;
use super::late::Stopped;
use super::message::AllTypes;
use super::processor::{SpanIntake, SpanProcessor};
use super::wording::Wording;
use crate::clock::Clock;
use crate::context;
use crate::id::IdGenerator;
use crate::sampling::{Decisions, Sampler};
use crate::semconv::Conventions;
use opentelemetry::Key;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// One instance, seen from its spans: how to start them, and where they go when they end.
pub(crate) struct Provider {
    /// Tells instances of one process apart.
    pub(crate) id: u64,
    pub(crate) sampler: Sampler,
    /// What samplers decided about traces of this instance.
    pub(crate) decisions: Arc<Decisions>,
    pub(crate) limits: SpanLimits,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) ids: Box<dyn IdGenerator>,
    pub(crate) processors: Vec<Box<dyn SpanProcessor>>,
    pub(crate) intake: Box<dyn SpanIntake>,
    /// Keys of baggage entries that every span gets as attributes.
    pub(crate) baggage_to_attributes: Vec<Key>,
    /// Whether what is in a context concerns each span that starts there.
    pub(crate) shows_context: bool,
    /// Spans that are not sampled are recorded too, for the pipeline to decide.
    pub(crate) records_all: bool,
    /// What spans of each type have.
    pub(super) types: AllTypes,
    pub(crate) wording: Wording,
    running: AtomicBool,
    /// None until it is shut down, and if it never ran.
    pub(super) stopped: OnceLock<Stopped>,
}

static INSTANCES: AtomicU64 = AtomicU64::new(0);

impl Provider {
    pub(crate) fn new(
        sampler: Sampler,
        limits: SpanLimits,
        clock: Box<dyn Clock>,
        ids: Box<dyn IdGenerator>,
        processors: Vec<Box<dyn SpanProcessor>>,
        intake: Box<dyn SpanIntake>,
        baggage_to_attributes: Vec<Key>,
    ) -> Self {
        let id = INSTANCES.fetch_add(1, Ordering::Relaxed);
        let running = AtomicBool::new(true);
        let decisions = Arc::default();
        let shows_context = !baggage_to_attributes.is_empty() || !processors.is_empty();
        Self {
            id,
            sampler,
            decisions,
            limits,
            clock,
            ids,
            processors,
            intake,
            baggage_to_attributes,
            shows_context,
            records_all: false,
            types: AllTypes::new(Conventions::GENAI),
            wording: Wording::default(),
            running,
            stopped: OnceLock::new(),
        }
    }

    /// Whether spans that are not sampled are recorded as well.
    pub(crate) fn recording_all(self, records_all: bool) -> Self {
        Self { records_all, ..self }
    }

    /// How spans are written.
    pub(crate) fn with_wording(self, wording: Wording) -> Self {
        Self { types: AllTypes::new(wording.conventions), wording, ..self }
    }

    /// Whether there ever was an instance in this process.
    pub(crate) fn is_any() -> bool {
        INSTANCES.load(Ordering::Relaxed) > 0
    }

    /// Whether a second instance was ever made in this process. Until then no context needs to say
    /// whose span it holds.
    pub(crate) fn is_one_of_several() -> bool {
        INSTANCES.load(Ordering::Relaxed) > 1
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// From now on spans that start are no-ops.
    pub(crate) fn stop(&self) {
        self.running.store(false, Ordering::Release);
    }

    /// Notes that this thread has waited for what was queued, and should begin no span now.
    pub(crate) fn mark_shut_down(&self) {
        self.stopped.get_or_init(Stopped::now);
    }

    /// Runs one hook of each processor; a panic in it ends there. Spans of the same instance are not recorded
    /// meanwhile: they would run it again.
    pub(crate) fn each_processor(&self, hook: impl Fn(&dyn SpanProcessor)) {
        context::processing(self.id, || {
            for processor in &self.processors {
                let _ = context::guarded(|| hook(&**processor));
            }
        });
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("sampler", &self.sampler)
            .field("limits", &self.limits)
            .field("running", &self.is_running())
            .finish_non_exhaustive()
    }
}
