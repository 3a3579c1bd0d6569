//! What is noted of spans where they start, for whoever watches the program.

use super::record::Record;
#[cfg(feature = "__otlp")]
use super::running::RunningSpans;
use super::threads;
use opentelemetry::Context;
use std::sync::Arc;

/// What an instance notes of each recorded span when it starts. Without one, nothing looks whether there is
/// one either: a start that is watched goes the way of those whose context concerns somebody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// Whether spans say on which thread and in which task they began.
    pub(crate) threads: bool,
    /// Where spans are noted that run.
    #[cfg(feature = "__otlp")]
    pub(crate) running: Option<Arc<RunningSpans>>,
}

impl Watch {
    /// None if there is nothing to note.
    pub(crate) fn unless_idle(self) -> Option<Self> {
        let is_idle = !self.threads;
        #[cfg(feature = "__otlp")]
        let is_idle = is_idle && self.running.is_none();
        (!is_idle).then_some(self)
    }

    /// A recorded span has started in this context.
    pub(super) fn on_start(&self, record: &Arc<Record>, base: &Context) {
        if self.threads {
            threads::note(record, base);
        }
        #[cfg(feature = "__otlp")]
        if let Some(running) = &self.running {
            running.note(record);
        }
    }
}
