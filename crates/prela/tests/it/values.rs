//! Attributes of every type.

use expect_test::expect;
use prela::testing::Capture;
use prela::{SpanType, Value};

#[test]
fn p04_values_keep_their_type() {
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
fn p04_the_last_write_wins_and_keeps_its_place() {
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
