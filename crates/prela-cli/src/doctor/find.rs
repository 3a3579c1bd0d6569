//! Looks for spans that hang in the wrong place.

use super::advice::{for_orphan, for_thread};
use super::{Finding, Kind, Suspect};
use crate::ids::TraceId;
use crate::otlp::attribute;
use crate::query::{Filter, Link, QueryError, Reader, Span, Trace, TraceSummary, Tree};
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// Asks a store for what has to be looked at together.
#[derive(Debug)]
pub struct Doctor<'a> {
    reader: &'a Reader,
}

impl<'a> Doctor<'a> {
    /// Of this store.
    pub fn new(reader: &'a Reader) -> Self {
        Self { reader }
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

    /// What is wrong with a trace, or belongs to it.
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
            let is_single = it.spans == 1 || own.spans == 1;
            let overlaps =
                it.start_ns.saturating_add(it.duration_ns) >= own.start_ns || it.open > 0;
            it.trace_id != own.trace_id && is_single && overlaps
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

    /// As many as are read in a moment.
    fn read(&self, listed: Vec<TraceSummary>) -> Result<Vec<Trace>, QueryError> {
        let mut spans = 0;
        let some = listed.into_iter().take_while(|it| {
            spans += it.spans;
            spans <= MOST_SPANS || spans == it.spans
        });
        let read = some.map(|it| self.reader.trace(it.trace_id));
        // What retention took away meanwhile is not missed.
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
    let mut findings = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if node.link != Link::Orphan {
            continue;
        }
        let span = &trace.spans[node.span];
        let below = nodes[at + 1..].iter().take_while(|it| it.depth > node.depth).count();
        let others = nodes[..at].iter().chain(&nodes[at + 1 + below..]);
        let around = others.map(|it| &trace.spans[it.span]).filter(|it| encloses(it, span));
        let parent = around.max_by_key(|it| it.start_ns).map(|it| suspect(trace, it));
        let (reason, code) = for_orphan(span);
        findings.push(finding(Kind::Orphan, trace, span, parent, reason, code));
    }
    findings
}

/// A trace of one span that has no parent, if another trace of the same process was under way.
fn stray(trace: &Trace, traces: &[Trace]) -> Option<Finding> {
    let [span] = &trace.spans[..] else { return None };
    // A request that came in begins a trace by right, and a link says that somebody meant it.
    const INCOMING: [i32; 2] = [2, 5];
    let kind = span.message.kind;
    if span.parent_id.is_some() || INCOMING.contains(&kind) || !span.message.links.is_empty() {
        return None;
    }
    let (process, thread) = (process(span)?, span.thread.as_deref()?);
    let others = traces.iter().filter(|it| it.summary.trace_id != trace.summary.trace_id);
    let candidates = others.flat_map(|it| it.spans.iter().map(move |other| (it, other)));
    let candidates = candidates.filter(|(_, other)| {
        encloses(other, span)
            && is_elsewhere(other, span)
            && self::process(other).as_ref() == Some(&process)
    });
    let last = |span: &Span| span.end_ns.unwrap_or(i64::MAX);
    // The innermost that was there until the end.
    let (home, parent) =
        candidates.max_by_key(|(_, other)| (last(other) >= last(span), other.start_ns))?;
    let overlap = if last(parent) >= last(span) { "all of it within" } else { "begun within" };
    let reason = format!(
        "it has no parent, and began on thread `{thread}` while `{}` was open on thread `{}` of the same \
         process ({overlap}): the context was probably lost on the way to that thread",
        parent.name(),
        parent.thread.as_deref().unwrap_or_default(),
    );
    let code = for_thread(thread, span.name());
    Some(finding(Kind::StrayRoot, trace, span, Some(suspect(home, parent)), reason, code))
}

fn finding(
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
        start_ns: span.start_ns,
        end_ns: span.end_ns,
    }
}

fn suspect(trace: &Trace, span: &Span) -> Suspect {
    Suspect {
        trace_id: trace.summary.trace_id,
        span_id: span.span_id,
        name: span.name().to_owned(),
    }
}

/// Whether a span was open when another one began.
fn encloses(outer: &Span, inner: &Span) -> bool {
    outer.start_ns <= inner.start_ns && outer.end_ns.is_none_or(|end| inner.start_ns < end)
}

/// Whether two spans began on different threads; `false` where that is not known.
fn is_elsewhere(one: &Span, other: &Span) -> bool {
    let id = |span: &Span| span.attribute("thread.id").cloned();
    match (id(one), id(other)) {
        (Some(one), Some(other)) => one != other,
        _ => one.thread.is_some() && other.thread.is_some() && one.thread != other.thread,
    }
}

/// Which start of which program recorded a span.
fn process(span: &Span) -> Option<String> {
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
const MOST_SPANS: u64 = 100_000;
