//! What a builder was given besides name, type and kind.

#[cfg(feature = "genai")]
use super::typed::Typed;
use crate::{Sampler, Value};
use opentelemetry::trace::SpanContext;
use opentelemetry::{Context, Key};
use std::any::Any;
use std::fmt;

/// Where the parent of a new span is.
pub(in crate::span) enum ParentChoice {
    /// In the context that is current when the span starts, or when its future is made.
    Current,
    /// In this context.
    Context(Context),
    /// Nowhere: the span begins a trace.
    Root,
}

/// What few builders are given. It has memory of its own, which is reused.
#[derive(Default)]
pub(in crate::span) struct Details {
    pub(in crate::span) attributes: Vec<(Key, Value)>,
    pub(in crate::span) links: Vec<SpanContext>,
    /// Instead of the instance's, if a trace begins here.
    pub(in crate::span) sampler: Option<Sampler>,
    pub(in crate::span) options: Option<Options>,
}

impl Details {
    /// Forgets everything, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.attributes.clear();
        self.links.clear();
        self.sampler = None;
        self.options = None;
    }
}

/// What goes with a span that starts.
#[derive(Debug, Default)]
pub(in crate::span) struct Options {
    pub(in crate::span) companion: Option<Box<dyn Companion>>,
    /// Begins to measure when a recorded span has started.
    pub(in crate::span) measure: Option<fn() -> Measurement>,
    #[cfg(feature = "genai")]
    pub(in crate::span) typed: Typed,
}

/// What a span takes along. This room knows nothing else about it.
pub(crate) trait Companion: Any + fmt::Debug + Send + Sync {
    /// The context that the span starts in, instead of `base`.
    fn context(&self, base: Context) -> Context;

    /// The attributes that the span of this name gets, and the spans below it do not.
    fn attributes(&self, name: &str) -> Vec<(Key, Value)>;
}

/// Ends a measurement when its span ends, and gives the attributes to set.
pub(crate) type Measurement = Box<dyn FnOnce() -> Vec<(Key, Value)> + Send + Sync>;

impl Options {
    /// The context that the span starts in, instead of `base`.
    pub(in crate::span) fn context(&self, base: Context) -> Context {
        #[cfg(feature = "genai")]
        let base = self.typed.context(base);
        match &self.companion {
            Some(companion) => companion.context(base),
            None => base,
        }
    }

    /// The attributes that this span gets and the spans below it do not.
    pub(super) fn attributes(&self, name: &str) -> Vec<(Key, Value)> {
        self.companion.as_ref().map_or_else(Vec::new, |companion| companion.attributes(name))
    }
}
