//! What code sets as `input`, `output` and `query` on a span without a typed handle, under the names that backends read.

use super::limits::SpanLimits;
use super::record::Record;
use super::roots::running_root;
use crate::semconv::{Conventions, QUERY, Side, genai, openinference as oi};
use crate::span::message::SpanMessage;
use crate::{SpanType, Value};
use opentelemetry::trace::SpanKind;
use serde_json::Value as Json;

/// Writes what the span, which ends now, was given by these names, unless a typed handle has done so, or was told to
/// record none. For instances that record content on spans.
pub(super) fn write(record: &Record, message: &mut SpanMessage) {
    if message.content().is_some_and(|content| !content.is_on_spans()) {
        return;
    }
    let provider = &record.source.provider;
    let (limits, conventions) = (&provider.limits, provider.wording.conventions);
    // What it has may be of its first agent, and no handle wrote it.
    let is_request = record.is_root_and_recorded()
        && matches!(message.kind(), Some(SpanKind::Server | SpanKind::Consumer));
    for side in Side::BOTH {
        if has(message, side) && !is_request {
            continue;
        }
        let Some(written) = given(message, side) else { continue };
        write_side(limits, conventions, message, side, &written);
        // Lists of traces show the root, and a request's says what its first agent does.
        if message.leads()
            && let Some(root) = running_root(record.span_context.trace_id(), Some(record))
        {
            root.with(|message| write_side(limits, conventions, message, side, &written));
        }
    }
    let key = match message.span_type() {
        SpanType::Retrieval => genai::RETRIEVAL_QUERY,
        SpanType::Reranker => oi::RERANKER_QUERY,
        _ => return,
    };
    if let Some((query, _)) = read(message, QUERY).map(written).filter(|_| !message.has(key)) {
        limits.set(message, key, &mut query.into());
    }
}

/// The text for a side, and its MIME type.
fn given(message: &SpanMessage, side: Side) -> Option<(String, &'static str)> {
    let plain = read(message, side.names().plain);
    // A span without a type may well have the query of a database by this name.
    let may_be_query = side == Side::Input && message.span_type() != SpanType::Custom;
    plain.or_else(|| read(message, QUERY).filter(|_| may_be_query)).map(written)
}

fn written(value: Value) -> (String, &'static str) {
    match value.into_json() {
        Json::String(text) => (text, oi::TEXT),
        json => (json.to_string(), oi::JSON),
    }
}

/// Writes one side, and the other one as empty if it is missing: a backend that finds one alone looks nowhere else for the
/// other.
fn write_side(
    limits: &SpanLimits,
    conventions: Conventions,
    message: &mut SpanMessage,
    side: Side,
    (text, mime_type): &(String, &'static str),
) {
    let (own, other) = (side.names(), side.other().names());
    limits.set(message, own.value, &mut text.clone().into());
    limits.set(message, own.mime_type, &mut (*mime_type).into());
    if conventions.contains(Conventions::TRACELOOP) {
        limits.set(message, own.traceloop, &mut text.clone().into());
    }
    if !message.has(other.value) {
        limits.set(message, other.value, &mut "".into());
    }
}

/// Whether a side is there. One that was filled in for the other is empty.
fn has(message: &SpanMessage, side: Side) -> bool {
    read(message, side.names().value).is_some_and(|value| value != Value::from(""))
}

fn read(message: &SpanMessage, key: &str) -> Option<Value> {
    if message.has(key) { message.attribute(key) } else { None }
}
