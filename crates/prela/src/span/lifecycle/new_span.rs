//! A span before it starts, as its builder describes it.

use super::details::{Details, Options, ParentChoice};
use super::instances;
use super::provider::Provider;
use crate::span::message::ChildHead;
use crate::{SpanType, context};
use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use std::borrow::Cow;
use std::time::SystemTime;

/// What a span will be.
pub(in crate::span) struct NewSpan {
    pub(in crate::span) name: Cow<'static, str>,
    pub(in crate::span) span_type: SpanType,
    pub(super) early: Early,
    /// Whether the builder was given anything of what follows, as few are: only then there is something to forget.
    has_more: bool,
    /// None for the kind that goes with the type.
    pub(super) kind: Option<SpanKind>,
    parent: ParentChoice,
    /// None for the time of the start.
    pub(super) start_time: Option<SystemTime>,
    /// Whether the attributes of the type are left out: an OpenTelemetry-native library asked for none.
    pub(super) omits_type: bool,
    /// Whether the builder was given any of the details, as few are.
    pub(super) has_details: bool,
    details: Details,
}

/// Where the builder's attributes are.
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
    /// A span of which nothing is known.
    pub(super) fn empty() -> Self {
        Self {
            name: Cow::Borrowed(""),
            span_type: SpanType::Custom,
            early: Early::None,
            has_more: false,
            kind: None,
            parent: ParentChoice::Current,
            start_time: None,
            omits_type: false,
            has_details: false,
            details: Details::default(),
        }
    }

    pub(in crate::span) fn set_kind(&mut self, kind: SpanKind) {
        self.has_more = true;
        self.kind = Some(kind);
    }

    pub(in crate::span) fn set_parent(&mut self, parent: ParentChoice) {
        self.has_more = true;
        self.parent = parent;
    }

    pub(in crate::span) fn set_start_time(&mut self, time: SystemTime) {
        self.has_more = true;
        self.start_time = Some(time);
    }

    pub(in crate::span) fn omit_type(&mut self) {
        self.has_more = true;
        self.omits_type = true;
    }

    /// Details to be written.
    pub(in crate::span) fn details(&mut self) -> &mut Details {
        self.has_more = true;
        self.has_details = true;
        &mut self.details
    }

    /// The details that were given.
    #[inline(always)]
    pub(super) fn given(&self) -> Option<&Details> {
        self.has_details.then_some(&self.details)
    }

    /// The details that were given, to be used up.
    #[inline(always)]
    pub(super) fn given_mut(&mut self) -> Option<&mut Details> {
        self.has_details.then_some(&mut self.details)
    }

    pub(in crate::span) fn options(&self) -> Option<&Options> {
        self.given()?.options.as_ref()
    }

    #[cfg(feature = "genai")]
    pub(super) fn options_mut(&mut self) -> Option<&mut Options> {
        self.given_mut()?.options.as_mut()
    }

    /// Whether the context in which the span starts is the current one, unchanged.
    #[inline]
    pub(in crate::span) fn is_in_current_context(&self) -> bool {
        !self.has_more || matches!(self.parent, ParentChoice::Current) && self.options().is_none()
    }

    /// Whether it can start as a child in one piece: it has no details, its name fits the short head, and it is
    /// not an agent, of which a root would be told.
    #[inline]
    pub(super) fn is_usual_child(&self) -> bool {
        !self.has_details
            && self.name.len() < ChildHead::LONGEST_NAME
            && self.span_type != SpanType::Agent
    }

    /// Whether it can begin a trace in one piece: it begins now, and has no details.
    #[inline]
    pub(super) fn is_usual_root(&self) -> bool {
        !self.has_details && self.start_time.is_none()
    }

    /// The context that the span starts in, before its options.
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
        self.set_parent(ParentChoice::Context(base));
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

    /// Forgets everything, and keeps the memory of the details.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        if let Cow::Owned(_) = self.name {
            self.name = Cow::Borrowed("");
        }
        self.early = Early::None;
        if self.has_more {
            self.clear_more();
        }
    }

    #[inline(never)]
    fn clear_more(&mut self) {
        self.has_more = false;
        self.kind = None;
        self.parent = ParentChoice::Current;
        self.start_time = None;
        self.omits_type = false;
        if self.has_details {
            self.has_details = false;
            self.details.clear();
        }
    }
}
