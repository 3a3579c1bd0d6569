//! The real Phoenix: what its API says of the example `tool_agent` is what the agent did.
//!
//! `tests/phoenix/README.md` says how it is installed; where it is not, this test passes over it and says so.

mod process;

use self::process::Phoenix;
use crate::examples::example;
use crate::receiver::{Receiver, Transport};
use serde_json::Value;
use std::collections::BTreeSet;

const QUESTION: &str = "What is Lisbon like today?";
const CONTENT: (&str, &str) = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");

/// Runs the example, unchanged; gives what it prints.
fn answer(endpoint: &str, variables: &[(&str, &str)]) -> String {
    let mut run = example("tool_agent");
    run.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).envs(variables.iter().copied());
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn the_agent_shows_as_what_it_is() {
    let Some(phoenix) = Phoenix::start() else { return };
    let receiver = Receiver::start(Transport::Grpc);
    let said = answer(&receiver.endpoint(), &[]);
    let count = receiver.spans().len();

    assert_eq!(answer(&phoenix.grpc(), &[CONTENT]), said);
    let spans = phoenix.spans("default", count);
    assert_complete(&spans);
    assert_messages(&spans, &said);
    assert_session(&phoenix, "default", &spans);
    // In the list of traces, too.
    let shown = phoenix.shown("default");
    let root = shown.iter().find(|it| it["spanKind"] == "agent").expect("the agent");
    assert_eq!(
        (&root["input"]["value"], &root["output"]["value"]),
        (&QUESTION.into(), &said.into())
    );
    let kinds = shown.iter().map(|it| it["spanKind"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert!(kinds.is_superset(&["agent", "llm", "tool", "retriever"].into()), "{kinds:?}");

    // Over HTTP, and with nothing of what was said.
    let quiet = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_RESOURCE_ATTRIBUTES", "openinference.project.name=quiet"),
    ];
    answer(&phoenix.http(), &quiet);
    let spans = phoenix.spans("quiet", count);
    assert_complete(&spans);
    // Phoenix leaves the session with its first project.
    assert_of_session(&spans);
    let text = Value::from(spans).to_string();
    for word in [QUESTION, "21 degrees", "is hilly", "input.value", "llm.input_messages"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

fn text<'a>(span: &'a Value, key: &str) -> &'a str {
    span["attributes"][key].as_str().unwrap_or_default()
}

fn of_kind<'a>(spans: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let mut found: Vec<_> = spans.iter().filter(|it| it["span_kind"] == kind).collect();
    assert!(!found.is_empty(), "no {kind}: {spans:#?}");
    found.sort_by_key(|it| it["start_time"].to_string());
    found
}

/// Kinds, names, models and tokens, and one tree.
fn assert_complete(spans: &[Value]) {
    let ids: BTreeSet<_> = spans.iter().map(|it| it["context"]["span_id"].to_string()).collect();
    let parent = |span: &Value| span["parent_id"].as_str().map(|it| Value::from(it).to_string());
    let roots: Vec<_> = spans.iter().filter(|it| parent(it).is_none()).collect();
    assert!(spans.iter().filter_map(parent).all(|parent| ids.contains(&parent)));
    let [root] = roots[..] else { panic!("one root: {roots:#?}") };
    assert_eq!((&root["span_kind"], text(root, "agent.name")), (&"AGENT".into(), "travel desk"));
    for (start, kind) in [
        ("invoke_agent ", "AGENT"),
        ("chat ", "LLM"),
        ("execute_tool ", "TOOL"),
        ("retrieval ", "RETRIEVER"),
    ] {
        let is_it = |span: &Value| span["name"].as_str().unwrap().starts_with(start);
        assert!(spans.iter().all(|it| is_it(it) == (it["span_kind"] == kind)), "{spans:#?}");
        assert!(spans.iter().any(is_it), "{start}: {spans:#?}");
    }
    for call in of_kind(spans, "LLM") {
        assert!(!text(call, "llm.model_name").is_empty(), "{call:#}");
        assert!(!text(call, "llm.system").is_empty(), "{call:#}");
        assert!(tokens(call, "prompt") > 0 && tokens(call, "completion") > 0, "{call:#}");
        let both = tokens(call, "prompt") + tokens(call, "completion");
        assert_eq!(tokens(call, "total"), both, "{call:#}");
    }
    for tool in of_kind(spans, "TOOL") {
        let name = tool["name"].as_str().unwrap().strip_prefix("execute_tool ");
        assert_eq!(Some(text(tool, "tool.name")), name, "{tool:#}");
        assert!(!text(tool, "tool.id").is_empty(), "{tool:#}");
    }
}

fn tokens(call: &Value, kind: &str) -> i64 {
    call["attributes"][format!("llm.token_count.{kind}")].as_i64().unwrap_or_default()
}

fn assert_messages(spans: &[Value], said: &str) {
    let calls = of_kind(spans, "LLM");
    let (first, last) = (calls[0], calls[calls.len() - 1]);
    assert_eq!(text(first, "llm.input_messages.0.message.role"), "user");
    assert_eq!(text(first, "llm.input_messages.0.message.content"), QUESTION);
    let asked = "llm.output_messages.0.message.tool_calls.0.tool_call.function";
    assert_eq!(text(first, &format!("{asked}.name")), "weather");
    assert!(text(first, &format!("{asked}.arguments")).contains("Lisbon"), "{first:#}");
    assert_eq!(text(last, "llm.output_messages.0.message.role"), "assistant");
    assert_eq!(text(last, "llm.output_messages.0.message.content"), said);
    for tool in of_kind(spans, "TOOL") {
        assert!(text(tool, "input.value").contains("Lisbon"), "{tool:#}");
        assert!(said.contains(text(tool, "output.value")), "{tool:#}");
    }
    for search in of_kind(spans, "RETRIEVER") {
        assert!(text(search, "input.value").contains("Lisbon"), "{search:#}");
        assert_eq!(text(search, "retrieval.documents.0.document.id"), "guide-7", "{search:#}");
    }
}

fn assert_of_session(spans: &[Value]) {
    for span in spans {
        assert_eq!(text(span, "session.id"), "session_abc123", "{span:#}");
        assert_eq!(text(span, "user.id"), "user_123", "{span:#}");
    }
}

fn assert_session(phoenix: &Phoenix, project: &str, spans: &[Value]) {
    assert_of_session(spans);
    let sum = |kind| of_kind(spans, "LLM").into_iter().map(|call| tokens(call, kind)).sum::<i64>();
    let session = phoenix.session(project, |session| {
        session["token_count_prompt"] == sum("prompt")
            && session["token_count_completion"] == sum("completion")
    });
    assert_eq!(session["session_id"], "session_abc123");
    assert_eq!(session["traces"].as_array().map(Vec::len), Some(1));
}
