use super::*;
use crate::span::SpanData;
use crate::{Resource, SpanType, Value};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, Key};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

fn batch(attributes: Vec<(Key, Value)>) -> Batch {
    let span = SpanData {
        span_context: SpanContext::new(
            TraceId::from(0xabc_u128),
            SpanId::from(0xd),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: None,
        parent_is_remote: false,
        name: "job".into(),
        span_type: SpanType::Custom,
        kind: SpanKind::Internal,
        start_time: UNIX_EPOCH + Duration::from_nanos(1),
        end_time: UNIX_EPOCH + Duration::from_nanos(2),
        attributes,
        dropped_attributes_count: 0,
        events: vec![],
        dropped_events_count: 0,
        links: vec![],
        dropped_links_count: 0,
        status: Status::Unset,
        scope: Arc::new(InstrumentationScope::builder("prela").build()),
    };
    Batch::new(Arc::new(Resource::default()), [Arc::new(span)])
}

/// The attributes of the batch's span as JSON.
fn written(attributes: Vec<(&'static str, Value)>) -> String {
    let attributes = attributes.into_iter().map(|(key, value)| (Key::new(key), value)).collect();
    let line = line(&batch(attributes));
    let from = line.find(r#""attributes":["#).expect("attributes") + r#""attributes":["#.len();
    let to = line.find(r#"],"status""#).expect("the field after them");
    line[from..to].to_owned()
}

#[test]
fn a_span_with_nothing_more_is_short() {
    assert_eq!(
        line(&batch(vec![])),
        r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"prela"},"spans":[{"#
            .to_owned()
            + r#""traceId":"00000000000000000000000000000abc","spanId":"000000000000000d","#
            + r#""parentSpanId":"","flags":257,"name":"job","kind":1,"#
            + r#""startTimeUnixNano":"1","endTimeUnixNano":"2","status":{}}]}]}]}"#
    );
}

#[test]
fn numbers_keep_their_value() {
    let json = written(vec![
        ("a", i64::MAX.into()),
        ("b", f64::NAN.into()),
        ("c", f64::NEG_INFINITY.into()),
        ("d", 1e-7.into()),
    ]);
    assert_eq!(
        json,
        r#"{"key":"a","value":{"intValue":"9223372036854775807"}},"#.to_owned()
            + r#"{"key":"b","value":{"doubleValue":"NaN"}},"#
            + r#"{"key":"c","value":{"doubleValue":"-Infinity"}},"#
            + r#"{"key":"d","value":{"doubleValue":1e-7}}"#
    );
}

#[test]
fn text_is_escaped_and_stays_one_line() {
    let every_ascii: String = (0..128_u8).map(char::from).chain("é\u{2028}🦀".chars()).collect();
    let json = written(vec![("text", every_ascii.as_str().into())]);
    assert!(!json.contains('\n'));
    let read: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
    assert_eq!(read["value"]["stringValue"], every_ascii);
}

#[test]
fn bytes_are_base64() {
    // RFC 4648, section 10.
    let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
    for (length, expected) in vectors.into_iter().enumerate() {
        assert_eq!(Base64(&b"foobar"[..length]).to_string(), expected);
    }
    assert_eq!(Base64(&[0xfb, 0xff]).to_string(), "+/8=");
}
