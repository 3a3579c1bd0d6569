//! Holds finished spans until the tree they belong to can be printed.

use crate::span::SpanData;
use crate::span::calls::is_own_call;
use opentelemetry::trace::{SpanId, TraceId};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Spans to print together, all of one trace.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) spans: Vec<Arc<SpanData>>,
    pub(super) why: Why,
}

/// What made a tree ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Its local root ended.
    RootEnded,
    /// Its parent was printed before.
    Late,
    /// It was called by a span of this process that runs for too long to wait for it.
    CallerRuns,
    /// Too many spans are pending.
    Overflow,
    /// Nothing more can come.
    Shutdown,
}

#[derive(Debug, Default)]
pub(super) struct Pending {
    traces: HashMap<TraceId, Trace>,
    /// Spans in all of `traces`.
    len: usize,
    arrivals: u64,
    printed: Printed,
}

#[derive(Debug)]
struct Trace {
    /// Rises from trace to trace.
    arrival: u64,
    spans: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    span: Arc<SpanData>,
    /// How long it waits for its caller, if it is the first span of a call within this process.
    until: Option<Instant>,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes finished spans, and returns the trees that are ready, in the order in which they became so.
    pub(super) fn add(&mut self, spans: &[Arc<SpanData>], now: Instant) -> Vec<Tree> {
        for span in spans {
            self.hold(span, now);
        }
        let mut tops: Vec<(TraceId, Why, Vec<Arc<SpanData>>)> = Vec::new();
        for span in spans {
            let trace = span.span_context.trace_id();
            if self.printed.contains(trace, span.parent_span_id) {
                // Late spans of one trace are printed together.
                match tops.iter_mut().find(|top| top.0 == trace && top.1 == Why::Late) {
                    Some((_, _, late)) => late.push(Arc::clone(span)),
                    None => tops.push((trace, Why::Late, vec![Arc::clone(span)])),
                }
            } else if span.is_local_root() && !self.waits_for_its_caller(span) {
                tops.push((trace, Why::RootEnded, vec![Arc::clone(span)]));
            }
        }

        let mut trees = Vec::new();
        for (trace, why, tops) in tops {
            trees.extend(self.take(trace, &tops).map(|spans| Tree { spans, why }));
        }
        trees.extend(self.overdue(now));
        while self.len > MAX_SPANS {
            let Some(spans) = self.take_oldest() else { break };
            trees.push(Tree { spans, why: Why::Overflow });
        }
        trees
    }

    /// Calls whose callers have run for too long since, oldest trace first.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Tree> {
        let is_due = |waiting: &&Waiting| waiting.until.is_some_and(|until| until <= now);
        let due = self.traces.iter().filter_map(|(id, trace)| {
            let tops = trace.spans.iter().filter(is_due).map(|waiting| waiting.span.clone());
            let tops: Vec<_> = tops.collect();
            (!tops.is_empty()).then_some((trace.arrival, *id, tops))
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(arrival, ..)| *arrival);
        let trees = due.into_iter().filter_map(|(_, id, tops)| self.take(id, &tops));
        trees.map(|spans| Tree { spans, why: Why::CallerRuns }).collect()
    }

    /// When the next call becomes overdue.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let waiting = self.traces.values().flat_map(|trace| &trace.spans);
        waiting.filter_map(|waiting| waiting.until).min()
    }

    /// Everything that is still pending, oldest trace first.
    pub(super) fn rest(&mut self) -> Vec<Tree> {
        let mut traces: Vec<Trace> = self.traces.drain().map(|(_, trace)| trace).collect();
        traces.sort_by_key(|trace| trace.arrival);
        self.len = 0;
        let tree = |trace: Trace| Tree { spans: trace.into_spans(), why: Why::Shutdown };
        traces.into_iter().map(tree).collect()
    }

    fn hold(&mut self, span: &Arc<SpanData>, now: Instant) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let id = span.span_context.trace_id();
        let trace = self.traces.entry(id).or_insert_with(|| Trace { arrival, spans: Vec::new() });
        let until = span.parent_is_remote.then(|| now + LONGEST_WAIT);
        trace.spans.push(Waiting { span: span.clone(), until });
        self.len += 1;
    }

    /// Whether a local root was called by a span of this process that has not been printed: it waits
    /// itself, or still runs.
    fn waits_for_its_caller(&self, root: &Arc<SpanData>) -> bool {
        let Some(caller) = root.parent_span_id else { return false };
        let trace = self.traces.get(&root.span_context.trace_id());
        let mut pending = trace.iter().flat_map(|trace| &trace.spans);
        is_own_call(&root.span_context)
            || pending.any(|Waiting { span, .. }| {
                span.span_context.span_id() == caller && !Arc::ptr_eq(span, root)
            })
    }

    /// Takes the given spans and what is below them, with calls within this process.
    fn take(&mut self, id: TraceId, tops: &[Arc<SpanData>]) -> Option<Vec<Arc<SpanData>>> {
        let trace = self.traces.get_mut(&id)?;
        let mut children: HashMap<SpanId, Vec<usize>> = HashMap::new();
        let mut taken = vec![false; trace.spans.len()];
        let mut found = Vec::new();
        for (i, Waiting { span, .. }) in trace.spans.iter().enumerate() {
            if tops.iter().any(|top| Arc::ptr_eq(top, span)) {
                taken[i] = true;
                found.push(i);
            } else if let Some(parent) = span.parent_span_id {
                children.entry(parent).or_default().push(i);
            }
        }
        while let Some(i) = found.pop() {
            let span_id = trace.spans[i].span.span_context.span_id();
            // Removed, so that spans with the same id cannot both have them.
            for child in children.remove(&span_id).unwrap_or_default() {
                taken[child] = true;
                found.push(child);
            }
        }

        let mut tree = Vec::new();
        for (waiting, taken) in std::mem::take(&mut trace.spans).into_iter().zip(taken) {
            if taken { tree.push(waiting.span) } else { trace.spans.push(waiting) }
        }
        if trace.spans.is_empty() {
            self.traces.remove(&id);
        }
        self.len -= tree.len();
        tree.iter().for_each(|span| self.printed.add(span));
        // Empty if another tree had them already.
        Some(tree).filter(|tree| !tree.is_empty())
    }

    fn take_oldest(&mut self) -> Option<Vec<Arc<SpanData>>> {
        let (&id, _) = self.traces.iter().min_by_key(|(_, trace)| trace.arrival)?;
        let spans = self.traces.remove(&id)?.into_spans();
        self.len -= spans.len();
        spans.iter().for_each(|span| self.printed.add(span));
        Some(spans)
    }
}

impl Trace {
    fn into_spans(self) -> Vec<Arc<SpanData>> {
        self.spans.into_iter().map(|waiting| waiting.span).collect()
    }
}

/// Ids of the spans printed last: what is below them now is late.
#[derive(Debug, Default)]
struct Printed {
    known: HashSet<(TraceId, SpanId)>,
    order: VecDeque<(TraceId, SpanId)>,
}

impl Printed {
    fn contains(&self, trace: TraceId, span: Option<SpanId>) -> bool {
        span.is_some_and(|span| self.known.contains(&(trace, span)))
    }

    fn add(&mut self, span: &SpanData) {
        let id = (span.span_context.trace_id(), span.span_context.span_id());
        if self.known.insert(id) {
            self.order.push_back(id);
        }
        if self.order.len() > MAX_SPANS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

pub(super) const MAX_SPANS: usize = 10_000;

/// How long a call within this process waits for its caller to end and be printed. Most callers end at
/// once; an agent's run that called itself may take as long as its models do.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);
