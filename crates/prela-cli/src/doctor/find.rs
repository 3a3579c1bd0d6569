//! Looks for spans in the wrong place.

use super::advice::for_orphan;
use super::stray::{is_marked, stray};
use super::{Finding, Kind, Suspect};
use crate::ids::{SpanId, TraceId};
use crate::otlp::attribute;
use crate::query::{Filter, Link, QueryError, Reader, Span, Trace, TraceSummary, Tree, back};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use std::collections::HashMap;

/// Examines traces of a store, with those that may belong to them.
#[derive(Debug)]
pub struct Doctor<'a> {
    reader: &'a Reader,
}

impl<'a> Doctor<'a> {
    /// A doctor for this store.
    pub fn new(reader: &'a Reader) -> Self {
        Self { reader }
    }

    /// The trace that a text names, as [`Reader::find`] has it; but `last` and those before it are what was run: a
    /// trace that was lost by mistake began last, and is a part of another one. Where there are no more of them, all
    /// traces count.
    ///
    /// # Errors
    ///
    /// Those of [`Reader::find`].
    pub fn find(&self, text: &str) -> Result<TraceId, QueryError> {
        let Some(back) = back(text)? else { return self.reader.find(text) };
        let newest = self.reader.list(&Filter { limit: LOOKED_AT, ..Filter::default() })?;
        let mut left = back;
        for trace in newest {
            if self.is_lost(trace.trace_id)? {
                continue;
            }
            if left == 0 {
                return Ok(trace.trace_id);
            }
            left -= 1;
        }
        self.reader.find(text)
    }

    fn is_lost(&self, trace: TraceId) -> Result<bool, QueryError> {
        if !self.reader.has_marked_root(trace)? {
            return Ok(false);
        }
        Ok(self.home_of(&self.reader.trace(trace)?)?.is_some())
    }

    /// What is wrong with the newest traces.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn of_newest(&self, limit: usize) -> Result<Vec<Finding>, QueryError> {
        let listed = self.reader.list(&Filter { limit, ..Filter::default() })?;
        Ok(examine(&self.read(listed)?))
    }

    /// What is wrong with a trace, and stray roots that probably belong to it.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn of_trace(&self, trace: &Trace) -> Result<Vec<Finding>, QueryError> {
        let own = &trace.summary;
        let end = own.start_ns.saturating_add(own.duration_ns);
        let before = Filter {
            until_ns: Some(end.saturating_add(1)),
            limit: NEIGHBOURS,
            ..Filter::default()
        };
        let mut beside = self.reader.list(&before)?;
        beside.retain(|it| {
            let is_small = it.spans.min(own.spans) <= SMALL;
            let overlaps =
                it.start_ns.saturating_add(it.duration_ns) >= own.start_ns || it.open > 0;
            it.trace_id != own.trace_id && is_small && overlaps
        });
        let mut traces = self.read(beside)?;
        traces.push(trace.clone());
        let mut findings = examine(&traces);
        let is_own = |id: TraceId| id == own.trace_id;
        findings.retain(|it| {
            is_own(it.trace_id) || it.parent.as_ref().is_some_and(|it| is_own(it.trace_id))
        });
        Ok(findings)
    }

    /// The trace that this one belongs to as a whole, if the SDK marked its root as lost.
    fn home_of(&self, trace: &Trace) -> Result<Option<TraceId>, QueryError> {
        let is_own = |it: &Finding| it.trace_id == trace.summary.trace_id;
        let found = self.of_trace(trace)?.into_iter().find(|it| is_own(it) && it.is_marked);
        Ok(found.and_then(|it| it.parent).map(|parent| parent.trace_id))
    }

    /// Reads the first of these traces, up to `MOST_SPANS` in all; a larger first one is read alone.
    fn read(&self, listed: Vec<TraceSummary>) -> Result<Vec<Trace>, QueryError> {
        let mut spans = 0;
        let some = listed.into_iter().take_while(|it| {
            spans += it.spans;
            spans <= MOST_SPANS || spans == it.spans
        });
        let read = some.map(|it| self.reader.trace(it.trace_id));
        // Retention may have deleted some meanwhile.
        read.filter(|it| !matches!(it, Err(QueryError::NotFound(_)))).collect()
    }
}

