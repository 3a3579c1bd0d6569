//! A trace in columns, which are small even for a hundred thousand spans; and all of one span.

use crate::doctor::Finding;
use crate::otlp::attribute;
use crate::query::{Link, Span, Trace, Tree};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// A trace's spans from the top of the tree to its bottom, with a list for each property. A text is its
/// place in the list `texts`, or -1 if there is none. Times are nanoseconds since `start_time_unix_nano`
/// of the summary; a duration is -1 if the span has no end.
pub fn columns(trace: &Trace) -> serde_json::Value {
    let nodes = Tree::of(trace).nodes;
    let mut places = vec![0_usize; trace.spans.len()];
    nodes.iter().enumerate().for_each(|(at, node)| places[node.span] = at);
    let mut texts = Texts::default();
    let mut columns = Columns::default();
    for (at, node) in nodes.iter().enumerate() {
        let span = &trace.spans[node.span];
        columns.id.push(span.span_id.to_string());
        columns.parent.push(node.parent.map_or(-1, |parent| index(places[parent])));
        match node.link {
            Link::Orphan => columns.orphans.push(at),
            Link::Circle => columns.circles.push(at),
            Link::Root | Link::Child => {}
        }
        if span.is_unfinished {
            columns.unfinished.push(at);
        }
        columns.start.push(span.start_ns.saturating_sub(trace.summary.start_ns));
        columns.duration.push(span.duration_ns().unwrap_or(-1));
        columns.name.push(texts.of(Some(span.name())));
        columns.service.push(texts.of(Some(span.service())));
        columns.operation.push(texts.of(span.operation.as_deref()));
        columns.model.push(texts.of(span.model.as_deref()));
        columns.thread.push(texts.of(thread(span).as_deref()));
        columns.task.push(texts.of(task(span).as_deref()));
        columns.kind.push(span.message.kind);
        columns.input.push(span.input_tokens);
        columns.output.push(span.output_tokens);
        columns.cost.push(span.cost_nusd);
        if span.is_error() {
            columns.errors.push((at, span.status_message().chars().take(LINE).collect()));
        }
        if !span.message.events.is_empty() {
            let events = span.message.events.iter().take(EVENTS);
            let times = events.map(|event| {
                let time = i64::try_from(event.time_unix_nano).unwrap_or(i64::MAX);
                time.saturating_sub(trace.summary.start_ns)
            });
            columns.events.push((at, times.collect()));
        }
    }
    json!({ "summary": trace.summary, "texts": texts.list, "columns": columns, "logs": trace.logs.len() })
}

/// A finding, with its times as in [`columns`].
pub fn finding(trace: &Trace, finding: &Finding) -> serde_json::Value {
    let mut object = json!(finding);
    object["start"] = finding.start_ns.saturating_sub(trace.summary.start_ns).into();
    let duration = finding.end_ns.map_or(-1, |end| end.saturating_sub(finding.start_ns));
    object["duration"] = duration.into();
    object
}

#[derive(Default, Serialize)]
struct Columns {
    id: Vec<String>,
    parent: Vec<i64>,
    start: Vec<i64>,
    duration: Vec<i64>,
    name: Vec<i64>,
    service: Vec<i64>,
    operation: Vec<i64>,
    model: Vec<i64>,
    thread: Vec<i64>,
    task: Vec<i64>,
    kind: Vec<i32>,
    input: Vec<u64>,
    output: Vec<u64>,
    cost: Vec<u64>,
    /// From here on, only the places of the spans concerned, since these are few.
    orphans: Vec<usize>,
    circles: Vec<usize>,
    /// Without an end, and not heard of for a while.
    unfinished: Vec<usize>,
    errors: Vec<(usize, String)>,
    events: Vec<(usize, Vec<i64>)>,
}

/// Each text once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    places: HashMap<String, i64>,
}

impl Texts {
    fn of(&mut self, text: Option<&str>) -> i64 {
        let Some(text) = text else { return -1 };
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = index(self.list.len());
        self.list.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }
}

/// The thread it began on: its name, with its number where several have the same.
fn thread(span: &Span) -> Option<String> {
    let number = number(span, "thread.id");
    match (&span.thread, number) {
        (Some(name), Some(number)) if *name != number => Some(format!("{name} · {number}")),
        (Some(name), _) => Some(name.clone()),
        (None, number) => number,
    }
}

/// The task of an async runtime that it began in.
fn task(span: &Span) -> Option<String> {
    TASK.iter().find_map(|key| match attribute(&span.message.attributes, key)? {
        Value::StringValue(text) => Some(text.clone()),
        _ => number(span, key),
    })
}

fn number(span: &Span, key: &str) -> Option<String> {
    match span.attribute(key)? {
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn index(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(-1)
}

const TASK: [&str; 4] = ["prela.task.id", "tokio.task.id", "task.id", "asyncio.task.name"];
/// Characters of an error's message; the rest is shown with the span.
const LINE: usize = 200;
/// Events of one span that are marked on its bar.
const EVENTS: usize = 50;

/// A part of a trace as OTLP's JSON, with `facts`: the store's columns of each span, by its id.
pub fn details(part: &Trace) -> Json {
    let mut object = part.otlp_json();
    let columns = part.spans.iter().map(|span| {
        let facts = json!({
            "operation": span.operation,
            "model": span.model,
            "thread": span.thread,
            "input": span.input_tokens,
            "output": span.output_tokens,
            "cost": span.cost_nusd,
        });
        (span.span_id.to_string(), facts)
    });
    object["facts"] = columns.collect();
    object
}
