//! The vectors of `tests/data`: fields in, and what the next service gets.
//!
//! A field's text there is Latin-1: one character is one byte.

use super::wire::{Entry, Sent, sent};
use prela::baggage::{Baggage, BaggageEntry};
use prela::opentelemetry::Context;
use prela::opentelemetry::trace::TraceContextExt as _;
use prela::propagation::Extractor;
use prela::testing::Capture;
use prela::{SpanContext, SpanId, SpanType, TraceContext, TraceFlags, TraceId, TraceState};
use serde_json::Value;

fn rows(file: &str, group: &str) -> Vec<Value> {
    let mut file: Value = serde_json::from_str(file).unwrap();
    serde_json::from_value(file[group].take()).unwrap()
}

const TRACE_CONTEXT: &str = include_str!("../../data/tracecontext.json");
const BAGGAGE: &str = include_str!("../../data/baggage.json");

fn latin_1(text: &Value) -> Vec<u8> {
    text.as_str().unwrap().chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect()
}

fn headers(row: &Value) -> Vec<(String, Vec<u8>)> {
    let pair = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), latin_1(&pair[1]));
    row["headers"].as_array().unwrap().iter().map(pair).collect()
}

/// What a service sends on that has a span of its own for the request.
fn forwarded(service: &Capture, cx: &TraceContext) -> Sent {
    let handle = service.tracer().span("handle", SpanType::Custom).parent(cx);
    let sent = handle.in_scope(|_| sent(&TraceContext::current()));
    sent.check();
    sent
}

#[test]
fn every_vector_of_trace_context_is_read_as_w3c_says() {
    let service = Capture::new();
    let check = |carrier: &dyn Extractor, row: &Value| {
        let (id, expect) = (&row["id"], &row["expect"]);
        let cx = prela::extract(carrier);
        let sent = forwarded(&service, &cx);
        let (trace_id, span_id, flags) = sent.ids().unwrap();
        if expect["trace"] == "restart" {
            assert_eq!(cx.trace_id(), None, "{id}");
            assert_eq!(sent.tracestate, None, "{id}");
            return;
        }
        assert_eq!(expect["trace_id"], trace_id, "{id}");
        assert_eq!(expect["parent_id"], cx.span_id().unwrap().to_string(), "{id}");
        assert_ne!(expect["parent_id"], span_id, "{id}");
        assert_eq!(expect["sampled"], cx.is_sampled(), "{id}");
        assert_eq!(expect["random"], flags & 2 != 0, "{id}");
        let members = serde_json::to_value(sent.members()).unwrap();
        assert_eq!(expect["tracestate"], members, "{id}");
    };
    for row in rows(TRACE_CONTEXT, "extract") {
        let list = headers(&row);
        check(&list, &row);
        let mut map = http::HeaderMap::new();
        for (name, value) in &list {
            let name = http::HeaderName::try_from(name).unwrap();
            map.append(name, http::HeaderValue::from_bytes(value).unwrap());
        }
        check(&map, &row);
        check(&tonic::metadata::MetadataMap::from_headers(map), &row);
    }
}

#[test]
fn trace_context_is_written() {
    for row in rows(TRACE_CONTEXT, "inject") {
        let span = &row["span"];
        let span = SpanContext::new(
            TraceId::from_hex(span["trace_id"].as_str().unwrap()).unwrap(),
            SpanId::from_hex(span["span_id"].as_str().unwrap()).unwrap(),
            TraceFlags::new(u8::try_from(span["flags"].as_u64().unwrap()).unwrap()),
            false,
            TraceState::NONE,
        );
        let sent = sent(&Context::new().with_remote_span_context(span).into());
        sent.check();
        assert_eq!(row["expect"]["traceparent"].as_str(), sent.traceparent.as_deref());
        assert_eq!(row["expect"]["tracestate"].as_str(), sent.tracestate.as_deref());
    }
}

