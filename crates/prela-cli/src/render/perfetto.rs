//! A trace as events of Chrome's tracing, which Perfetto's page and others open.
//!
//! A service is a process, and a thread a track. Spans of tasks overlap on a thread, while slices of a track
//! must be nested: what does not fit gets another track of the same thread. Where a child is on
//! another track than its parent, an arrow leads there.

use crate::otlp::value_of;
use crate::query::{Span, Trace, Tree};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// An object of Chrome's trace event format. Times are microseconds from the trace's start.
///
/// Source: [Trace Event Format](https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU).
pub fn perfetto(trace: &Trace) -> Value {
    let begin = trace.summary.start_ns;
    let end = begin.saturating_add(trace.summary.duration_ns);
    let mut tracks = Tracks::default();
    let mut events = Vec::new();
    // By start, the longest first, so that a parent is placed before its children.
    let nodes = Tree::of(trace).nodes;
    let mut places = HashMap::new();
    let mut order: Vec<usize> = nodes.iter().map(|node| node.span).collect();
    let last = |span: &Span| span.end_ns.unwrap_or(end).max(span.start_ns);
    order.sort_by_key(|at| {
        let span = &trace.spans[*at];
        (span.start_ns, std::cmp::Reverse(last(span)))
    });
    for at in order {
        let span = &trace.spans[at];
        let (process, track) = tracks.place(span, last(span));
        places.insert(at, (process, track));
        let mut args: Map<String, Value> =
            span.message.attributes.iter().map(|it| (it.key.clone(), value_of(it))).collect();
        if span.is_error() {
            args.insert("error".to_owned(), span.status_message().into());
        }
        events.push(json!({
            "ph": "X", "name": span.name(), "cat": span.operation.as_deref().unwrap_or("span"),
            "pid": process, "tid": track, "ts": micros(span.start_ns.saturating_sub(begin)),
            "dur": micros(last(span).saturating_sub(span.start_ns)), "args": args,
        }));
        for event in &span.message.events {
            let time = i64::try_from(event.time_unix_nano).unwrap_or(i64::MAX);
            let args: Map<String, Value> =
                event.attributes.iter().map(|it| (it.key.clone(), value_of(it))).collect();
            events.push(json!({
                "ph": "i", "s": "t", "name": event.name, "pid": process, "tid": track,
                "ts": micros(time.saturating_sub(begin)), "args": args,
            }));
        }
    }
    for node in &nodes {
        let Some(parent) = node.parent else { continue };
        let (Some(from), Some(to)) = (places.get(&parent), places.get(&node.span)) else {
            continue;
        };
        if from != to {
            let child = &trace.spans[node.span];
            let time = micros(child.start_ns.saturating_sub(begin));
            let end = |phase: &str, (process, track): (usize, usize)| {
                json!({
                    "ph": phase, "bp": "e", "id": child.span_id.to_string(), "name": "child", "cat": "child",
                    "pid": process, "tid": track, "ts": time,
                })
            };
            events.extend([end("s", *from), end("f", *to)]);
        }
    }
    events.extend(tracks.names());
    json!({
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": { "trace_id": trace.summary.trace_id, "start_time_unix_nano": begin.to_string() },
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a trace that takes so long has no use for nanoseconds"
)]
fn micros(ns: i64) -> f64 {
    ns as f64 / 1e3
}

/// The services and threads so far.
#[derive(Default)]
struct Tracks {
    processes: Vec<String>,
    /// Tracks of a thread of a process.
    threads: HashMap<(usize, String), Vec<usize>>,
    tracks: Vec<Track>,
}

struct Track {
    process: usize,
    name: String,
    /// Ends of the slices that are open, the innermost last.
    open: Vec<i64>,
}

impl Tracks {
    /// The process and the track of a span; spans must come in the order of their starts.
    fn place(&mut self, span: &Span, end: i64) -> (usize, usize) {
        let service = span.service();
        let process = self.processes.iter().position(|it| it == service).unwrap_or_else(|| {
            self.processes.push(service.to_owned());
            self.processes.len() - 1
        });
        let thread = span.thread.clone().unwrap_or_else(|| "spans".to_owned());
        let own = self.threads.entry((process, thread.clone())).or_default();
        for track in own.iter() {
            let open = &mut self.tracks[*track].open;
            while open.last().is_some_and(|end| *end <= span.start_ns) {
                open.pop();
            }
            if open.last().is_none_or(|outer| end <= *outer) {
                open.push(end);
                return (process + 1, *track + 1);
            }
        }
        own.push(self.tracks.len());
        let name = match own.len() {
            1 => thread,
            more => format!("{thread} ({more})"),
        };
        self.tracks.push(Track { process, name, open: vec![end] });
        (process + 1, self.tracks.len())
    }

    fn names(&self) -> impl Iterator<Item = Value> {
        let name = |what: &str, process: usize, track: usize, name: &str| json!({ "ph": "M", "name": what, "pid": process + 1, "tid": track, "args": { "name": name } });
        let processes = self.processes.iter().enumerate();
        let processes = processes.map(move |(at, service)| {
            let service = if service.is_empty() { "no service.name" } else { service };
            name("process_name", at, 0, service)
        });
        let tracks = self.tracks.iter().enumerate();
        processes
            .chain(tracks.map(move |(at, it)| name("thread_name", it.process, at + 1, &it.name)))
    }
}
