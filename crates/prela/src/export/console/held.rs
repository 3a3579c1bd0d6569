//! Holds finished spans until the tree they belong to can be printed.

use crate::SpanData;
use opentelemetry::trace::{SpanId, TraceId};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

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
    Ended,
    /// Its parent was printed before.
    Late,
    /// Too many spans were held.
    Overflow,
    /// Nothing more can come.
    Shutdown,
}

#[derive(Debug, Default)]
pub(super) struct Held {
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
    spans: Vec<Arc<SpanData>>,
}

impl Held {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes finished spans, and gives the trees that are ready, in the order in which they were.
    pub(super) fn add(&mut self, spans: &[Arc<SpanData>]) -> Vec<Tree> {
        let mut tops: Vec<(TraceId, Why, Vec<Arc<SpanData>>)> = Vec::new();
        for span in spans {
            let trace = span.span_context.trace_id();
            self.hold(trace, Arc::clone(span));
            if span.is_local_root() {
                tops.push((trace, Why::Ended, vec![Arc::clone(span)]));
            } else if self.printed.contains(trace, span.parent_span_id) {
                // Late spans of one trace are printed together.
                match tops.iter_mut().find(|top| top.0 == trace && top.1 == Why::Late) {
                    Some((_, _, late)) => late.push(Arc::clone(span)),
                    None => tops.push((trace, Why::Late, vec![Arc::clone(span)])),
                }
            }
        }

        let mut trees = Vec::new();
        for (trace, why, tops) in tops {
            trees.extend(self.take(trace, &tops).map(|spans| Tree { spans, why }));
        }
        while self.len > MAX_SPANS {
            let Some(spans) = self.take_oldest() else { break };
            trees.push(Tree { spans, why: Why::Overflow });
        }
        trees
    }

    /// Everything still held, oldest trace first.
    pub(super) fn rest(&mut self) -> Vec<Tree> {
        let mut traces: Vec<Trace> = self.traces.drain().map(|(_, trace)| trace).collect();
        traces.sort_by_key(|trace| trace.arrival);
        self.len = 0;
        traces.into_iter().map(|Trace { spans, .. }| Tree { spans, why: Why::Shutdown }).collect()
    }

    fn hold(&mut self, trace: TraceId, span: Arc<SpanData>) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let held = self.traces.entry(trace).or_insert_with(|| Trace { arrival, spans: Vec::new() });
        held.spans.push(span);
        self.len += 1;
    }

    /// Takes the given spans and what is below them, but not what is below another local root.
    fn take(&mut self, id: TraceId, tops: &[Arc<SpanData>]) -> Option<Vec<Arc<SpanData>>> {
        let trace = self.traces.get_mut(&id)?;
        let mut children: HashMap<SpanId, Vec<usize>> = HashMap::new();
        let mut taken = vec![false; trace.spans.len()];
        let mut found = Vec::new();
        for (i, span) in trace.spans.iter().enumerate() {
            if tops.iter().any(|top| Arc::ptr_eq(top, span)) {
                taken[i] = true;
                found.push(i);
            } else if let Some(parent) = span.parent_span_id.filter(|_| !span.is_local_root()) {
                children.entry(parent).or_default().push(i);
            }
        }
        while let Some(i) = found.pop() {
            let span_id = trace.spans[i].span_context.span_id();
            // Removed, so that spans with the same id cannot both have them.
            for child in children.remove(&span_id).unwrap_or_default() {
                taken[child] = true;
                found.push(child);
            }
        }

        let mut tree = Vec::new();
        for (span, taken) in std::mem::take(&mut trace.spans).into_iter().zip(taken) {
            if taken { tree.push(span) } else { trace.spans.push(span) }
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
        let spans = self.traces.remove(&id)?.spans;
        self.len -= spans.len();
        spans.iter().for_each(|span| self.printed.add(span));
        Some(spans)
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
