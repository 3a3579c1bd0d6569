//! The span that began last on a thread, for a library that uses OpenTelemetry's API.
//!
//! Such a library makes contexts by itself, and to ask a context whose span is in it takes the lock of the span in
//! its slot. Mostly it is the one that began last, which its ids tell.

use super::instances::Parent;
use super::provider::Provider;
use crate::context::Origin;
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt as _, TraceState};
use std::cell::Cell;

thread_local! {
    static LAST: Cell<Origin> = const { Cell::new(Origin::NONE) };
}

/// Notes a span that has just begun.
#[inline]
pub(super) fn note(origin: &Origin) {
    LAST.set(*origin);
}

/// The parent in a context, if it is the span that began last. Ids tell that where all of the process are random.
#[inline]
pub(super) fn parent_in(cx: &Context, provider: &Provider) -> Option<Parent> {
    if !provider.is_usual || Provider::is_one_of_several() {
        return None;
    }
    let (origin, slot) = (LAST.get(), cx.span());
    let span_context = slot.span_context();
    let is_it = origin.span_id == span_context.span_id()
        && origin.trace_id == span_context.trace_id()
        && origin.instance == provider.id
        && origin.is_plain
        && !span_context.is_remote();
    is_it.then_some(Parent::Local(origin, TraceState::NONE))
}
