//! `input`, `output` and `query` on spans without a typed handle, as code sets them that knows no convention.

use super::text;
use prela::genai::ContentCapture;
use prela::span::{Conventions, SpanData, SpanLimits};
use prela::testing::Capture;
use prela::{SpanKind, SpanType, Value, attributes};
use std::sync::Arc;

const READ: [&str; 6] = [
    "input.value",
    "input.mime_type",
    "output.value",
    "output.mime_type",
    "gen_ai.retrieval.query.text",
    "reranker.query",
];

fn read(span: &SpanData) -> [Option<String>; 6] {
    READ.map(|key| text(span, key))
}

fn owned(texts: [&str; 6]) -> [Option<String>; 6] {
    texts.map(|text| (text != "-").then(|| text.to_owned()))
}

/// The only span, which was given these, some to its builder and some while it ran.
fn recorded(
    content: ContentCapture,
    span_type: SpanType,
    early: &[(&'static str, Value)],
    late: &[(&'static str, Value)],
) -> Arc<SpanData> {
    let capture = Capture::with(|builder| builder.capture_content(content));
    let span = capture.tracer().span("plain", span_type).attrs(early.iter().cloned());
    span.in_scope(|span| {
        span.set_attributes(late.iter().cloned());
    });
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    spans[0].clone()
}

#[test]
fn on_a_span_of_any_type_they_are_what_backends_show() {
    let list = Value::from(vec!["x", "y"]);
    for span_type in SpanType::ALL {
        let (early, late) = ([("input", "What?".into())], [("output", list.clone())]);
        let span = recorded(ContentCapture::Spans, span_type, &early, &late);
        let expected = ["What?", "text/plain", r#"["x","y"]"#, "application/json", "-", "-"];
        assert_eq!(read(&span), owned(expected), "{span_type}");
        // They stay by the names that they were given.
        assert_eq!(span.attribute("input"), Some(&"What?".into()));
        assert_eq!(span.attribute("output"), Some(&list));
    }
}

/// An attribute is always recorded as it is; the second copy is content.
#[test]
fn without_content_they_are_what_they_were_set_as() {
    for content in [ContentCapture::Off, ContentCapture::Events] {
        for span_type in SpanType::ALL {
            let given = [("input", 1.into()), ("query", "q".into()), ("output", 2.into())];
            let span = recorded(content, span_type, &given[..1], &given[1..]);
            assert_eq!(read(&span), owned(["-"; 6]), "{content:?} {span_type}");
            assert_eq!(span.attribute("query"), Some(&"q".into()));
        }
    }
}

#[test]
fn each_with_its_type_and_never_one_side_alone() {
    use SpanType::{Agent, Custom, Reranker, Retrieval, Tool};
    let map = Value::Map([("city".into(), "Lisbon".into())].into());
    type Given<'a> = &'a [(&'static str, Value)];
    let rows: &[(SpanType, Given<'_>, [&str; 6])] = &[
        (Tool, &[("input", map)], [r#"{"city":"Lisbon"}"#, "application/json", "", "-", "-", "-"]),
        (Tool, &[("output", true.into())], ["", "-", "true", "application/json", "-", "-"]),
        (Tool, &[("query", "q".into())], ["q", "text/plain", "", "-", "-", "-"]),
        (Retrieval, &[("query", "q".into())], ["q", "text/plain", "", "-", "q", "-"]),
        (Reranker, &[("query", "q".into())], ["q", "text/plain", "", "-", "-", "q"]),
        (
            Retrieval,
            &[("query", "q".into()), ("input", "i".into())],
            ["i", "text/plain", "", "-", "q", "-"],
        ),
        // That of a database, say.
        (Custom, &[("query", "SELECT 1".into())], ["-"; 6]),
        (Agent, &[("inputs", 1.into()), ("question", 2.into())], ["-"; 6]),
        (
            Agent,
            &[("input", 1.into()), ("input", "2".into())],
            ["2", "text/plain", "", "-", "-", "-"],
        ),
    ];
    for (span_type, given, expected) in rows {
        for split in 0..=given.len() {
            let (early, late) = given.split_at(split);
            let span = recorded(ContentCapture::Spans, *span_type, early, late);
            assert_eq!(read(&span), owned(*expected), "{span_type} {given:?}");
        }
    }
}

#[test]
fn what_a_typed_handle_wrote_stays() {
    let capture = Capture::with(|builder| builder.capture_content(true));
    let tracer = capture.tracer();
    tracer.tool("t").arguments("typed").in_scope(|tool| {
        let plain: &prela::Span = tool;
        plain.set_attributes(attributes![("input", "plain"), ("output", "result")]);
    });
    tracer.tool("quiet").capture_content(false).input("typed").in_scope(|tool| {
        let plain: &prela::Span = tool;
        plain.set_attribute("output", "plain");
    });
    let [tool, quiet] = &capture.spans()[..] else { panic!("{}", capture.tree()) };
    let expected = ["typed", "text/plain", "result", "text/plain", "-", "-"];
    assert_eq!(read(tool), owned(expected));
    assert_eq!(read(quiet), owned(["-"; 6]));
}

#[prela::trace(span_type = "agent")]
fn answer(question: &str) -> usize {
    let span = prela::current_span().unwrap();
    span.set_attribute("input", question).set_attribute("output", question.len());
    question.len()
}

/// A list shows the root: that of a request says what its first agent does, as those of a typed agent.
#[test]
fn of_functions_and_of_the_requests_above_them() {
    let capture = Capture::with(|builder| builder.capture_content(true));
    let request = capture.tracer().span("POST /ask", SpanType::Custom).kind(SpanKind::Server);
    let told = capture.tracer().span("POST /tell", SpanType::Custom).kind(SpanKind::Server);
    capture.run(|| {
        request.in_scope(|_| answer("Why?") + answer("How now?"));
        told.in_scope(|_| {
            answer("Why?");
            prela::enrich_root([("input", "all"), ("output", "said")]);
        });
    });
    let spans = capture.spans();
    let of = |name| {
        let span = spans.iter().find(|span| span.name == name);
        read(span.unwrap())
    };
    let first = owned(["Why?", "text/plain", "4", "application/json", "-", "-"]);
    assert_eq!(of("answer"), first);
    assert_eq!(of("POST /ask"), first);
    // What code says of the request itself counts more.
    let told = ["all", "text/plain", "said", "text/plain", "-", "-"];
    assert_eq!(of("POST /tell"), owned(told));
    assert_eq!(spans.iter().filter(|span| span.name == "answer").count(), 3);
}

#[test]
fn limits_and_other_conventions_hold() {
    let limits = SpanLimits { attribute_value_length: Some(4), ..SpanLimits::default() };
    let capture = Capture::with(|builder| {
        let builder = builder.capture_content(true).span_limits(limits);
        builder.conventions(Conventions::TRACELOOP)
    });
    let step = |count: usize| {
        let many = (0..count).map(|n| (format!("k{n}"), n));
        let span = capture.tracer().span("step", SpanType::Chain).attrs(many);
        span.attr("input", "a long text").in_scope(|_| ());
        capture.spans().last().unwrap().clone()
    };
    let span = step(0);
    assert_eq!(text(&span, "input.value").as_deref(), Some("a lo"));
    assert_eq!(text(&span, "traceloop.entity.input").as_deref(), Some("a lo"));
    let full = step(200);
    assert_eq!(full.attributes.len(), 128);
    assert!(full.dropped_attributes_count > 0 && text(&full, "input.value").is_none());
}
