//! Arrived spans as trees.

use super::Arrived;
use prela::{SpanId, TraceId};
use std::collections::{HashMap, HashSet};

type Id = (TraceId, Option<SpanId>);
type Children<'a> = HashMap<Id, Vec<&'a Arrived>>;

/// Names, types and whether it is an error, a tree for each trace: siblings and traces are sorted by their text, so that it
/// is the same in each run, whatever the threads did. A span whose parent did not arrive is an orphan.
pub fn tree(spans: &[Arrived]) -> String {
    let known: HashSet<Id> =
        spans.iter().map(|span| (span.trace_id(), Some(span.span_id()))).collect();
    let mut children = Children::new();
    let mut tops = Vec::new();
    for span in spans {
        let parent = (span.trace_id(), span.parent_span_id());
        if known.contains(&parent) {
            children.entry(parent).or_default().push(span);
        } else {
            tops.push(span);
        }
    }
    sorted(tops.into_iter().map(|top| branch(top, 0, &children)))
}

fn branch(span: &Arrived, depth: usize, children: &Children<'_>) -> String {
    let orphan = if depth == 0 && span.parent_span_id().is_some() { " (orphan)" } else { "" };
    let error = if span.is_error() { " error" } else { "" };
    let (name, span_type) = (span.name(), span.span_type());
    let line = format!("{:1$}{name} {span_type}{error}{orphan}\n", "", 2 * depth);
    let below = children.get(&(span.trace_id(), Some(span.span_id())));
    let below = below.into_iter().flatten().map(|child| branch(child, depth + 1, children));
    line + &sorted(below)
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    texts.concat()
}
