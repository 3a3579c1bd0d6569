//! Limits of one span.

use prela::retry::RetryPolicy;
use prela::sampling::Rule;
use prela::span::SpanLimits;
use prela::testing::Capture;
use prela::{Builder, RequestId, Sampler, Session, SpanType, Value};
use std::time::Duration;

fn limited(limits: SpanLimits) -> Capture {
    Capture::with(|builder| builder.span_limits(limits))
}

#[test]
fn attributes_over_the_limit_are_counted() {
    // The type takes one of them.
    let capture = limited(SpanLimits { attributes: 3, ..SpanLimits::default() });
    capture.tracer().span_default("work").in_scope(|span| {
        span.set_attributes([("a", 1), ("b", 2), ("c", 3), ("d", 4)]);
        span.set_attribute("a", 10);
    });
    assert_eq!(capture.tree(), "work  custom {a: 10, b: 2}\n");
    assert_eq!(capture.spans()[0].dropped_attributes_count, 2);
}

#[test]
fn long_values_are_cut_at_a_character() {
    let capture = limited(SpanLimits { attribute_value_length: Some(6), ..SpanLimits::default() });
    capture.tracer().span_default("work").in_scope(|span| {
        span.set_attribute("text", "äöüäöüäöü");
        span.set_attribute("short", "äöü");
        span.set_attribute("bytes", vec![1_u8; 10]);
        span.set_attribute("list", vec!["longer than six".to_owned()]);
        span.set_attribute("map", Value::map([("k", "longer than six")]));
        span.set_attribute("number", 1_234_567_890);
        span.add_event("event", [("text", "longer than six")]);
    });
    let expected = "work  custom {text: äöüäöü, short: äöü, bytes: 0x010101010101, list: [\"longer\"], \
                    map: {k: \"longer\"}, number: 1234567890}\n  • event {text: longer}\n";
    assert_eq!(capture.tree(), expected);
    let span_type = capture.spans()[0].attribute("prela.span.type").cloned();
    assert_eq!(span_type, Some("custom".into()));
}

#[test]
fn an_attribute_without_a_key_is_counted() {
    let capture = Capture::new();
    capture.tracer().span_default("work").attr("", 1).in_scope(|span| {
        span.set_attribute("", 2).set_attribute("a", 3);
    });
    assert_eq!(capture.tree(), "work  custom {a: 3}\n");
    assert_eq!(capture.spans()[0].dropped_attributes_count, 2);
}

#[test]
fn deep_values_are_cut() {
    let capture = Capture::new();
    let nested = |depth| (0..depth).fold(Value::from("in"), |value, _| Value::Array(vec![value]));
    capture.tracer().span_default("work").in_scope(|span| {
        span.set_attribute("fits", nested(30));
        span.set_attribute("deep", nested(2_000));
        span.set_attribute(
            "map",
            (0..40).fold(Value::I64(1), |value, _| Value::map([("k", value)])),
        );
        span.add_event("event", [("deep", nested(31))]);
    });
    let span = &capture.spans()[0];
    assert_eq!(span.attribute("fits"), Some(&nested(30)));
    let text = |text: &str| format!("{}{text}{}", "[".repeat(30), "]".repeat(30));
    assert_eq!(span.attribute("deep").unwrap().to_string(), text("\"…\""));
    assert!(
        span.attribute("map").unwrap().to_string().ends_with(&format!("\"…\"{}", "}".repeat(30)))
    );
    assert_eq!(span.events[0].attributes[0].1.to_string(), text("\"…\""));
}

#[test]
fn events_and_links_over_the_limit_are_counted() {
    let capture = limited(SpanLimits {
        events: 2,
        links: 1,
        attributes_per_event: 1,
        ..SpanLimits::default()
    });
    let tracer = capture.tracer();
    let others: Vec<_> = (0..3).map(|_| tracer.span_default("other").start()).collect();
    tracer.span_default("work").in_scope(|span| {
        for n in 0..5 {
            span.add_event("event", [("a", n), ("b", n), ("a", 7)]);
        }
        for other in &others {
            span.add_link(&other.context());
        }
    });
    let span = capture.spans()[0].clone();
    assert_eq!((span.events.len(), span.dropped_events_count), (2, 3));
    assert_eq!((span.links.len(), span.dropped_links_count), (1, 2));
    assert_eq!(span.events[0].attributes, [("a".into(), Value::from(7))]);
    assert_eq!(span.events[0].dropped_attributes_count, 1);
}

