//! What is taken out of spans before they are queued.

use expect_test::expect;
use prela::Value;
use prela::redact::Redactor;
use prela::testing::Capture;

#[test]
fn what_must_not_leave_is_replaced() {
    let redactor = Redactor::new()
        .everything_known()
        .key("user.name")
        .keys_with("password")
        .rule(|key, _| (key == "plan").then(|| "a plan".into()))
        .rule(|key, _| {
            assert_ne!(key, "odd", "harms nobody");
            None
        });
    let capture = Capture::with(|builder| builder.redact(redactor));
    capture.tracer().span_default("mail anna@example.com").in_scope(|span| {
        span.set_attribute("user.name", "Anna");
        span.set_attribute("db.Password.hash", 5);
        span.set_attribute("plan", "secret");
        span.set_attribute("odd", 1);
        span.set_attribute("header", "Bearer abcdefgh123");
        span.set_attribute("list", vec!["4111 1111 1111 1111", "fine"]);
        span.set_attribute("map", Value::map([("password", "x"), ("to", "a@b.io")]));
        span.add_event("called", [("key", "sk-0123456789abcdefghij")]);
        span.set_status(prela::Status::error("no such user: a@b.io"));
    });
    expect![[r#"
        mail [redacted email]  custom {user.name: [redacted], db.Password.hash: [redacted], plan: a plan, odd: [redacted], header: Bearer [redacted token], list: ["[redacted card]", "fine"], map: {password: "[redacted]", to: "[redacted email]"}} error: no such user: [redacted email]
          • called {key: [redacted key]}
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn long_values_are_cut_and_say_so() {
    let capture = Capture::with(|builder| builder.payload_limit(10));
    capture.tracer().span_default("chat").in_scope(|span| {
        span.set_attribute("short", "0123456789");
        span.set_attribute("prompt", "012345678é0");
        span.set_attribute("bytes", vec![7_u8; 20]);
        span.set_attribute("messages", vec!["a", "0123456789ab"]);
    });
    expect![[r#"
        chat  custom {short: 0123456789, prompt: 012345678… [cut], bytes: 0x07070707070707070707, messages: ["a", "0123456789… [cut]"], prela.original_length.prompt: 12, prela.original_length.bytes: 20, prela.original_length.messages: 13}
    "#]]
    .assert_eq(&capture.tree());
}

#[test]
fn attributes_of_links_are_cut_as_well() {
    use opentelemetry::trace::TraceContextExt as _;
    let capture = Capture::with(|builder| builder.payload_limit(10));
    capture.tracer().span_default("job").in_scope(|span| {
        let text = opentelemetry::KeyValue::new("text", "0123456789ab");
        let cx = opentelemetry::Context::current();
        cx.span().add_link(span.span_context(), vec![text]);
    });
    let link = &capture.spans()[0].links[0];
    assert_eq!(link.attributes[0].1, "0123456789… [cut]".into());
}

/// A secret at the place of the cut is found before.
#[test]
fn secrets_are_found_before_the_cut() {
    let capture =
        Capture::with(|builder| builder.payload_limit(20).redact(Redactor::new().emails()));
    let text = "write to anna.b@example.com or not";
    capture.tracer().span_default("chat").attr("text", text).in_scope(|_| ());
    let span = &capture.spans()[0];
    assert_eq!(span.attribute("text"), Some(&"write to [redacted e… [cut]".into()));
}
