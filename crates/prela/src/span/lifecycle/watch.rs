//! Notes the thread and the task of spans where they start, and that they run, for those who watch the program.

use super::instances::{Occupant, occupant_in};
use super::record::{Record, SharedRecord};
#[cfg(feature = "__otlp")]
use super::running::RunningSpans;
use crate::{Key, Value, context, semconv};
use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, TraceContextExt as _};
use std::cell::Cell;
#[cfg(feature = "__otlp")]
use std::sync::Arc;
use std::thread;

/// What an instance notes of each recorded span when it starts. Without one a start costs nothing extra: only
/// starts whose context somebody has to see (`Provider::shows_context`) look for one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// Whether spans say on which thread and in which task they began.
    pub(crate) threads: bool,
    /// Where running spans are noted.
    #[cfg(feature = "__otlp")]
    pub(crate) running: Option<Arc<RunningSpans>>,
}

impl Watch {
    /// This watch, or none if it has nothing to note.
    pub(crate) fn unless_idle(self) -> Option<Self> {
        let is_idle = !self.threads;
        #[cfg(feature = "__otlp")]
        let is_idle = is_idle && self.running.is_none();
        (!is_idle).then_some(self)
    }

    /// Notes what is asked for of a recorded span that has started in this context.
    pub(super) fn on_start(&self, record: &SharedRecord, base: &Context) {
        if self.threads {
            note_thread(record, base);
        }
        #[cfg(feature = "__otlp")]
        if let Some(running) = &self.running {
            running.note(record);
        }
    }
}

/// This thread, as spans name it.
struct Here {
    /// The number that the standard library shows, and `tracing` and panics in their lines.
    id: Option<i64>,
    name: Option<String>,
    /// Whether a span began here below one of another thread: then contexts are carried to this thread.
    has_carried: Cell<bool>,
}

thread_local! {
    static HERE: Here = Here::new();
}

impl Here {
    fn new() -> Self {
        let this = thread::current();
        // Only `Debug` shows its number.
        let id = format!("{:?}", this.id());
        Self {
            id: id.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok(),
            name: this.name().map(str::to_owned),
            has_carried: Cell::new(false),
        }
    }

    /// Whether the parent still runs and began on another thread.
    fn is_not_that_of_parent(&self, record: &Record, base: &Context) -> bool {
        let Occupant::Local(parent) = occupant_in(base, &record.source.provider) else {
            return false;
        };
        let thread = parent.with(|message| message.attribute(semconv::THREAD_ID)).flatten();
        thread.is_some_and(|thread| self.id.map(Value::from) != Some(thread))
    }
}

/// Writes thread and task to a span that starts in this context, except attributes that its builder has set.
///
/// A root is marked if its context is empty and contexts were carried to this thread before, since this time that was
/// probably forgotten. One that is meant to be a root is not marked: after `root()` and `new_trace_context` its context
/// says that there is no parent, and a request that came in is known by its kind.
fn note_thread(record: &Record, base: &Context) {
    // While the thread's locals are being destroyed, its context cannot be known.
    if context::with_current(|_, _| ()).is_none() {
        return;
    }
    let _ = HERE.try_with(|here| {
        if !here.has_carried.get() && here.is_not_that_of_parent(record, base) {
            here.has_carried.set(true);
        }
        let set = |key: &'static str, value: Option<Value>| {
            if let Some(value) = value
                && record.with(|message| message.has(key)) == Some(false)
            {
                record.set_attribute(&Key::from_static_str(key), value);
            }
        };
        set(semconv::THREAD_ID, here.id.map(Value::from));
        set(semconv::THREAD_NAME, here.name.clone().map(Value::from));
        set(semconv::PRELA_TASK_ID, task().map(Value::from));
        let is_lost = here.has_carried.get() && !base.has_active_span() && !is_incoming(record);
        set(semconv::PRELA_CONTEXT_ABSENT, is_lost.then(|| true.into()));
    });
}

/// Tokio's number of the task that runs here.
fn task() -> Option<i64> {
    // Tokio gives it only as text.
    tokio::task::try_id()?.to_string().parse().ok()
}

fn is_incoming(record: &Record) -> bool {
    let kind = record.with(|message| message.kind()).flatten();
    matches!(kind, Some(SpanKind::Server | SpanKind::Consumer))
}
