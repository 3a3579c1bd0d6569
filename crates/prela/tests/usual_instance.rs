//! An instance with the usual clock and ids, and the only one of its process, so that spans of OpenTelemetry's API
//! start in one piece. One test, in a process of its own, because no other may make an instance.

use opentelemetry::trace::{
    Event, Link, Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, TraceFlags,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use prela::export::MemoryExporter;
use prela::span::{SpanData, SpanLimits};
use prela::{SpanId, TraceId};
use std::time::{Duration, SystemTime};

#[test]
fn spans_of_the_opentelemetry_api_are_complete_and_in_their_places() {
    let memory = MemoryExporter::new();
    let limits = SpanLimits { attribute_value_length: Some(20), ..SpanLimits::default() };
    let builder = prela::builder().service_name("usual").exporter(memory.clone());
    let prela = builder.span_limits(limits).build().unwrap();
    let tracer = prela.provider().tracer("library");
    let start = |name: &'static str, cx: &Context| {
        cx.with_span(tracer.span_builder(name).start_with_context(&tracer, cx))
    };

    let root = start("root", &Context::new());
    let first = start("first", &root);
    let nested = start("nested", &first);
    let second = start("second", &root);
    // Below a span that is neither the last one nor open any more, and on another thread.
    first.span().end();
    let late = start("late", &first);
    let elsewhere = std::thread::scope(|it| it.spawn(|| start("elsewhere", &second)).join());
    drop((nested, late, elsewhere));

    let remote = SpanContext::new(
        TraceId::from(7),
        SpanId::from(8),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    drop(start("served", &Context::new().with_remote_span_context(remote.clone())));

    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let mut full = tracer
        .span_builder("full")
        .with_kind(SpanKind::Client)
        .with_start_time(at(1))
        .with_attributes([
            KeyValue::new("text", "short".to_owned()),
            KeyValue::new("long", "longer than twenty characters"),
            KeyValue::new("list", Value::Array(vec![1_i64, 2].into())),
            KeyValue::new("text", "again"),
            KeyValue::new("truth", true),
        ])
        .with_links(vec![Link::with_context(remote.clone())])
        .with_events(vec![Event::new("began", at(2), vec![KeyValue::new("part", 0.5)], 0)])
        .start_with_context(&tracer, &root);
    full.set_attribute(KeyValue::new("whole", 1));
    let full = root.with_span(full);
    let handle = prela::TraceContext::from(full.clone()).run(prela::current_span).unwrap();
    full.span().set_attribute(KeyValue::new("shared", 2));
    handle.set_attribute("handle", 3);
    full.span().set_status(Status::Unset);
    full.span().set_status(Status::error("failed"));
    full.span().end_with_timestamp(at(3));
    full.span().end_with_timestamp(at(4));
    full.span().set_attribute(KeyValue::new("too", "late"));
    assert!(!handle.is_recording());
    drop((full, handle, second, first, root));

    prela.flush(Duration::from_secs(10)).unwrap();
    let spans = memory.spans();
    let find = |name: &str| spans.iter().find(|it| it.name == name).unwrap();
    let parent_of = |it: &SpanData| {
        spans.iter().find(|other| Some(other.span_context.span_id()) == it.parent_span_id)
    };
    let mut places: Vec<_> =
        spans.iter().map(|it| (&*it.name, parent_of(it).map(|parent| &*parent.name))).collect();
    places.sort_unstable();
    let expected = [
        ("elsewhere", Some("second")),
        ("first", Some("root")),
        ("full", Some("root")),
        ("late", Some("first")),
        ("nested", Some("first")),
        ("root", None),
        ("second", Some("root")),
        ("served", None),
    ];
    assert_eq!(places, expected);
    assert_eq!(find("served").parent_span_id, Some(remote.span_id()));
    assert_eq!(find("served").span_context.trace_id(), remote.trace_id());

    let full = find("full");
    let attributes: Vec<_> =
        full.attributes.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let expected: [(_, &prela::Value); 7] = [
        ("text", &"again".into()),
        ("long", &"longer than twenty c".into()),
        ("list", &vec![1, 2].into()),
        ("truth", &true.into()),
        ("whole", &1.into()),
        ("shared", &2.into()),
        ("handle", &3.into()),
    ];
    assert_eq!(attributes, expected);
    assert_eq!(
        (full.kind.clone(), full.start_time, full.end_time),
        (SpanKind::Client, at(1), at(3))
    );
    assert_eq!(full.status, Status::error("failed"));
    assert_eq!((full.links.len(), full.events.len(), full.events[0].time), (1, 1, at(2)));
    assert_eq!(prela.stats().ended, 8);
}
