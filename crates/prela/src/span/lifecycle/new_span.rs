//! A span before it starts, as its builder describes it.

use super::details::{Details, Options, ParentChoice};
use super::instances;
use super::provider::Provider;
use crate::{SpanType, context};
use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use std::borrow::Cow;

/// What a span will be.
pub(in crate::span) struct NewSpan {
    pub(in crate::span) name: Cow<'static, str>,
    pub(in crate::span) span_type: SpanType,
    /// None for the kind that goes with the type.
    pub(in crate::span) kind: Option<SpanKind>,
    pub(in crate::span) parent: ParentChoice,
    pub(super) early: Early,
    /// None if the builder was given nothing else, as most are.
    pub(super) details: Option<Box<Details>>,
}

/// Where the attributes are that the builder was given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Early {
    /// There are none so far.
    None,
    /// In the message, whose head is to be completed.
    Written,
    /// In the details.
    Kept,
}

impl NewSpan {
    #[inline]
    pub(in crate::span) fn new(name: Cow<'static, str>, span_type: SpanType) -> Self {
        let (kind, parent, details) = (None, ParentChoice::Current, None);
        Self { name, span_type, kind, parent, early: Early::None, details }
    }

    pub(in crate::span) fn details(&mut self) -> &mut Details {
        self.details.get_or_insert_with(Details::take)
    }

    pub(in crate::span) fn options(&self) -> Option<&Options> {
        self.details.as_ref()?.options.as_ref()
    }

    #[cfg(feature = "genai")]
    pub(super) fn options_mut(&mut self) -> Option<&mut Options> {
        self.details.as_mut()?.options.as_mut()
    }

    /// Whether the context in which the span starts is the current one, unchanged.
    #[inline]
    pub(in crate::span) fn is_in_current_context(&self) -> bool {
        matches!(self.parent, ParentChoice::Current) && self.options().is_none()
    }

    /// The context that the span starts in, but for its options.
    pub(super) fn base(&self, provider: &Provider) -> Context {
        match &self.parent {
            ParentChoice::Current => context::current(),
            ParentChoice::Context(cx) => cx.clone(),
            ParentChoice::Root => instances::without_span_of(&context::current(), provider),
        }
    }

    /// Takes the context that is current now, for a start elsewhere. If nothing is recorded here, nothing
    /// will be recorded there.
    pub(in crate::span) fn capture(&mut self, provider: &Provider) {
        let base = self.base(provider);
        let is_suppressed = context::is_suppressed(provider.id);
        let base = if is_suppressed { base.with_telemetry_suppressed() } else { base };
        self.parent = ParentChoice::Context(base);
    }

    /// The context that becomes current where no instance is running.
    pub(in crate::span) fn context_of_none(&mut self) -> Context {
        let cx = match &self.parent {
            ParentChoice::Context(cx) => cx.clone(),
            ParentChoice::Current | ParentChoice::Root => context::current(),
        };
        let Some(options) = self.options() else { return cx };
        // An operation of a session counts, recorded or not.
        let _ = options.attributes(&self.name);
        options.context(cx)
    }

    /// Keeps the memory of the details, which are used up.
    #[inline]
    pub(super) fn give_details_back(&mut self) {
        if let Some(details) = self.details.take() {
            Details::give_back(details);
        }
    }
}