/// What is wrong with these traces; stray roots are looked for among all of them.
pub fn examine(traces: &[Trace]) -> Vec<Finding> {
    traces
        .iter()
        .flat_map(orphans)
        .chain(traces.iter().filter_map(|it| stray(it, traces)))
        .collect()
}

fn orphans(trace: &Trace) -> Vec<Finding> {
    let nodes = Tree::of(trace).nodes;
    // Ranked among the children of their missing parent, so that a cut list covers many parents.
    let mut seen: HashMap<Option<SpanId>, usize> = HashMap::new();
    let mut orphans = Vec::new();
    for (at, node) in nodes.iter().enumerate().filter(|(_, it)| it.link == Link::Orphan) {
        let rank = seen.entry(trace.spans[node.span].parent_id).or_default();
        *rank += 1;
        orphans.push((*rank, at));
    }
    if orphans.is_empty() {
        return Vec::new();
    }
    orphans.sort_unstable();
    orphans.truncate(MOST_ORPHANS);
    orphans.sort_unstable_by_key(|(_, at)| *at);
    let ends = last_ends(trace);
    let mut findings = Vec::new();
    for (_, at) in orphans {
        let node = nodes[at];
        let span = &trace.spans[node.span];
        let below = nodes[at + 1..].iter().take_while(|it| it.depth > node.depth).count();
        let others = nodes[..at].iter().chain(&nodes[at + 1 + below..]);
        let around = others.map(|it| &trace.spans[it.span]).filter(|it| encloses(it, span));
        let parent = around.max_by_key(|it| it.start_ns).map(|it| suspect(trace, it));
        let (reason, code) = for_orphan(span, lived_on(&ends, span));
        findings.push(finding(Kind::Orphan, trace, span, parent, reason, code));
    }
    findings
}

/// Whether a span's process recorded one that ended later; none if the span's process or end is not known.
fn lived_on(ends: &HashMap<String, i64>, span: &Span) -> Option<bool> {
    let (own, end) = (process(span)?, span.end_ns?);
    Some(ends.get(&own).is_some_and(|last| *last > end))
}

/// When the last span of each process ended.
fn last_ends(trace: &Trace) -> HashMap<String, i64> {
    let mut ends = HashMap::new();
    for span in &trace.spans {
        if let (Some(process), Some(end)) = (process(span), span.end_ns) {
            let last = ends.entry(process).or_insert(end);
            *last = end.max(*last);
        }
    }
    ends
}

pub(super) fn finding(
    kind: Kind,
    trace: &Trace,
    span: &Span,
    parent: Option<Suspect>,
    reason: String,
    code: String,
) -> Finding {
    Finding {
        kind,
        trace_id: trace.summary.trace_id,
        span_id: span.span_id,
        name: span.name().to_owned(),
        service: span.service().to_owned(),
        thread: span.thread.clone(),
        parent,
        reason,
        code,
        is_marked: is_marked(span),
        start_ns: span.start_ns,
        end_ns: span.end_ns,
        is_unfinished: span.is_unfinished,
    }
}

pub(super) fn suspect(trace: &Trace, span: &Span) -> Suspect {
    Suspect {
        trace_id: trace.summary.trace_id,
        span_id: span.span_id,
        name: span.name().to_owned(),
    }
}

/// Whether a span was open when another one began.
pub(super) fn encloses(outer: &Span, inner: &Span) -> bool {
    outer.start_ns <= inner.start_ns && outer.end_ns.is_none_or(|end| inner.start_ns < end)
}

/// The process that recorded a span: its service, and its instance or pid.
pub(super) fn process(span: &Span) -> Option<String> {
    let attributes = &span.resource.message.as_ref()?.attributes;
    if let Some(Value::StringValue(instance)) = attribute(attributes, "service.instance.id") {
        return Some(format!("{} {instance}", span.service()));
    }
    match attribute(attributes, "process.pid") {
        Some(Value::IntValue(pid)) => Some(format!("{} {pid}", span.service())),
        _ => None,
    }
}

const NEIGHBOURS: usize = 200;
/// Traces among which `last` is.
const LOOKED_AT: usize = 200;
/// Most spans of a trace that may be part of another one: lost parts are seldom large.
const SMALL: u64 = 20;
const MOST_SPANS: u64 = 100_000;
/// Each one costs a look at all spans, and many children of one missing parent are one fault.
const MOST_ORPHANS: usize = 200;
