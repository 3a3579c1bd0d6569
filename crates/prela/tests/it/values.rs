//! Attributes of every type.

use expect_test::expect;
use prela::testing::Capture;
use prela::{SpanType, Value, attributes};
use std::time::Duration;

#[test]
fn values_keep_their_type() {
    let capture = Capture::new();
    capture.tracer().span("types", SpanType::Custom).in_scope(|span| {
        span.set_attribute("bool", true)
            .set_attribute("i32", -4)
            .set_attribute("u32", 4_u32)
            .set_attribute("usize", 10_usize)
            .set_attribute("too_large", u64::MAX)
            .set_attribute("f64", 0.5)
            .set_attribute("text", "a")
            .set_attribute("owned", "b".to_owned())
            .set_attribute("bytes", vec![0_u8, 255])
            .set_attribute("array", vec![1, 2])
            .set_attribute("texts", ["x", "y"].map(str::to_owned).to_vec())
            .set_attribute("mixed", Value::Array(vec![1.into(), "a".into(), true.into()]))
            .set_attribute(
                "map",
                Value::map([("k", Value::from(1)), ("nested", Value::map([("deep", "v")]))]),
            );
    });
    let spans = capture.spans();
    let value = |key: &str| spans[0].attribute(key).expect("it is set").clone();
    assert_eq!(value("bool"), Value::Bool(true));
    assert_eq!(value("i32"), Value::I64(-4));
    assert_eq!(value("u32"), Value::I64(4));
    assert_eq!(value("usize"), Value::I64(10));
    assert_eq!(value("too_large"), Value::from("18446744073709551615"));
    assert_eq!(value("f64"), Value::F64(0.5));
    assert!(matches!(value("bytes"), Value::Bytes(bytes) if *bytes == [0, 255]));
    expect![[r#"
        types  custom {bool: true, i32: -4, u32: 4, usize: 10, too_large: 18446744073709551615, f64: 0.5, text: a, owned: b, bytes: 0x00ff, array: [1, 2], texts: ["x", "y"], mixed: [1, "a", true], map: {k: 1, nested: {deep: "v"}}}
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn the_last_write_wins_and_keeps_its_place() {
    let capture = Capture::new();
    let builder =
        capture.tracer().span("work", SpanType::Tool).attr("a", 1).attrs([("b", 2), ("a", 3)]);
    builder.in_scope(|span| {
        span.set_attributes([("c", 4), ("b", 5)]).set_attribute("a", "six");
    });
    assert_eq!(capture.tree(), "work  tool {a: six, b: 5, c: 4}\n");
}

#[test]
fn a_type_can_be_overwritten_like_any_attribute() {
    let capture = Capture::new();
    let span = capture
        .tracer()
        .span("chat", SpanType::Llm)
        .attr("gen_ai.operation.name", "text_completion");
    span.in_scope(|_| ());
    let operation = capture.spans()[0].attribute("gen_ai.operation.name").cloned();
    assert_eq!(operation, Some("text_completion".into()));
}

#[test]
fn enrich_writes_to_the_current_span() {
    let capture = Capture::new();
    assert!(!prela::enrich([("lost", 1)]));
    capture.tracer().span("work", SpanType::Tool).in_scope(|_| {
        assert!(prela::enrich([("model", "small"), ("region", "eu")]));
    });
    assert_eq!(capture.tree(), "work  tool {model: small, region: eu}\n");
}

/// open-telemetry/opentelemetry-rust#2795: integers became texts without need.
#[test]
fn every_type_of_the_table_has_its_value() {
    let shared: std::sync::Arc<str> = "shared".into();
    let cases: Vec<(Value, Value)> = vec![
        (Some(3).into(), Value::I64(3)),
        (Some("text").into(), "text".into()),
        (Some("owned".to_owned()).into(), "owned".into()),
        (Some(Some(0.5)).into(), Value::F64(0.5)),
        (None::<u32>.into(), Value::Empty),
        (None::<&str>.into(), Value::Empty),
        (Some(None::<bool>).into(), Value::Empty),
        (Some(vec![1_u8, 2]).into(), Value::from(&[1_u8, 2][..])),
        (vec![Some(1), None].into(), Value::Array(vec![Value::I64(1), Value::Empty])),
        ([None, Some(true)].into(), Value::Array(vec![Value::Empty, Value::Bool(true)])),
        (Duration::ZERO.into(), Value::F64(0.0)),
        (Duration::from_millis(1_500).into(), Value::F64(1.5)),
        (Duration::from_nanos(1).into(), Value::F64(1e-9)),
        (Some(Duration::from_secs(90)).into(), Value::F64(90.0)),
        (Duration::MAX.into(), Value::F64(Duration::MAX.as_secs_f64())),
        (i64::MAX.unsigned_abs().into(), Value::I64(i64::MAX)),
        ((i64::MAX.unsigned_abs() + 1).into(), "9223372036854775808".into()),
        (u64::MAX.into(), "18446744073709551615".into()),
        (Some(u64::MAX).into(), "18446744073709551615".into()),
        (i128::MIN.into(), i128::MIN.to_string().into()),
        (vec![1, u64::MAX].into(), vec![Value::I64(1), u64::MAX.to_string().into()].into()),
        ('é'.into(), "é".into()),
        (Box::<str>::from("boxed").into(), "boxed".into()),
        (shared.into(), "shared".into()),
    ];
    for (given, expected) in cases {
        assert_eq!(given, expected);
    }
}

#[test]
fn no_value_sets_nothing_wherever_it_is_given() {
    let capture = Capture::with(|builder| builder.resource([("none", None::<&str>)]));
    let tracer = capture.tracer();
    let none = None::<i64>;
    let builder = tracer.span("work", SpanType::Tool).attr("a", none).attrs([("b", none)]);
    builder.attr("kept", 1).in_scope(|span| {
        span.set_attribute("c", none).set_attributes([("d", None), ("e", Some(5))]);
        span.set_attribute("kept", none);
        span.add_event("happened", [("f", none), ("g", Some(6))]);
        assert!(prela::enrich([("h", none)]));
        assert!(prela::enrich_root([("i", none)]));
        span.set_attribute("list", vec![Some(1), None]);
        span.set_attribute("map", Value::map([("x", Some(1)), ("y", None)]));
    });
    expect![[r"
        work  tool {kept: 1, e: 5, list: [1, null], map: {x: 1, y: null}}
          • happened {g: 6}
    "]]
    .assert_eq(&capture.tree());
    assert_eq!(capture.spans()[0].dropped_attributes_count, 0);
    // Through OpenTelemetry's API, too, which has no such value.
    let cx = capture.tracer().span("outer", SpanType::Tool).start().context();
    tracer.span("inner", SpanType::Tool).parent(&cx).in_scope(|_| ());
    assert_eq!(opentelemetry::Value::from(Value::Empty).as_str(), "null");
}

#[test]
fn json_is_recorded_as_what_it_is() {
    let json = serde_json::json!({
        "query": "rust", "top_k": 5, "cutoff": 0.5, "exact": false, "after": null,
        "tags": ["a", 1, null, {"deep": true}], "large": u64::MAX, "empty": {},
    });
    let capture = Capture::new();
    capture.tracer().span("call", SpanType::Tool).attr("at_start", json.clone()).in_scope(|span| {
        span.set_attribute("arguments", &json);
        span.set_attribute("null", serde_json::Value::Null);
        span.set_attribute("object", json.as_object().unwrap().clone());
        span.set_attribute("maybe", Some(serde_json::json!([1.0, -1])));
        span.add_event("called", [("with", serde_json::json!("text"))]);
    });
    let text = r#"{after: null, cutoff: 0.5, empty: {}, exact: false, large: "18446744073709551615", query: "rust", tags: ["a", 1, null, {deep: true}], top_k: 5}"#;
    let expected = format!(
        "call  tool {{at_start: {text}, arguments: {text}, object: {text}, maybe: [1, -1]}}\n  • called {{with: text}}\n"
    );
    assert_eq!(capture.tree(), expected);
}

#[test]
fn deep_json_ends_where_receivers_do() {
    let mut json = serde_json::json!("bottom");
    for _ in 0..100 {
        json = serde_json::json!([json]);
    }
    let capture = Capture::new();
    capture.tracer().span("call", SpanType::Tool).in_scope(|span| {
        span.set_attribute("owned", json.clone()).set_attribute("borrowed", &json);
    });
    let expected = format!("{}\"…\"{}", "[".repeat(30), "]".repeat(30));
    for key in ["owned", "borrowed"] {
        assert_eq!(capture.spans()[0].attribute(key).unwrap().to_string(), expected);
    }
}

#[test]
fn attributes_of_several_types_are_one_list() {
    let capture = Capture::new();
    let builder = capture.tracer().span("search", SpanType::Tool);
    builder.attrs(attributes![("a", 1), ("b", "x")]).in_scope(|span| {
        assert!(prela::enrich(attributes![("c", 0.5), ("d", true), ("e", None::<i64>)]));
        span.set_attributes(attributes![("f", Some("y")), (String::from("g"), vec![1, 2],),]);
        span.add_event("hit", attributes![("n", 1_u64), ("who", "me".to_owned())]);
        span.add_event("miss", attributes![]);
        span.set_attribute("map", Value::map(attributes![("n", 1), ("t", "z")]));
    });
    expect![[r#"
        search  tool {a: 1, b: x, c: 0.5, d: true, f: y, g: [1, 2], map: {n: 1, t: "z"}}
          • hit {n: 1, who: me}
          • miss
    "#]]
    .assert_eq(&capture.tree());
}

/// Memory of a long text that was recorded is used again, and two texts never share it.
#[test]
fn long_texts_are_each_their_own() {
    let capture = Capture::new();
    let texts = [200, 256, 300, 2_000, 64 * 1024, 64 * 1024 + 1, 200_000]
        .map(|length| ["a", "b", "ä"].map(|letter| letter.repeat(length)));
    for [a, b, c] in &texts {
        capture.tracer().span_default("work").in_scope(|span| {
            // Leaves memory behind, which the first of those below takes.
            span.set_attribute("left", b.as_str()).set_attribute("owned", b.clone());
            let held = [a, b, c].map(|text| Value::from(text.as_str()));
            let copies = held.clone();
            span.set_attribute("again", c.as_str());
            assert_eq!(held, copies);
            let [first, ..] = held;
            span.set_attribute("first", first);
            span.set_attribute("last", a.as_str());
            assert_eq!(copies.map(|text| text.to_string()), [a, b, c].map(String::clone));
        });
        let spans = capture.spans();
        let span = spans.last().unwrap();
        let keys = ["left", "owned", "again", "first", "last"];
        let found = keys.map(|key| span.attribute(key).unwrap().to_string());
        assert!(found == [b, b, c, a, a].map(String::clone), "{} bytes", a.len());
    }
}
