//! What a span says differently in two traces.

use super::{Change, ContentDiff, Line};
use crate::otlp::{Said, conversation, is_usage, plain, value_of};
use crate::query::Span;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::Value as Json;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

/// A hash of all that a span says, which is equal for spans that say the same.
pub(super) fn fingerprint(span: &Span) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (key, value) in &said(span) {
        (key, value.to_string()).hash(&mut hasher);
    }
    hasher.finish()
}

/// The attributes, and the error, that are not the same in both spans, sorted by their keys.
pub(super) fn differences(a: &Span, b: &Span) -> Vec<ContentDiff> {
    let (a, b) = (said(a), said(b));
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    let differing = keys.filter(|key| a.get(*key) != b.get(*key));
    let mut all: Vec<_> = differing.map(|key| difference(key, a.get(key), b.get(key))).collect();
    all.sort_by(|one, other| one.key.cmp(&other.key));
    all
}

/// All that a span says by the keys of [`ContentDiff::key`], except what differs in each run, and tokens and cost, which
/// [`Side`](super::Side) has.
fn said(span: &Span) -> BTreeMap<String, Json> {
    let mut said = BTreeMap::new();
    let mut add = |place: &str, attributes: &[KeyValue]| {
        let kept =
            attributes.iter().filter(|it| !VARYING.contains(&&*it.key) && !is_usage(&it.key));
        said.extend(kept.map(|pair| (format!("{place}{}", pair.key), lasting(value_of(pair)))));
    };
    add("", &span.message.attributes);
    let mut ordinals: HashMap<&str, usize> = HashMap::new();
    for event in &span.message.events {
        let ordinal = ordinals.entry(&event.name).or_default();
        *ordinal += 1;
        let place = match *ordinal {
            1 => format!("event {}", event.name),
            more => format!("event {} {more}", event.name),
        };
        add(&format!("{place} "), &event.attributes);
    }
    if span.is_error() {
        said.insert("status".to_owned(), span.status_message().into());
    }
    said
}

/// A value without the port of a URL on this machine: a test's server has another one in each run.
fn lasting(value: Json) -> Json {
    let without_port = value.as_str().and_then(|url| {
        let hosts = ["://127.0.0.1:", "://localhost:", "://[::1]:"];
        let (at, host) = hosts.iter().find_map(|host| Some((url.find(host)?, host)))?;
        let (before, port) = url.split_at(at + host.len());
        let is_url = before.bytes().all(|byte| byte.is_ascii_graphic());
        is_url
            .then(|| format!("{before}*{}", port.trim_start_matches(|c: char| c.is_ascii_digit())))
    });
    without_port.map_or(value, Json::from)
}

fn difference(key: &str, a: Option<&Json>, b: Option<&Json>) -> ContentDiff {
    let (a, b) = (a.map(text), b.map(text));
    let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\n'));
    let lines = if is_long(&a) || is_long(&b) {
        lines(a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default())
    } else {
        Vec::new()
    };
    ContentDiff { key: key.to_owned(), a, b, lines }
}

/// A value as text: messages as a conversation, with each speaker on a line above what was said.
fn text(value: &Json) -> String {
    let Some(messages) = conversation(value) else { return plain(value) };
    let message = |Said { role, text }: &Said| {
        let said: Vec<_> = text.lines().map(|line| format!("  {line}")).collect();
        format!("{role}:\n{}", said.join("\n"))
    };
    messages.iter().map(message).collect::<Vec<_>>().join("\n")
}

/// The lines that differ, each with [`AROUND`] lines before and after it.
fn lines(a: &str, b: &str) -> Vec<Line> {
    let (a, b): (Vec<_>, Vec<_>) = (a.lines().collect(), b.lines().collect());
    // After the deadline more lines may be said to differ than do.
    let deadline = Instant::now().checked_add(PATIENCE);
    let parts = capture_diff_slices_deadline(Algorithm::Myers, &a, &b, deadline);
    let mut lines = Vec::new();
    let mut seen = 0;
    for part in group_diff_ops(parts, AROUND).into_iter().flatten() {
        let (of_a, of_b) = (part.old_range(), part.new_range());
        if of_a.start > seen {
            lines.push(Line { change: Change::Same, text: "…".to_owned() });
        }
        seen = of_a.end;
        let line = |change| move |text: &&str| Line { change, text: (*text).to_owned() };
        if let DiffOp::Equal { .. } = part {
            lines.extend(b[of_b].iter().map(line(Change::Same)));
        } else {
            lines.extend(a[of_a].iter().map(line(Change::Removed)));
            lines.extend(b[of_b].iter().map(line(Change::Added)));
        }
    }
    if seen < a.len() {
        lines.push(Line { change: Change::Same, text: "…".to_owned() });
    }
    lines
}

/// Attributes that differ in each run, whatever is done.
const VARYING: [&str; 14] = [
    "client.port",
    "exception.stacktrace",
    "gen_ai.response.id",
    "gen_ai.tool.call.id",
    "net.host.port",
    "net.peer.port",
    "network.local.port",
    "network.peer.port",
    "prela.task.id",
    "process.pid",
    "server.port",
    "thread.id",
    "thread.name",
    "tool.call.id",
];
/// How many lines are shown before and after one that differs.
const AROUND: usize = 2;
/// The time after which differences no longer need to be as few as possible.
const PATIENCE: Duration = Duration::from_millis(200);
