use super::*;
use crate::otlp::{Signal, encode, json};
use crate::span::{Blocks, EndedSpan};
use crate::{Resource, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use prost::Message as _;

fn record(severity: Severity, body: Value, span_context: SpanContext) -> LogRecord {
    LogRecord {
        scope: Arc::new(InstrumentationScope::builder("app").with_version("1.0").build()),
        time: 1_000,
        severity,
        event_name: Some("cache.miss"),
        body,
        attributes: vec![
            ("n".into(), 1.into()),
            ("list".into(), Value::from(["a", "b"])),
            ("text".into(), "\"quoted\"\n".into()),
        ],
        dropped_attributes_count: 2,
        span_context,
    }
}

fn request(records: &[LogRecord]) -> Vec<u8> {
    let mut blocks = Blocks::default();
    for record in records {
        let (message, summary) = (record.message(), record.summary());
        blocks.push(&EndedSpan { message: &message, scope: &record.scope, summary: &summary });
    }
    let spans: Vec<_> = blocks.drain().all().spans().collect();
    encode::request(&Resource::default(), &spans).to_vec()
}

#[test]
fn the_message_is_what_opentelemetry_proto_reads_in_both_forms() {
    let span = SpanContext::new(
        TraceId::from(7_u128),
        SpanId::from(8_u64),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let records = [
        record(Severity::Error, "it failed".into(), span),
        record(Severity::Trace, Value::Empty, SpanContext::NONE),
        record(Severity::Info, Value::Map([("k".into(), 1.into())].into()), SpanContext::NONE),
    ];
    let bytes = request(&records);
    let read = ExportLogsServiceRequest::decode(&*bytes).unwrap();
    let scopes = &read.resource_logs[0].scope_logs;
    let read_records: Vec<_> = scopes.iter().flat_map(|it| &it.log_records).collect();
    let first = read_records[0];
    assert_eq!(scopes[0].scope.as_ref().unwrap().version, "1.0");
    assert_eq!((first.time_unix_nano, first.observed_time_unix_nano), (1_000, 1_000));
    assert_eq!((first.severity_number, &*first.severity_text), (17, "ERROR"));
    assert_eq!(first.body.as_ref().unwrap().value, Some(Any::StringValue("it failed".to_owned())));
    assert_eq!((first.attributes.len(), first.dropped_attributes_count), (3, 2));
    assert_eq!((first.flags, &*first.event_name), (1, "cache.miss"));
    assert_eq!(first.trace_id, TraceId::from(7_u128).to_bytes());
    assert_eq!(first.span_id, SpanId::from(8_u64).to_bytes());
    assert_eq!(read_records[1].body, None);
    assert!(read_records[1].trace_id.is_empty());

    let text = json::request_of(Signal::Logs, &bytes);
    let again: ExportLogsServiceRequest = serde_json::from_str(&text).unwrap();
    assert_eq!(again.resource_logs[0].scope_logs[0].log_records[0], *first, "{text}");
    assert_eq!(again, read, "{text}");
}
