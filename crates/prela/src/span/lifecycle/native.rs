//! Spans of OpenTelemetry-native libraries: their start, and attributes as such a library gives them.
//!
//! Mostly the parent is a span of this process, often that which began last. Then the span starts in one piece,
//! without what Prela's own builder holds.

use super::context_span::{ContextSpan, attribute_pairs};
use super::instances;
use super::limits::SpanLimits;
use super::pool::{Blank, Prepared};
use super::provider::Source;
use super::record::{Phase, Record, SharedRecord};
use crate::SpanType;
use crate::clock::unix_nano;
use crate::context::{self, Correlation, Origin};
use crate::span::message::{ChildHead, KeyHash, SpanMessage, Written, kind};
use opentelemetry::trace::{
    Event, Link, SpanBuilder, SpanContext, TraceContextExt as _, TraceState,
};
use opentelemetry::{Context, KeyValue};
use std::mem;
use std::sync::Arc;

impl ContextSpan {
    /// Starts a span below what a context holds, for a library that makes it current itself. What the builder holds is
    /// taken from where it is, since it is large.
    #[inline]
    pub(crate) fn start(
        source: Option<&Arc<Source>>,
        builder: &mut SpanBuilder,
        parent: &Context,
    ) -> Self {
        match source.and_then(|source| start(source, builder, parent)) {
            Some(record) => Self::owned(record),
            None => Self::fallback(parent.span().span_context().clone()),
        }
    }
}

/// Starts a span; none where nothing is recorded.
#[inline]
fn start(
    source: &Arc<Source>,
    builder: &mut SpanBuilder,
    parent: &Context,
) -> Option<SharedRecord> {
    let provider = &*source.provider;
    if parent.is_telemetry_suppressed() || context::is_suppressed(provider.id) {
        return None;
    }
    if !provider.is_running() {
        provider.report_late_span();
        return None;
    }
    let in_one_piece = instances::begin_below(parent, provider, |origin| {
        let is_usual = origin.is_plain
            && origin.flags.is_sampled()
            && builder.name.len() < ChildHead::LONGEST_NAME
            && Correlation::of(parent).is_none();
        is_usual.then(|| start_child(source, builder, origin))
    });
    let record = match in_one_piece {
        Some(record) => record,
        None => start_unusual(source, builder, parent)?,
    };
    if let Some(links) = builder.links.take() {
        add_links(&record, links);
    }
    if let Some(events) = builder.events.take() {
        add_events(&record, events);
    }
    Some(record)
}

/// Starts a span below a sampled one of this process, while nothing else in the context concerns it.
#[inline(always)]
fn start_child(source: &Arc<Source>, builder: &mut SpanBuilder, parent: &Origin) -> SharedRecord {
    Blank::take(source, None).start(|record, mut message| {
        let provider = &*record.source.provider;
        let (of_type, limits) = (provider.types.none(), &provider.limits);
        // The clock is read before ids are drawn: it notices a fork.
        let start_time = match builder.start_time {
            None => parent.anchor.now(&provider.clock),
            Some(start_time) => unix_nano(start_time),
        };
        let span_id = provider.ids.new_span_id();
        let Origin { trace_id, flags, .. } = *parent;
        let head = ChildHead {
            trace_id,
            span_id,
            parent_span_id: parent.span_id,
            name: &builder.name,
            kind: builder.span_kind.as_ref().map_or(of_type.kind, kind),
            start_time,
            flags,
            span_type: SpanType::Custom,
        };
        message.begin_child(&head, of_type, limits.attributes, limits.longest_text());
        if let Some(attributes) = builder.attributes.take() {
            write_attributes(&mut message, limits, attributes);
        }
        record.span_context = SpanContext::new(trace_id, span_id, flags, false, TraceState::NONE);
        record.parent_span_id = Some(parent.span_id);
        record.origin = Origin { span_id, ..*parent };
        record.state_mut().phase = Phase::Recording(message);
    })
}

/// Starts a span with all that there is to consider; none if the instance was shut down meanwhile.
#[inline(never)]
fn start_unusual(
    source: &Arc<Source>,
    builder: &mut SpanBuilder,
    parent: &Context,
) -> Option<SharedRecord> {
    let name = mem::take(&mut builder.name);
    let mut prepared = Prepared::take(source, name, SpanType::Custom);
    let blank = prepared.blank.take()?;
    let span = &mut prepared.span;
    span.omit_type();
    if let Some(kind) = builder.span_kind.take() {
        span.set_kind(kind);
    }
    if let Some(time) = builder.start_time {
        span.set_start_time(time);
    }
    let attributes = builder.attributes.take().unwrap_or_default();
    let record = span.start_in(blank, parent, attributes);
    prepared.give_back();
    instances::note_begun(&record.origin);
    Some(record)
}

#[cold]
fn add_links(record: &Record, links: Vec<Link>) {
    for link in links {
        record.add_link(link.span_context, attribute_pairs(link.attributes));
    }
}

#[cold]
fn add_events(record: &Record, events: Vec<Event>) {
    for event in events {
        let attributes = attribute_pairs(event.attributes);
        record.add_event(&event.name, Some(event.timestamp), attributes);
    }
}

/// Writes the attributes that a builder was given.
#[inline(never)]
fn write_attributes(message: &mut SpanMessage, limits: &SpanLimits, mut attributes: Vec<KeyValue>) {
    // By reference: they are dropped together, and hardly any of them owns anything.
    for attribute in &mut attributes {
        write_attribute(message, limits, attribute);
    }
}

/// Writes an attribute, of which only a value that has to be converted is taken.
#[inline(always)]
pub(super) fn write_attribute(
    message: &mut SpanMessage,
    limits: &SpanLimits,
    attribute: &mut KeyValue,
) {
    let name = attribute.key.as_str();
    let (key, hash) = (name.as_bytes(), KeyHash::of(name.as_bytes()));
    match Written::of_otel(&attribute.value) {
        Written::Scalar(value) => message.set_scalar(key, hash, value),
        Written::Short(text) => limits.set_short(message, name, hash, text),
        Written::Text(text) if message.set_text(key, hash, text) => {}
        Written::Text(_) | Written::Other => write_other(message, limits, attribute),
    }
}

#[cold]
fn write_other(message: &mut SpanMessage, limits: &SpanLimits, attribute: &mut KeyValue) {
    let value = mem::replace(&mut attribute.value, false.into());
    limits.set(message, attribute.key.as_str(), &mut value.into());
}
