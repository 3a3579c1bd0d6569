//! OTLP's JSON, both ways, beside that of `opentelemetry-proto`.

use crate::requests::{everything, everything_finite, log, logs, traces};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prela_cli::otlp::json::{LOG_RECORD, SPAN, Signal, read_request, to_json};
use prost::Message as _;
use serde_json::{Value, json};

#[test]
fn it_is_read_as_the_same_bytes_that_protobuf_has() {
    let sent = traces(vec![everything_finite()]);
    let (read, malformed) =
        read_request(Signal::TRACES, &serde_json::to_vec(&sent).unwrap()).unwrap();
    assert_eq!(malformed, 0);
    assert_eq!(read.encode_to_vec(), sent.encode_to_vec());
    let sent = logs(vec![log(1, "said")]);
    let (read, _) = read_request(Signal::LOGS, &serde_json::to_vec(&sent).unwrap()).unwrap();
    assert_eq!(read.encode_to_vec(), sent.encode_to_vec());
}

#[test]
fn it_is_written_so_that_others_read_it() {
    let written = |span: &Span| {
        let span = to_json(SPAN, &span.encode_to_vec()).unwrap();
        json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] })
    };
    let finite = everything_finite();
    let read: TracesData = serde_json::from_value(written(&finite)).unwrap();
    assert_eq!(read.resource_spans[0].scope_spans[0].spans[0], finite);
    let (span, data) = (everything(), written(&everything()));
    let (again, _) = read_request(Signal::TRACES, data.to_string().as_bytes()).unwrap();
    let again = Span::decode(&again.resources[0].scopes[0].records[0][..]).unwrap();
    assert_eq!(again, span);
    assert!(
        to_json(LOG_RECORD, &log(1, "x").encode_to_vec()).unwrap()["body"]["stringValue"] == "x"
    );
}

/// A span with one field of this value, if it is one.
fn read(field: &str, value: &Value) -> Option<Span> {
    let span = json!({ "spanId": "0102030405060708", field: value });
    let request = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
    let (envelope, malformed) =
        read_request(Signal::TRACES, request.to_string().as_bytes()).unwrap();
    let records = &envelope.resources[0].scopes[0].records;
    assert_eq!(records.len() as u64 + malformed, 1);
    Some(Span::decode(records.first()?.clone()).unwrap())
}

#[test]
fn values_are_taken_in_each_way_that_they_are_written() {
    let start = |value: Value| read("startTimeUnixNano", &value).map(|it| it.start_time_unix_nano);
    assert_eq!(start(json!("1790000000000000001")), Some(1_790_000_000_000_000_001));
    assert_eq!(start(json!(1_790_000_000_000_000_001_u64)), Some(1_790_000_000_000_000_001));
    assert_eq!(start(json!(5.0)), Some(5));
    assert_eq!(start(json!(null)), Some(0));
    for bad in [json!("soon"), json!(-1), json!(5.5), json!([1]), json!({}), json!(true)] {
        assert_eq!(start(bad.clone()), None, "{bad}");
    }
    let kind = |value: Value| read("kind", &value).map(|it| it.kind);
    assert_eq!(kind(json!(3)), Some(3));
    assert_eq!(kind(json!("3")), Some(3));
    assert_eq!(kind(json!("SPAN_KIND_CLIENT")), Some(3));
    assert_eq!(kind(json!("CLIENT")), None);
    let id = |value: Value| read("traceId", &value).map(|it| it.trace_id);
    assert_eq!(id(json!("0AfF")), Some(vec![10, 255]));
    assert_eq!(id(json!("")), Some(vec![]));
    for bad in [json!("abc"), json!("xy"), json!("é"), json!(12)] {
        assert_eq!(id(bad.clone()), None, "{bad}");
    }
    let value = |value: Value| {
        let attribute = json!([{ "key": "k", "value": value }]);
        let span = read("attributes", &attribute)?;
        span.attributes[0].value.clone()?.value.map(|value| format!("{value:?}"))
    };
    for (given, expected) in [
        (json!({ "intValue": 5 }), "IntValue(5)"),
        (json!({ "intValue": "-5" }), "IntValue(-5)"),
        (json!({ "doubleValue": 1 }), "DoubleValue(1.0)"),
        (json!({ "doubleValue": "NaN" }), "DoubleValue(NaN)"),
        (json!({ "doubleValue": "-Infinity" }), "DoubleValue(-inf)"),
        (json!({ "boolValue": false }), "BoolValue(false)"),
        (json!({ "bytesValue": "AP8+Pw==" }), "BytesValue([0, 255, 62, 63])"),
        (json!({ "bytesValue": "AP8-Pw==" }), "BytesValue([0, 255, 62, 63])"),
        (json!({ "stringValue": "" }), "StringValue(\"\")"),
        (json!({ "arrayValue": {} }), "ArrayValue(ArrayValue { values: [] })"),
    ] {
        assert_eq!(value(given.clone()).as_deref(), Some(expected), "{given}");
    }
    assert_eq!(value(json!({})), None);
    assert_eq!(value(json!({ "laterValue": 1 })), None);
    assert!(read("name", &json!(1)).is_none());
    assert!(read("attributes", &json!({ "key": "no list" })).is_none());
    assert!(read("unknown", &json!({ "of": ["a", "later", "version"] })).is_some());
}

#[test]
fn a_message_of_any_bytes_is_written_or_refused() {
    let whole = everything().encode_to_vec();
    for cut in 0..whole.len() {
        // No panic.
        let _ = to_json(SPAN, &whole[..cut]);
    }
    let mut nested = vec![];
    for _ in 0..10_000 {
        // A list in a list.
        let inner = std::mem::take(&mut nested);
        for (number, inner) in [(1_u8, &inner), (5, &vec![])] {
            if inner.len() < 100_000 {
                nested.push(number << 3 | 2);
                prost::encoding::encode_varint(inner.len() as u64, &mut nested);
                nested.extend(inner);
            }
        }
    }
    let _ = to_json(SPAN, &nested);
}