/// A sampler may change the list of members on the way.
#[test]
fn trace_state_is_changed_on_the_way() {
    for row in rows(TRACE_CONTEXT, "mutate") {
        let start: Vec<(String, String)> = serde_json::from_value(row["start"].clone()).unwrap();
        let list: Vec<_> = start.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let cx = prela::extract(&[
            ("traceparent", "00-a1b2c3d4e5f60718293a4b5c6d7e8f90-1f2e3d4c5b6a7988-01"),
            ("tracestate", &list.join(",")),
        ]);
        let span = cx.span_context();
        let op: Vec<String> = serde_json::from_value(row["op"].clone()).unwrap();
        let state = match &op[..] {
            [op, key, value] if op == "set" => {
                span.trace_state().insert(key.clone(), value.clone())
            }
            [op, key] if op == "delete" => span.trace_state().delete(key.clone()),
            _ => panic!("an unknown change: {op:?}"),
        };
        let (trace_id, span_id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        let span = SpanContext::new(trace_id, span_id, flags, true, state.unwrap());
        let sent = sent(&cx.as_otel().with_remote_span_context(span).into());
        let members = serde_json::to_value(sent.members()).unwrap();
        assert_eq!(row["expect"], members, "{}", row["id"]);
    }
}

/// OpenTelemetry's type holds one member less, so it has room where the header has none.
#[test]
fn a_33rd_member_pushes_the_last_one_out() {
    let others: Vec<_> = (1..32).map(|i| format!("k{i}={i}")).collect();
    let cx = prela::extract(&[
        ("traceparent", "00-a1b2c3d4e5f60718293a4b5c6d7e8f90-1f2e3d4c5b6a7988-01"),
        ("tracestate", &format!("foo@@bar=0,{}", others.join(","))),
    ]);
    let span = cx.span_context();
    let state = span.trace_state().insert("n", "9").unwrap();
    let span = SpanContext::new(span.trace_id(), 7.into(), span.trace_flags(), false, state);
    let sent = sent(&cx.as_otel().with_remote_span_context(span).into());
    sent.check();
    let expected = format!("n=9,foo@@bar=0,{}", others[..30].join(","));
    assert_eq!(sent.tracestate.as_deref(), Some(expected.as_str()));
}

/// The entries as the vectors have them, in order of their keys.
fn sorted(mut entries: Vec<Entry>) -> Value {
    entries.sort();
    serde_json::to_value(entries).unwrap()
}

#[test]
fn every_vector_of_baggage_is_read_as_w3c_says() {
    let service = Capture::new();
    for row in rows(BAGGAGE, "extract") {
        let (id, expect) = (&row["id"], &row["expect"]);
        let cx = prela::extract(&headers(&row));
        let sent = forwarded(&service, &cx);
        let expected: Vec<Entry> = serde_json::from_value(expect["entries"].clone()).unwrap();
        let entries = sent.entries();
        if expect["subset"] == true {
            let least = expect["min_count"].as_u64().unwrap();
            assert!(u64::try_from(entries.len()).unwrap() >= least, "{id}");
            assert!(entries.iter().all(|entry| expected.contains(entry)), "{id}");
        } else {
            assert_eq!(sorted(entries.clone()), sorted(expected), "{id}");
        }
        // What the code of this service reads.
        let read: Vec<_> =
            cx.baggage().iter().map(|it| (it.key().to_owned(), it.value().to_owned())).collect();
        let written: Vec<_> = entries.into_iter().map(|(key, value, _)| (key, value)).collect();
        assert_eq!(read, written, "{id}");
    }
}

#[test]
fn baggage_is_written() {
    for row in rows(BAGGAGE, "inject") {
        let (id, expect) = (&row["id"], &row["expect"]);
        let mut baggage = Baggage::default();
        for entry in row["entries"].as_array().unwrap() {
            let text = |field: &str| entry[field].as_str().unwrap();
            let with =
                baggage.with_metadata(text("key"), text("value").to_owned(), text("metadata"));
            // What cannot be sent is refused where it is made.
            baggage = with.unwrap_or(baggage);
        }
        let header = sent(&carrying(&baggage)).baggage;
        match expect["header"].as_str() {
            // `=` may be encoded, and is.
            Some("a=x=y") => assert_eq!(header.as_deref(), Some("a=x%3Dy"), "{id}"),
            Some(expected) => assert_eq!(header.as_deref(), Some(expected), "{id}"),
            None => assert!(header.is_none_or(|header| header.len() <= 8192), "{id}"),
        }
    }
}

/// A context with this baggage, metadata too: from a header in which every byte is encoded.
fn carrying(baggage: &Baggage) -> TraceContext {
    let member = |entry: BaggageEntry<'_>| {
        let value: String = entry.value().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let metadata = entry.metadata().map_or(String::new(), |metadata| format!(";{metadata}"));
        ("baggage", format!("{}={value}{metadata}", entry.key()))
    };
    prela::extract(&baggage.iter().map(member).collect::<Vec<_>>())
}
