//! Requests of OTLP.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// A second in 2026.
pub(crate) const START: u64 = 1_790_000_000_000_000_000;

pub(crate) fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn trace_id(number: u64) -> Vec<u8> {
    // As with random ids, the first digits differ.
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [high.to_be_bytes(), number.to_be_bytes()].concat()
}

/// A span of a millisecond; number 0 is no parent.
pub(crate) fn span(trace: u64, number: u64, parent: u64) -> Span {
    Span {
        trace_id: trace_id(trace),
        span_id: number.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        name: format!("span {number}"),
        kind: 1,
        start_time_unix_nano: START + trace * 1_000_000_000 + number * 1_000,
        end_time_unix_nano: START + trace * 1_000_000_000 + number * 1_000 + 1_000_000,
        ..Span::default()
    }
}

pub(crate) fn failed(span: Span, message: &str) -> Span {
    Span { status: Some(Status { code: 2, message: message.to_owned() }), ..span }
}

/// A span with one of everything that spans can hold.
pub(crate) fn everything() -> Span {
    let value = |value| AnyValue { value: Some(value) };
    let attributes = vec![
        text("text", "naïve\u{0}\n\"日本\""),
        text("empty", ""),
        pair("least", Value::IntValue(i64::MIN)),
        pair("most", Value::IntValue(i64::MAX)),
        pair("zero", Value::IntValue(0)),
        pair("part", Value::DoubleValue(0.1)),
        pair("infinite", Value::DoubleValue(f64::NEG_INFINITY)),
        pair("no", Value::BoolValue(false)),
        pair("bytes", Value::BytesValue(vec![0, 255, 62, 63])),
        pair("no_bytes", Value::BytesValue(Vec::new())),
        pair(
            "list",
            Value::ArrayValue(ArrayValue {
                values: vec![value(Value::BoolValue(true)), AnyValue::default()],
            }),
        ),
        pair("no_list", Value::ArrayValue(ArrayValue::default())),
        pair("map", Value::KvlistValue(KeyValueList { values: vec![text("inner", "x")] })),
    ];
    Span {
        trace_state: "vendor=1".to_owned(),
        flags: 0x301,
        kind: 3,
        attributes: attributes.clone(),
        dropped_attributes_count: 1,
        events: vec![Event {
            time_unix_nano: START + 5,
            name: "exception".to_owned(),
            attributes: vec![text("exception.message", "it broke")],
            dropped_attributes_count: 2,
        }],
        dropped_events_count: 3,
        links: vec![Link {
            trace_id: trace_id(99),
            span_id: vec![9; 8],
            trace_state: "a=b".to_owned(),
            attributes,
            dropped_attributes_count: 4,
            flags: 0x100,
        }],
        dropped_links_count: 5,
        status: Some(Status { message: "as it is".to_owned(), code: 1 }),
        ..span(1, 1, 7)
    }
}

/// The span of [`everything`] without what `opentelemetry-proto` cannot write as JSON.
pub(crate) fn everything_finite() -> Span {
    let mut span = everything();
    span.attributes.retain(|it| it.key != "infinite");
    span.links[0].attributes.retain(|it| it.key != "infinite");
    span
}

pub(crate) fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![text("service.name", service)], ..Resource::default() })
}

pub(crate) fn traces(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: "library".to_owned(),
        version: "1".to_owned(),
        ..InstrumentationScope::default()
    };
    let scope_spans =
        vec![ScopeSpans { scope: Some(scope), spans, schema_url: "https://scope".to_owned() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource("shop"),
            scope_spans,
            schema_url: "https://resource".to_owned(),
        }],
    }
}

pub(crate) fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource("shop"),
            scope_logs,
            ..ResourceLogs::default()
        }],
    }
}

pub(crate) fn log(trace: u64, body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: START + 1,
        trace_id: if trace == 0 { Vec::new() } else { trace_id(trace) },
        span_id: if trace == 0 { Vec::new() } else { vec![0, 0, 0, 0, 0, 0, 0, 1] },
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        severity_number: 9,
        ..LogRecord::default()
    }
}

pub(crate) fn metrics(count: usize) -> ExportMetricsServiceRequest {
    let metrics = vec![Metric::default(); count];
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }],
    }
}
