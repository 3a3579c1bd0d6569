//! Which span a context holds for an instance.
//!
//! A single instance uses the context's span slot and nothing else. With several in a process, each also
//! keeps its span in a value of the context, and leaves the slot alone while another instance's span is in
//! it. So parents never cross between instances.

use super::context_span::{ContextSpan, record_of};
use super::provider::Provider;
use super::record::{Record, SharedRecord};
use crate::context::Origin;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceState};
use std::cell::RefCell;

/// The spans of several instances in one context.
#[derive(Clone)]
struct Instances {
    /// The instance that put its span into the slot last.
    slot_owner: u64,
    spans: Vec<SharedRecord>,
}

impl Instances {
    fn span_of(cx: &Context, provider: &Provider) -> Option<SharedRecord> {
        let spans = &cx.get::<Self>()?.spans;
        spans.iter().find(|record| record.source.provider.id == provider.id).cloned()
    }
}

/// The parent of a new span.
pub(super) enum Parent {
    None,
    /// A span of the same instance in this process, with its trace state.
    Local(Origin, TraceState),
    /// A span of another process, or of another OpenTelemetry library in this one.
    Other(SpanContext),
}

/// The parent that a context holds for a new span of an instance.
pub(super) fn parent_in(cx: &Context, provider: &Provider) -> Parent {
    let local =
        |record: &Record| Parent::Local(record.origin, record.span_context.trace_state().clone());
    match occupant_in(cx, provider) {
        Occupant::None => Parent::None,
        Occupant::Local(record) => local(&record),
        Occupant::Other(span_context) => Parent::Other(span_context),
    }
}

thread_local! {
    /// What the span that a library began last on this thread, through OpenTelemetry's API, gives to its children.
    static LAST_BEGUN: RefCell<Origin> = const { RefCell::new(Origin::NONE) };
}

/// Notes a span that a library has just begun. The library makes contexts by itself, and asking one for its record
/// takes the lock of the span in its slot. Mostly that is the span that began last, as its ids tell without a lock.
pub(super) fn note_begun(origin: &Origin) {
    let _ = LAST_BEGUN.try_with(|last| last.try_borrow_mut().map(|mut last| *last = *origin));
}

/// Starts a span below the one that a context holds, if that is one of this process without trace state, and the only
/// instance in it is a usual one, whose random ids tell which span it is. None if it is not, or if `start` declines.
///
/// The origin is changed where it is, rather than read when it has just been written.
#[inline(always)]
pub(super) fn begin_below(
    cx: &Context,
    provider: &Provider,
    start: impl FnOnce(&Origin) -> Option<SharedRecord>,
) -> Option<SharedRecord> {
    if !provider.is_usual || Provider::is_one_of_several() {
        return None;
    }
    let slot = cx.span();
    let span_context = slot.span_context();
    let begin = |last: &RefCell<Origin>| {
        let last = &mut *last.try_borrow_mut().ok()?;
        let is_it = last.span_id == span_context.span_id()
            && last.trace_id == span_context.trace_id()
            && last.instance == provider.id
            && !span_context.is_remote();
        if !is_it {
            *last = origin_in(cx, provider)?;
        }
        let record = start(last)?;
        last.span_id = record.origin.span_id;
        Some(record)
    };
    LAST_BEGUN.try_with(begin).ok().flatten()
}

#[inline(never)]
fn origin_in(cx: &Context, provider: &Provider) -> Option<Origin> {
    match occupant_in(cx, provider) {
        Occupant::Local(record) => Some(record.origin),
        Occupant::None | Occupant::Other(_) => None,
    }
}

/// What a context holds for an instance.
pub(in crate::span) enum Occupant {
    None,
    /// A span of the same instance.
    Local(SharedRecord),
    /// A span of another process or library.
    Other(SpanContext),
}

pub(in crate::span) fn occupant_in(cx: &Context, provider: &Provider) -> Occupant {
    let own = || Instances::span_of(cx, provider).map_or(Occupant::None, Occupant::Local);
    if !cx.has_active_span() {
        return own();
    }
    let slot = cx.span();
    if let Some(record) = record_of(&slot) {
        let is_own = record.source.provider.id == provider.id;
        return if is_own { Occupant::Local(record) } else { own() };
    }
    let span_context = slot.span_context();
    let is_within_other_instance = !span_context.is_remote()
        && cx.get::<Instances>().is_some_and(|instances| instances.slot_owner != provider.id);
    if is_within_other_instance {
        own()
    } else if span_context.is_valid() {
        Occupant::Other(span_context.clone())
    } else {
        Occupant::None
    }
}

/// The context with the span of the only instance in it.
#[inline(always)]
pub(super) fn alone_with(cx: &Context, record: &SharedRecord) -> Context {
    cx.with_span(ContextSpan::in_scope(record.clone()))
}

/// The current context with a span in it.
pub(super) fn current_with(record: &SharedRecord) -> Context {
    if Provider::is_one_of_several() {
        context_with(&crate::context::current(), record)
    } else {
        Context::current_with_span(ContextSpan::in_scope(record.clone()))
    }
}

/// The context with a span in it.
pub(in crate::span) fn context_with(base: &Context, record: &SharedRecord) -> Context {
    if !Provider::is_one_of_several() {
        return base.with_span(ContextSpan::in_scope(record.clone()));
    }
    let occupant = record_of(&base.span()).map(|occupant| occupant.source.provider.id);
    let own = record.source.provider.id;
    let slot_is_taken = occupant.is_some_and(|id| id != own);
    let cx = if slot_is_taken {
        base.clone()
    } else {
        base.with_span(ContextSpan::in_scope(record.clone()))
    };
    let mut instances = base
        .get::<Instances>()
        .cloned()
        .unwrap_or(Instances { slot_owner: own, spans: Vec::new() });
    instances.slot_owner = if slot_is_taken { occupant.unwrap_or(own) } else { own };
    instances.spans.retain(|other| other.source.provider.id != own);
    instances.spans.push(record.clone());
    cx.with_value(instances)
}

/// The context without anything that could be a parent for this instance. Other instances keep their
/// spans.
pub(super) fn without_span_of(cx: &Context, provider: &Provider) -> Context {
    let occupant = record_of(&cx.span()).map(|occupant| occupant.source.provider.id);
    let slot_is_taken = occupant.is_some_and(|id| id != provider.id);
    let without =
        if slot_is_taken { cx.clone() } else { cx.with_remote_span_context(SpanContext::NONE) };
    let Some(mut instances) = cx.get::<Instances>().cloned() else { return without };
    instances.spans.retain(|record| record.source.provider.id != provider.id);
    without.with_value(instances)
}

/// The context without the span of any instance.
pub(crate) fn without_spans(cx: &Context) -> Context {
    let cx = cx.with_remote_span_context(SpanContext::NONE);
    if cx.get::<Instances>().is_some() {
        cx.with_value(Instances { slot_owner: u64::MAX, spans: Vec::new() })
    } else {
        cx
    }
}

/// The context as far as it concerns one instance: without another instance's span in its slot.
#[cfg(feature = "testing")]
pub(crate) fn alone_in(cx: &Context, provider: &Provider) -> Context {
    match record_of(&cx.span()) {
        Some(record) if record.source.provider.id != provider.id => without_spans(cx),
        _ => cx.clone(),
    }
}
