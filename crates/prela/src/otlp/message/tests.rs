use super::*;
use crate::otlp::json;
use crate::{Resource, SpanType};
use opentelemetry::KeyValue;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// A batch with something in every field.
fn everything() -> Batch {
    let scope = InstrumentationScope::builder("planner")
        .with_version("1.2.3")
        .with_schema_url("https://example.com/schema")
        .with_attributes([KeyValue::new("team", "travel")])
        .build();
    let state = TraceState::from_key_value([("vendor", "a")]).expect("a valid state");
    let context = |span: u64, remote| {
        let (trace, span) = (TraceId::from(0xabc_u128), SpanId::from(span));
        SpanContext::new(trace, span, TraceFlags::SAMPLED, remote, state.clone())
    };
    let start = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
    let span = SpanData {
        span_context: context(2, false),
        parent_span_id: Some(SpanId::from(1)),
        parent_is_remote: true,
        name: "plan \"trip\"\n\u{1b}".into(),
        span_type: SpanType::Agent,
        kind: SpanKind::Server,
        start_time: start,
        end_time: start + Duration::from_nanos(1),
        attributes: vec![
            (Key::new("bool"), true.into()),
            (Key::new("int"), i64::MIN.into()),
            (Key::new("double"), 1e300.into()),
            (Key::new("whole"), (-0.0).into()),
            (Key::new("text"), "BER → LIS".into()),
            (Key::new("bytes"), vec![0_u8, 0xff, 0xfe, 1].into()),
            (Key::new("list"), Value::Array(vec![1.into(), "a".into(), Value::Array(vec![])])),
            (Key::new("map"), Value::map([("k", Value::map([("inner", 0.5)]))])),
        ],
        dropped_attributes_count: 1,
        events: vec![Event {
            name: "cache miss".into(),
            time: start,
            attributes: vec![(Key::new("key"), "flights".into())],
            dropped_attributes_count: 2,
        }],
        dropped_events_count: 3,
        links: vec![
            Link {
                span_context: context(7, true),
                attributes: vec![(Key::new("why"), "batch".into())],
                dropped_attributes_count: 4,
            },
            Link {
                span_context: context(8, false),
                attributes: vec![],
                dropped_attributes_count: 0,
            },
        ],
        dropped_links_count: 5,
        status: Status::error("no seats"),
        scope: Arc::new(scope),
    };
    let mut resource = Resource::default();
    resource.set("service.name", "travel-desk");
    let same_scope = InstrumentationScope::clone(&span.scope);
    let root = SpanData {
        span_context: context(3, false),
        parent_span_id: None,
        parent_is_remote: false,
        status: Status::Ok,
        scope: Arc::new(same_scope),
        ..span.clone()
    };
    let other = SpanData {
        span_context: SpanContext::new(
            TraceId::from(1),
            SpanId::from(4),
            TraceFlags::default(),
            false,
            TraceState::default(),
        ),
        parent_is_remote: false,
        attributes: vec![],
        events: vec![],
        links: vec![],
        status: Status::Unset,
        scope: Arc::new(InstrumentationScope::builder("other").build()),
        ..span.clone()
    };
    Batch::new(Arc::new(resource), [span, other, root].map(Arc::new))
}

#[test]
fn every_field_is_carried() {
    let request = request(&everything());
    let resource_spans = &request.resource_spans[0];
    let resource = resource_spans.resource.as_ref().expect("a resource");
    assert_eq!(resource.attributes[0].key, "service.name");

    let scope_spans = &resource_spans.scope_spans[0];
    assert_eq!(scope_spans.schema_url, "https://example.com/schema");
    let scope = scope_spans.scope.as_ref().expect("a scope");
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("planner", "1.2.3"));
    assert_eq!(scope.attributes[0].key, "team");

    let span = &scope_spans.spans[0];
    assert_eq!(span.trace_id, 0xabc_u128.to_be_bytes());
    assert_eq!(span.span_id, 2_u64.to_be_bytes());
    assert_eq!(span.parent_span_id, 1_u64.to_be_bytes());
    assert_eq!(span.trace_state, "vendor=a");
    assert_eq!(span.kind, wire::span::SpanKind::Server as i32);
    assert_eq!(span.start_time_unix_nano, 1_700_000_000_123_456_789);
    assert_eq!(span.end_time_unix_nano, 1_700_000_000_123_456_790);
    assert_eq!(span.dropped_attributes_count, 1);
    assert_eq!(span.events[0].dropped_attributes_count, 2);
    assert_eq!(span.dropped_events_count, 3);
    assert_eq!(span.links[0].dropped_attributes_count, 4);
    assert_eq!(span.dropped_links_count, 5);
    assert_eq!(span.links[0].trace_state, "vendor=a");
    let status = span.status.as_ref().expect("a status");
    assert_eq!((status.code, status.message.as_str()), (2, "no seats"));

    let root = &scope_spans.spans[1];
    assert!(root.parent_span_id.is_empty());
}

#[test]
fn flags_say_what_is_remote() {
    let request = request(&everything());
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    assert_eq!(spans[0].flags, 0x301);
    assert_eq!(spans[1].flags, 0x101);
    assert_eq!(spans[0].links[0].flags, 0x301);
    assert_eq!(spans[0].links[1].flags, 0x101);
    assert_eq!(request.resource_spans[0].scope_spans[1].spans[0].flags, 0x100);
}

#[test]
fn equal_scopes_are_one() {
    let request = request(&everything());
    let scopes: Vec<(&str, usize)> = request.resource_spans[0]
        .scope_spans
        .iter()
        .map(|it| (it.scope.as_ref().expect("a scope").name.as_str(), it.spans.len()))
        .collect();
    assert_eq!(scopes, [("planner", 2), ("other", 1)]);
}

/// The JSON form, read by `opentelemetry-proto`, is the same message.
#[test]
fn json_is_the_same_message() {
    let batch = everything();
    let line = json::line(&batch);
    let read: ExportTraceServiceRequest = serde_json::from_str(&line).expect("valid JSON");
    assert_eq!(read, request(&batch));
}