#[test]
fn a_limit_of_nothing_keeps_the_span() {
    let capture = limited(SpanLimits {
        attributes: 0,
        attribute_value_length: Some(0),
        events: 0,
        links: 0,
        attributes_per_event: 0,
        attributes_per_link: 0,
    });
    capture.tracer().span_default("work").attr("a", 1).in_scope(|span| {
        span.record_error("gone");
    });
    let span = capture.spans()[0].clone();
    assert_eq!(span.attributes, []);
    assert_eq!((span.dropped_attributes_count, span.dropped_events_count), (3, 1));
    assert_eq!(span.status, prela::Status::error("gone"));
}

/// What Prela writes to be compared by machines is whole under every limit of lengths.
#[test]
fn identifiers_are_never_cut() {
    fn length(length: usize) -> SpanLimits {
        SpanLimits { attribute_value_length: Some(length), ..SpanLimits::default() }
    }
    let cuts: [fn(Builder) -> Builder; 3] = [
        |builder| builder.span_limits(length(0)),
        |builder| builder.span_limits(length(1)),
        |builder| builder.payload_limit(1),
    ];
    for cut in cuts {
        for span_type in SpanType::ALL {
            let capture = Capture::with(cut);
            capture.tracer().span("work", span_type).in_scope(|_| ());
            let span = &capture.spans()[0];
            let is = |key: &str| span.attribute(key).map(ToString::to_string);
            assert_eq!(is("prela.span.type").as_deref(), Some(span_type.as_str()));
            assert_eq!(is("gen_ai.operation.name").as_deref(), span_type.operation_name());
            assert_eq!(is("openinference.span.kind").as_deref(), span_type.openinference_kind());
        }

        let keep = Sampler::rules([Rule::keep("a long rule")], Sampler::always_on());
        let capture = Capture::with(|builder| cut(builder).sampler(keep));
        let session = Session::new("a session").unwrap().user("a user");
        let span = capture.tracer().span_default("work").session(&session);
        let span = span.request_id(RequestId::parse("a-request").unwrap());
        let _ = span.in_scope_result(|_| Err::<(), _>("a long message"));
        capture.run(traced);
        let attempts = RetryPolicy::<&str>::new(1).max_delay(Duration::ZERO);
        let retried = capture.tracer().span_default("retried").retry(&attempts);
        let _ = retried.in_scope_result(|_| Err::<(), _>("a long message"));
        let spans = capture.spans();
        let of = |n: usize, key: &str| spans[n].attribute(key).unwrap().to_string();
        assert_eq!(of(0, "request.id"), "a-request");
        assert_eq!(of(0, "session.id"), "a session");
        assert_eq!(of(0, "user.id"), "a user");
        assert_eq!(of(0, "prela.sampler.rule"), "a long rule");
        assert_eq!(of(0, "error.type"), "&str");
        assert!(of(1, "code.function.name").ends_with("::traced"));
        let retried = spans.len() - 1;
        assert_eq!(of(retried, "retry.attempt_1"), "started");
        assert_eq!(of(retried, "retry.attempt_1_error_type"), "&str");
        assert!(!of(retried, "retry.attempt_1_failed").contains("long"));
        let exception = &spans[0].events[0].attributes;
        let of_event =
            |key: &str| exception.iter().find(|(it, _)| it.as_str() == key).unwrap().1.to_string();
        assert_eq!(of_event("exception.type"), "&str");
        // Text is cut.
        assert!(!of_event("exception.message").contains("long"));
        assert!(!of(0, "session.operation").contains("work"));
    }
}

#[prela::trace]
fn traced() {}
