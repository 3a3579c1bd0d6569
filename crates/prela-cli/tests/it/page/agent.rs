//! An agent's run with one of everything that the page shows.

use crate::requests::{START, failed, pair, span, text};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use serde_json::json;

/// Milliseconds after the trace's start.
fn at(milliseconds: u64, trace: u64) -> u64 {
    START + trace * 1_000_000_000 + milliseconds * 1_000_000
}

/// A span with a name, its time in milliseconds, and attributes.
pub(super) fn step(
    (trace, number, parent): (u64, u64, u64),
    name: &str,
    (start, end): (u64, u64),
    attributes: Vec<KeyValue>,
) -> Span {
    Span {
        name: name.to_owned(),
        start_time_unix_nano: at(start, trace),
        end_time_unix_nano: at(end, trace),
        attributes,
        ..span(trace, number, parent)
    }
}

fn number(key: &str, number: i64) -> KeyValue {
    pair(key, Value::IntValue(number))
}

/// The thread it began on.
fn thread(id: i64, name: &str) -> [KeyValue; 2] {
    [number("thread.id", id), text("thread.name", name)]
}

fn said(role: &str, content: &str) -> serde_json::Value {
    json!({ "role": role, "parts": [{ "type": "text", "content": content }] })
}

/// 2.2 s of a trace: two model calls, a tool that failed, a search, and a span whose parent is missing.
pub(super) fn run(trace: u64, answer: &str) -> Vec<Span> {
    let mut agent = step((trace, 1, 0), "invoke_agent guide", (0, 2_200), Vec::new());
    agent.attributes = vec![
        text("gen_ai.operation.name", "invoke_agent"),
        text("session.id", "session-7"),
        text("user.id", "ada"),
        text("baggage.tenant", "acme"),
    ];
    agent.attributes.extend(thread(1, "main"));

    let mut first = step((trace, 2, 1), "chat big-model", (10, 900), Vec::new());
    let call = json!({ "type": "tool_call", "id": "call_1", "name": "book_table", "arguments": { "guests": 2 } });
    first.attributes = vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.request.model", "big-model"),
        number("gen_ai.usage.input_tokens", 1_200),
        number("gen_ai.usage.output_tokens", 30),
        pair("llm.cost.total", Value::DoubleValue(0.0125)),
        text("gen_ai.system_instructions", r#"[{"type":"text","content":"Be brief."}]"#),
        text(
            "gen_ai.input.messages",
            &json!([said("user", "Where do we eat in Lisbon?")]).to_string(),
        ),
        text(
            "gen_ai.output.messages",
            &json!([{ "role": "assistant", "parts": [call], "finish_reason": "tool_call" }])
                .to_string(),
        ),
    ];
    first.attributes.extend(thread(1, "main"));
    first.events = vec![event("first_token", at(400, trace), vec![text("token", "We")])];

    let mut tool = failed(
        step((trace, 3, 1), "execute_tool book_table", (910, 1_300), Vec::new()),
        "closed on Mondays",
    );
    tool.attributes = vec![
        text("gen_ai.operation.name", "execute_tool"),
        text("gen_ai.tool.name", "book_table"),
        text("gen_ai.tool.call.arguments", r#"{"guests":2,"at":"20:00"}"#),
    ];
    tool.attributes.extend(thread(2, "worker-1"));
    let stack = "   0: tools::book\n             at ./src/tools.rs:41:9\n   1: main";
    tool.events = vec![event(
        "exception",
        at(1_290, trace),
        vec![
            text("exception.type", "tools::Closed"),
            text("exception.message", "closed on Mondays"),
            text("exception.stacktrace", stack),
        ],
    )];

    let mut search = step((trace, 4, 1), "retrieval guides", (915, 1_100), Vec::new());
    let found = json!([
        { "id": "guide-7", "score": 0.91, "content": "Lisbon is hilly." },
        { "id": "guide-9", "score": 0.25, "content": "Porto has bridges." },
    ]);
    search.attributes = vec![
        text("gen_ai.operation.name", "retrieval"),
        text("gen_ai.retrieval.documents", &found.to_string()),
    ];
    search.attributes.extend(thread(3, "worker-2"));
    search.links = vec![Link {
        trace_id: first.trace_id.clone(),
        span_id: first.span_id.clone(),
        ..Link::default()
    }];

    let mut second = step((trace, 5, 1), "chat big-model", (1_400, 2_150), Vec::new());
    second.attributes = vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.request.model", "big-model"),
        number("gen_ai.usage.input_tokens", 1_800),
        number("gen_ai.usage.output_tokens", 60),
        pair("llm.cost.total", Value::DoubleValue(0.0175)),
        text("gen_ai.output.messages", &json!([said("assistant", answer)]).to_string()),
    ];
    second.attributes.extend(thread(1, "main"));

    let mut lost = step((trace, 6, 99), "save_answer", (2_155, 2_190), Vec::new());
    lost.attributes.extend(thread(3, "worker-2"));
    vec![agent, first, tool, search, second, lost]
}

fn event(name: &str, time: u64, attributes: Vec<KeyValue>) -> Event {
    Event { name: name.to_owned(), time_unix_nano: time, attributes, ..Event::default() }
}
