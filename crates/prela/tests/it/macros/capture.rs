//! Arguments and results as content, under the same switch as that of typed spans.

use futures_util::stream::{self, Stream, StreamExt as _};
use prela::span::SpanData;
use prela::testing::Capture;
use std::future::Future;
use std::sync::Arc;

fn text(span: &SpanData, key: &str) -> Option<String> {
    span.attribute(key).map(ToString::to_string)
}

fn with_content() -> Capture {
    Capture::with(|builder| builder.capture_content(true))
}

#[derive(Debug)]
struct Point {
    #[expect(dead_code, reason = "read by `Debug`")]
    x: i32,
}

/// Has no text at all.
struct Opaque;

/// Panics when it is looked at.
struct Angry;

impl std::fmt::Debug for Angry {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("do not look at me")
    }
}

#[prela::trace(span_type = "tool", capture)]
fn weather(
    city: &str,
    days: u32,
    tags: Vec<String>,
    at: Point,
    _opaque: Opaque,
    _angry: Angry,
) -> String {
    format!("{city}: {days} days, {}", tags.len())
}

#[test]
fn a_tool_has_its_arguments_and_its_result() {
    let capture = with_content();
    capture.run(|| weather("Lisbon", 3, vec!["a".into()], Point { x: 1 }, Opaque, Angry));
    let span = &capture.spans()[0];
    assert_eq!(span.name, "weather");
    let arguments = r#"{"at":"Point { x: 1 }","city":"Lisbon","days":3,"tags":["a"]}"#;
    for (key, value) in [
        ("gen_ai.tool.name", "weather"),
        ("tool.name", "weather"),
        ("gen_ai.tool.call.arguments", arguments),
        ("input.value", arguments),
        ("gen_ai.tool.call.result", "Lisbon: 3 days, 1"),
        ("output.value", "Lisbon: 3 days, 1"),
    ] {
        assert_eq!(text(span, key).as_deref(), Some(value), "{key}");
    }
}

/// Calls the same function as above, whose arguments must not be recorded.
#[test]
fn without_content_it_has_its_name() {
    let capture = Capture::new();
    capture.run(|| weather("Lisbon", 3, Vec::new(), Point { x: 1 }, Opaque, Angry));
    let span = &capture.spans()[0];
    assert_eq!(text(span, "tool.name").as_deref(), Some("weather"));
    assert!(!format!("{span:?}").contains("Lisbon"));
}

#[prela::trace(span_type = "tool", capture, err)]
fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
    text.parse()
}

#[prela::trace(span_type = "tool", capture)]
fn debugged(_n: u8) -> Result<Point, Opaque> {
    Ok(Point { x: 2 })
}

#[prela::trace(span_type = "tool", capture)]
fn option(n: u8) -> Option<u8> {
    n.checked_sub(1)
}

#[prela::trace(span_type = "tool", capture)]
fn opaque() -> Opaque {
    Opaque
}

#[prela::trace(span_type = "tool", capture)]
fn nothing(_n: u8) {}

#[prela::trace(span_type = "tool", capture)]
fn generic<T>(value: T, _shown: impl std::fmt::Debug) -> T {
    value
}

#[prela::trace(span_type = "tool", capture, skip(token))]
fn skipped(query: &str, token: &str) -> usize {
    query.len() + token.len()
}

#[prela::trace(span_type = "tool", capture, skip_all)]
fn all_skipped(token: &str) -> usize {
    token.len()
}

#[prela::trace(span_type = "tool", name = "finder", capture)]
fn renamed((a, b): (u8, u8)) -> u8 {
    a + b
}

#[prela::trace(span_type = "agent", capture)]
fn agent(question: &str) -> String {
    // Whose tool this is.
    let found = option(1);
    format!("{question} {found:?}")
}

#[prela::trace(capture)]
fn custom(n: u8) -> u8 {
    n
}

#[prela::trace(span_type = "tool", capture)]
async fn later(n: u8) -> Result<u8, String> {
    Ok(n + 1)
}

