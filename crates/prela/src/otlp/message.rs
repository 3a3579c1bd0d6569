//! A batch as OTLP's protobuf message, by `opentelemetry-proto`: what `encode` and `json` are compared
//! with.

mod tests;

use super::by_scope;
use crate::Value;
use crate::clock::unix_nano;
use crate::span::Batch;
use crate::span::message::{flags, kind, parent, status};
use crate::span::{Event, Link, SpanData};
use opentelemetry::{InstrumentationScope, Key};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as wire;

/// The request that carries `batch`.
///
/// Source: [OTLP `trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
pub(crate) fn request(batch: &Batch) -> ExportTraceServiceRequest {
    let scope_spans = by_scope(batch)
        .into_iter()
        .map(|(scope, spans)| wire::ScopeSpans {
            scope: Some(instrumentation_scope(scope)),
            spans: spans.into_iter().map(span).collect(),
            schema_url: scope.schema_url().unwrap_or_default().to_owned(),
        })
        .collect();
    let resource =
        Resource { attributes: attributes(batch.resource().attributes()), ..Resource::default() };
    let resource_spans =
        wire::ResourceSpans { resource: Some(resource), scope_spans, ..Default::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

fn instrumentation_scope(scope: &InstrumentationScope) -> common::InstrumentationScope {
    common::InstrumentationScope {
        name: scope.name().to_owned(),
        version: scope.version().unwrap_or_default().to_owned(),
        attributes: scope
            .attributes()
            .map(|pair| attribute(&pair.key, &pair.value.clone().into()))
            .collect(),
        dropped_attributes_count: 0,
    }
}

fn span(span: &SpanData) -> wire::Span {
    let context = &span.span_context;
    let (code, message) = status(&span.status);
    wire::Span {
        trace_id: context.trace_id().to_bytes().to_vec(),
        span_id: context.span_id().to_bytes().to_vec(),
        trace_state: context.trace_state().header(),
        parent_span_id: parent(span).map(|id| id.to_bytes().to_vec()).unwrap_or_default(),
        flags: flags(context, span.parent_is_remote),
        name: span.name.to_string(),
        kind: kind(&span.kind).into(),
        start_time_unix_nano: unix_nano(span.start_time),
        end_time_unix_nano: unix_nano(span.end_time),
        attributes: attributes(&span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events: span.events.iter().map(event).collect(),
        dropped_events_count: span.dropped_events_count,
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.dropped_links_count,
        status: Some(wire::Status { message: message.to_owned(), code: code.into() }),
    }
}

fn event(event: &Event) -> wire::span::Event {
    wire::span::Event {
        time_unix_nano: unix_nano(event.time),
        name: event.name.to_string(),
        attributes: attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
    }
}

fn link(link: &Link) -> wire::span::Link {
    let context = &link.span_context;
    wire::span::Link {
        trace_id: context.trace_id().to_bytes().to_vec(),
        span_id: context.span_id().to_bytes().to_vec(),
        trace_state: context.trace_state().header(),
        attributes: attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes_count,
        flags: flags(context, context.is_remote()),
    }
}

fn attributes(attributes: &[(Key, Value)]) -> Vec<common::KeyValue> {
    attributes.iter().map(|(key, value)| attribute(key, value)).collect()
}

fn attribute(key: &Key, value: &Value) -> common::KeyValue {
    common::KeyValue {
        key: key.as_str().to_owned(),
        value: Some(any_value(value)),
        ..Default::default()
    }
}

fn any_value(value: &Value) -> common::AnyValue {
    let value = match value {
        Value::Empty => return common::AnyValue::default(),
        Value::Bool(value) => Any::BoolValue(*value),
        Value::I64(value) => Any::IntValue(*value),
        Value::F64(value) => Any::DoubleValue(*value),
        Value::String(value) => Any::StringValue(value.as_str().to_owned()),
        Value::Bytes(value) => Any::BytesValue(value.to_vec()),
        Value::Array(values) => {
            Any::ArrayValue(common::ArrayValue { values: values.iter().map(any_value).collect() })
        }
        Value::Map(entries) => {
            Any::KvlistValue(common::KeyValueList { values: attributes(entries) })
        }
    };
    common::AnyValue { value: Some(value) }
}
