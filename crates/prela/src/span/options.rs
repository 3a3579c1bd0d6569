//! What a span can take along: a sampler, a measurement, a companion.

use super::SpanBuilder;
use crate::{Sampler, Value};
use opentelemetry::{Context, Key};
use std::any::Any;
use std::fmt;

/// Seldom used, so in a box of its own.
#[derive(Debug, Default)]
pub(super) struct Options {
    companion: Option<Box<dyn Companion>>,
    /// Begins to measure when a recorded span has started.
    pub(super) measure: Option<fn() -> Measurement>,
}

/// What goes with a span that starts, of which this room knows no more than that.
pub(crate) trait Companion: Any + fmt::Debug + Send + Sync {
    /// The context that the span starts in, instead of `base`.
    fn context(&self, base: Context) -> Context;

    /// What the span with this name gets, and those below it do not.
    fn attributes(&self, name: &str) -> Vec<(Key, Value)>;
}

/// Ends a measurement when its span ends, and gives the attributes to set.
pub(crate) type Measurement = Box<dyn FnOnce() -> Vec<(Key, Value)> + Send + Sync>;

impl Options {
    /// The context that a span with this name starts in, and what this span gets.
    pub(super) fn begin(&self, base: Context, name: &str) -> (Context, Vec<(Key, Value)>) {
        match &self.companion {
            Some(companion) => (companion.context(base), companion.attributes(name)),
            None => (base, Vec::new()),
        }
    }
}

impl SpanBuilder {
    /// Decides with this sampler, instead of the instance's, if a trace begins here; within a trace the
    /// decision is made already.
    ///
    /// A number is a share, a `bool` yes or no, and both follow a remote caller's decision; so does
    /// `Sampler::parent_based`, and no other sampler. A sampler that is in error is passed over.
    ///
    /// ```
    /// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
    /// # let tracer = prela.tracer();
    /// use prela::SpanType;
    ///
    /// for _ in 0..100 {
    ///     tracer.span("high_volume_operation", SpanType::Custom).sample_with(0.1).in_scope(|_| ());
    /// }
    /// # Ok::<(), prela::Error>(())
    /// ```
    pub fn sample_with(mut self, sampler: impl Into<Sampler>) -> Self {
        let sampler: Sampler = sampler.into();
        if sampler.check().is_ok() {
            self.set_sampler(sampler);
        }
        self
    }

    /// Records a trace that begins here if the condition holds, and only then, whatever the instance's
    /// sampler says. A remote caller's decision is followed, and within a trace the decision is made
    /// already.
    pub fn trace_if(self, condition: bool) -> Self {
        self.sample_with(condition)
    }

    /// Changes the companion, which is made first if there is none of its type.
    pub(crate) fn with_companion<C: Companion + Default>(
        mut self,
        change: impl FnOnce(&mut C),
    ) -> Self {
        let options = self.options_mut();
        let known: Option<Box<dyn Any>> = options.companion.take().map(|it| it as _);
        let mut companion = known.and_then(|it| it.downcast::<C>().ok()).unwrap_or_default();
        change(&mut companion);
        options.companion = Some(companion);
        self
    }

    /// Measures from the start to the end of this span, if it is recorded.
    #[cfg(feature = "resources")]
    pub(crate) fn measured(mut self, measure: fn() -> Measurement) -> Self {
        self.options_mut().measure = Some(measure);
        self
    }
}