#[prela::trace(span_type = "tool", capture)]
fn future(n: u8) -> impl Future<Output = u8> {
    async move { n + 1 }
}

#[prela::trace(span_type = "tool", capture)]
fn numbers(n: u8) -> impl Stream<Item = u8> {
    stream::iter(0..n)
}

struct Desk;

impl Desk {
    #[prela::trace(span_type = "tool", capture)]
    fn open(&self, at: u8) -> u8 {
        let Self = self;
        at
    }
}

#[tokio::test]
async fn whatever_a_function_takes_and_returns() {
    type Case = (&'static str, fn(), Option<&'static str>, Option<&'static str>);
    let cases: [Case; 12] = [
        ("parse", || _ = parse("12"), Some(r#"{"text":"12"}"#), Some("12")),
        ("parse", || _ = parse("x"), Some(r#"{"text":"x"}"#), None),
        ("debugged", || _ = debugged(1), Some(r#"{"_n":1}"#), Some("Point { x: 2 }")),
        ("option", || _ = option(0), Some(r#"{"n":0}"#), Some("null")),
        ("opaque", || _ = opaque(), Some("{}"), None),
        ("nothing", || nothing(1), Some(r#"{"_n":1}"#), None),
        ("generic", || _ = generic(Opaque, 5), Some(r#"{"_shown":"5"}"#), None),
        ("skipped", || _ = skipped("q", "hunter2"), Some(r#"{"query":"q"}"#), Some("8")),
        ("all_skipped", || _ = all_skipped("hunter2"), None, Some("7")),
        ("finder", || _ = renamed((1, 2)), Some(r#"{"a":1,"b":2}"#), Some("3")),
        ("open", || _ = Desk.open(7), Some(r#"{"at":7}"#), Some("7")),
        ("numbers", || _ = numbers(3), Some(r#"{"n":3}"#), None),
    ];
    for (name, call, arguments, result) in cases {
        let capture = with_content();
        capture.run(call);
        let spans = capture.spans();
        let span: &Arc<SpanData> = &spans[0];
        assert_eq!(span.name, name);
        assert_eq!(text(span, "gen_ai.tool.name").as_deref(), Some(name));
        assert_eq!(text(span, "gen_ai.tool.call.arguments").as_deref(), arguments, "{name}");
        assert_eq!(text(span, "gen_ai.tool.call.result").as_deref(), result, "{name}");
        assert!(!format!("{span:?}").contains("hunter2"), "{name}");
        let has = |key: &str| span.attribute(key).is_some();
        assert_eq!(has("input.value"), has("output.value"), "{name}");
    }

    let capture = with_content();
    assert_eq!(capture.bind(async { later(1).await }).await, Ok(2));
    assert_eq!(capture.bind(async { future(1).await }).await, 2);
    assert_eq!(capture.bind(async { numbers(2).count().await }).await, 2);
    for (span, result) in capture.spans().iter().zip([Some("2"), Some("2"), None]) {
        assert!(text(span, "gen_ai.tool.call.arguments").is_some(), "{}", span.name);
        assert_eq!(text(span, "gen_ai.tool.call.result").as_deref(), result, "{}", span.name);
    }
}

#[test]
fn other_types_have_an_input_and_an_output() {
    let capture = with_content();
    capture.run(|| (agent("why?"), custom(1)));
    let [tool, agent, custom] = &capture.spans()[..] else { panic!() };
    assert_eq!(text(tool, "gen_ai.agent.name").as_deref(), Some("agent"));
    assert_eq!(text(agent, "agent.name").as_deref(), Some("agent"));
    assert_eq!(text(agent, "input.value").as_deref(), Some(r#"{"question":"why?"}"#));
    assert_eq!(text(agent, "output.value").as_deref(), Some("why? Some(0)"));
    assert_eq!(text(custom, "input.value").as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(text(custom, "gen_ai.tool.call.arguments"), None);
}
