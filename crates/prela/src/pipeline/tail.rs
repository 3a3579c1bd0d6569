//! Decides at the end of a trace whether it is kept although the sampler left it out.

mod rule;

pub use self::rule::TailRule;

use super::shards::bytes_of;
use crate::semconv;
use crate::span::{EncodedSpan, EndedSpan};
use opentelemetry::trace::TraceId;
use std::collections::{HashMap, VecDeque};

/// Holds the spans of traces that have not ended yet, up to a limit.
#[derive(Debug)]
pub(super) struct Tail {
    rule: TailRule,
    traces: HashMap<TraceId, WaitingTrace>,
    /// Traces in the order in which they began to wait, so that the oldest can go.
    order: VecDeque<TraceId>,
    spans: usize,
    bytes: usize,
    /// What was decided lately, for spans that end after their root.
    decided: HashMap<TraceId, bool>,
    decided_order: VecDeque<TraceId>,
    /// Spans given up for want of room.
    undecided: u64,
    /// Spans of traces that were not kept.
    left_out: u64,
}

/// The spans of one trace.
#[derive(Debug, Default)]
struct WaitingTrace {
    spans: Vec<EncodedSpan>,
    bytes: usize,
}

impl Tail {
    pub(super) fn new(rule: TailRule) -> Self {
        Self {
            rule,
            traces: HashMap::new(),
            order: VecDeque::new(),
            spans: 0,
            bytes: 0,
            decided: HashMap::new(),
            decided_order: VecDeque::new(),
            undecided: 0,
            left_out: 0,
        }
    }

    /// Takes in an ended span that is not sampled. Returns the spans to export because of it: none, or its
    /// trace.
    pub(super) fn on_end(&mut self, span: EndedSpan<'_>) -> Vec<EncodedSpan> {
        let trace_id = span.trace_id();
        if !span.summary.is_local_root {
            return match self.decided.get(&trace_id) {
                Some(true) => vec![kept(EncodedSpan::alone(span))],
                Some(false) => {
                    self.left_out += 1;
                    Vec::new()
                }
                None => {
                    self.add(trace_id, span);
                    Vec::new()
                }
            };
        }
        let reason = self.rule.reason(*span.summary);
        let was_kept = self.decided.get(&trace_id) == Some(&true);
        let waiting = self.release(trace_id);
        self.decide(trace_id, was_kept || reason.is_some());
        if reason.is_none() && !was_kept {
            self.left_out += waiting.len() as u64 + 1;
            return Vec::new();
        }
        let mut spans: Vec<_> = waiting.into_iter().map(kept).collect();
        spans.push(kept_root(span, reason));
        spans
    }

    /// Lets a span wait, at the cost of the oldest traces if there is no room.
    fn add(&mut self, trace_id: TraceId, span: EndedSpan<'_>) {
        let bytes = bytes_of(span.message.len());
        while self.spans + 1 > self.rule.max_spans || self.bytes + bytes > self.rule.max_bytes {
            let Some(oldest) = self.order.pop_front() else {
                self.undecided += 1;
                return;
            };
            self.undecided += self.take(oldest).len() as u64;
            // The rest of that trace is of no use.
            self.decide(oldest, false);
            if oldest == trace_id {
                self.undecided += 1;
                return;
            }
        }
        let trace = self.traces.entry(trace_id).or_insert_with(|| {
            self.order.push_back(trace_id);
            WaitingTrace::default()
        });
        trace.spans.push(EncodedSpan::alone(span));
        trace.bytes += bytes;
        self.spans += 1;
        self.bytes += bytes;
    }

    fn release(&mut self, trace_id: TraceId) -> Vec<EncodedSpan> {
        let spans = self.take(trace_id);
        if !spans.is_empty()
            && let Some(position) = self.order.iter().position(|id| *id == trace_id)
        {
            self.order.remove(position);
        }
        spans
    }

    fn take(&mut self, trace_id: TraceId) -> Vec<EncodedSpan> {
        let trace = self.traces.remove(&trace_id).unwrap_or_default();
        self.spans -= trace.spans.len();
        self.bytes -= trace.bytes;
        trace.spans
    }

    fn decide(&mut self, trace_id: TraceId, keep: bool) {
        if self.decided.insert(trace_id, keep).is_none() {
            self.decided_order.push_back(trace_id);
        }
        if self.decided_order.len() > REMEMBERED
            && let Some(oldest) = self.decided_order.pop_front()
        {
            self.decided.remove(&oldest);
        }
    }

    /// Gives up what waits, since no root will end any more.
    pub(super) fn close(&mut self) {
        self.left_out += self.spans as u64;
        self.traces.clear();
        self.order.clear();
        (self.spans, self.bytes) = (0, 0);
    }

    pub(super) fn counts(&self) -> TailCounts {
        TailCounts {
            waiting: self.spans as u64,
            left_out: self.left_out,
            undecided: self.undecided,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TailCounts {
    pub(super) waiting: u64,
    pub(super) left_out: u64,
    pub(super) undecided: u64,
}

/// The span as it is exported: marked as sampled, since now it is.
fn kept(mut span: EncodedSpan) -> EncodedSpan {
    span.set_sampled();
    span
}

/// The local root as it is exported: it also says why its trace was kept, if it is the reason.
fn kept_root(root: EndedSpan<'_>, reason: Option<&'static str>) -> EncodedSpan {
    let Some(reason) = reason else { return kept(EncodedSpan::alone(root)) };
    let mut root = root.to_data();
    root.attributes.push((semconv::PRELA_KEPT_BY.into(), reason.into()));
    kept(EncodedSpan::rewritten(&root))
}

/// Decisions kept for spans that end late.
const REMEMBERED: usize = 4096;
