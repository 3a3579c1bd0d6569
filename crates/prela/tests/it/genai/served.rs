//! Agents below a request that came in: lists of traces show the request.

use super::text;
use prela::genai::RootSpan;
use prela::http::ServerLayer;
use prela::testing::Capture;
use prela::{Session, SpanKind, SpanType, Tracer};
use std::convert::Infallible;
use tower::{Layer as _, ServiceExt as _, service_fn};

/// What the root has of this, once `handle` has run below it.
fn of_root(capture: &Capture, handle: impl FnOnce(&Tracer)) -> [Option<String>; 5] {
    let tracer = capture.tracer();
    let root = tracer.span("POST /ask", SpanType::Custom).kind(SpanKind::Server);
    root.in_scope(|_| handle(&tracer));
    let spans = capture.spans();
    let root = spans.iter().find(|span| span.name == "POST /ask").unwrap();
    assert_eq!(root.span_type, SpanType::Custom);
    assert_eq!(text(root, "prela.span.type").as_deref(), Some("custom"));
    ["openinference.span.kind", "input.value", "output.value", "session.id", "user.id"]
        .map(|key| text(root, key))
}

fn owned(texts: [&str; 5]) -> [Option<String>; 5] {
    texts.map(|text| (text != "-").then(|| text.to_owned()))
}

#[test]
fn the_first_agent_says_what_a_request_is_for() {
    let session = Session::new("s1").unwrap().user("u1");
    type Handle = fn(&Tracer, &Session);
    let rows: [(&str, bool, Handle, [&str; 5]); 8] = [
        (
            "an agent",
            false,
            |t, _| {
                t.agent("a").input("q").in_scope(|a| {
                    a.output("x");
                })
            },
            ["AGENT", "-", "-", "-", "-"],
        ),
        (
            "with content",
            true,
            |t, _| {
                t.agent("a").input("q").in_scope(|a| {
                    a.output("x");
                })
            },
            ["AGENT", "q", "x", "-", "-"],
        ),
        (
            "in a session",
            false,
            |t, s| t.agent("a").session(s).in_scope(|_| ()),
            ["AGENT", "-", "-", "s1", "u1"],
        ),
        (
            "plain",
            true,
            |t, _| t.span("a", SpanType::Agent).in_scope(|_| ()),
            ["AGENT", "-", "-", "-", "-"],
        ),
        (
            "two",
            true,
            |t, _| {
                t.agent("a")
                    .input("first")
                    .in_scope(|_| t.agent("below").input("second").in_scope(|_| ()));
                t.agent("b").input("third").in_scope(|_| ());
            },
            ["AGENT", "first", "", "-", "-"],
        ),
        (
            "deep",
            true,
            |t, _| t.span_default("handler").in_scope(|_| t.agent("a").input("q").in_scope(|_| ())),
            ["AGENT", "q", "", "-", "-"],
        ),
        ("no agent", true, |t, _| t.tool("t").input("q").in_scope(|_| ()), ["-"; 5]),
        (
            "by hand",
            true,
            |t, s| {
                t.tool("t").in_scope(|_| {
                    RootSpan::current().session(s).input("q").output("x");
                    prela::enrich_root([("user.id", "u2")]);
                })
            },
            ["-", "q", "x", "s1", "u2"],
        ),
    ];
    for (name, has_content, handle, expected) in &rows {
        let capture = Capture::with(|builder| builder.capture_content(*has_content));
        assert_eq!(
            of_root(&capture, |tracer| handle(tracer, &session)),
            owned(*expected),
            "{name}"
        );
    }
}

#[test]
fn roots_that_are_no_requests_stay_what_they_are() {
    for kind in [SpanKind::Internal, SpanKind::Client, SpanKind::Producer] {
        let capture = Capture::with(|builder| builder.capture_content(true));
        let tracer = capture.tracer();
        tracer.span_default("main").kind(kind.clone()).in_scope(|_| {
            tracer.agent("a").input("q").in_scope(|_| ());
        });
        let root = &capture.spans()[1];
        assert_eq!(text(root, "openinference.span.kind"), None, "{kind:?}");
        assert_eq!(text(root, "input.value"), None, "{kind:?}");
    }
}

#[tokio::test]
async fn a_layer_s_request_is_one() {
    let capture = Capture::new();
    let handler = service_fn(|_: http::Request<String>| async {
        prela::tracer().agent("planner").in_scope(|_| ());
        Ok::<_, Infallible>(http::Response::new(String::new()))
    });
    let service = ServerLayer::new().layer(handler);
    let request = http::Request::post("/ask").body(String::new()).unwrap();
    let response = capture.bind(service.oneshot(request)).await.unwrap();
    drop(response);
    let spans = capture.spans();
    let root = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    assert_eq!(text(root, "openinference.span.kind").as_deref(), Some("AGENT"));
}

/// The session and the user come with the request, as baggage.
#[test]
fn session_and_user_come_by_baggage() {
    let capture = Capture::with(|builder| builder.baggage_to_attributes(["session.id", "user.id"]));
    let caller = prela::extract(&[
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("baggage", "session.id=s1,user.id=u1"),
    ]);
    let tracer = capture.tracer();
    tracer.span_default("POST /ask").kind(SpanKind::Server).parent(&caller).in_scope(|_| {
        tracer.chat("openai", "m").in_scope(|_| ());
    });
    for span in capture.spans() {
        assert_eq!(text(&span, "session.id").as_deref(), Some("s1"), "{}", span.name);
        assert_eq!(text(&span, "user.id").as_deref(), Some("u1"), "{}", span.name);
    }
}
