//! The tree that spans form, row by row; and its plainest form as text.

use super::text::{attributes, shown};
use crate::span::SpanData;
use opentelemetry::trace::{SpanId, Status};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// One span in its place.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) span: &'a SpanData,
    /// 0 for the top of a tree.
    pub(crate) depth: usize,
    /// Whether no sibling follows.
    pub(crate) is_last: bool,
    pub(crate) has_children: bool,
    /// Whether it has a parent in this process, which is not among the spans.
    pub(crate) is_orphan: bool,
}

/// The rows of the trees, parents before children. Without recursion: a trace may be as deep as it has spans.
pub(crate) fn rows(spans: &[Arc<SpanData>]) -> Vec<Row<'_>> {
    let mut order: Vec<&SpanData> = spans.iter().map(AsRef::as_ref).collect();
    order.sort_by(|a, b| a.start_time.cmp(&b.start_time).then_with(|| natural(&a.name, &b.name)));

    let mut by_id: HashMap<SpanId, usize> = HashMap::new();
    for (i, span) in order.iter().enumerate() {
        by_id.entry(span.span_context.span_id()).or_insert(i);
    }
    let mut tops = Vec::new();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
    for (i, span) in order.iter().enumerate() {
        match span.parent_span_id.and_then(|id| by_id.get(&id)) {
            Some(&parent) if parent != i => children[parent].push(i),
            _ => tops.push(i),
        }
    }

    let mut rows: Vec<Row<'_>> = Vec::with_capacity(order.len());
    let mut placed = vec![false; order.len()];
    // Tops, and then what hangs in a circle.
    for top in tops.into_iter().chain(0..order.len()) {
        if placed[top] {
            continue;
        }
        let mut waiting = vec![(top, 0, true)];
        while let Some((i, depth, is_last)) = waiting.pop() {
            if std::mem::replace(&mut placed[i], true) {
                continue;
            }
            let span = order[i];
            let is_orphan = depth == 0 && !span.is_local_root();
            // The last is popped first.
            let before = waiting.len();
            let below = children[i].iter().rev().filter(|child| !placed[**child]);
            waiting.extend(below.enumerate().map(|(n, child)| (*child, depth + 1, n == 0)));
            let has_children = waiting.len() > before;
            rows.push(Row { span, depth, is_last, has_children, is_orphan });
        }
    }
    rows
}

/// The tree as text: two spaces for each level, `name  type {attributes}`, and events below.
#[cfg_attr(not(any(test, feature = "testing")), expect(dead_code, reason = "for `testing`"))]
pub(crate) fn plain(spans: &[Arc<SpanData>]) -> String {
    let mut text = String::new();
    for row in rows(spans) {
        let indent = "  ".repeat(row.depth.min(DEEPEST_DRAWN));
        text.push_str(&indent);
        if row.depth > DEEPEST_DRAWN {
            text.push_str(&format!("…{} ", row.depth));
        }
        text.push_str(&shown(&row.span.name, usize::MAX));
        text.push_str("  ");
        text.push_str(row.span.span_type.as_str());
        push_with_space(&mut text, &attributes(&row.span.attributes, usize::MAX));
        if let Status::Error { description } = &row.span.status {
            text.push_str(" error");
            if !description.is_empty() {
                text.push_str(": ");
                text.push_str(&shown(description, usize::MAX));
            }
        }
        text.push_str(if row.is_orphan { " (parent missing)\n" } else { "\n" });
        for event in &row.span.events {
            text.push_str(&indent);
            text.push_str("  • ");
            text.push_str(&shown(&event.name, usize::MAX));
            push_with_space(&mut text, &attributes(&event.attributes, usize::MAX));
            text.push('\n');
        }
    }
    text
}

fn push_with_space(text: &mut String, more: &str) {
    if !more.is_empty() {
        text.push(' ');
        text.push_str(more);
    }
}

/// Orders names as people do: `process_2` before `process_10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (x, y) = (split_digits(&mut left), split_digits(&mut right));
        let both_numbers = x.starts_with(digit) && y.starts_with(digit);
        let order = if both_numbers {
            let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
        if left.is_empty() || right.is_empty() {
            // `x_02` and `x_2` are equal as numbers only.
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        }
    }
}

/// Takes what is before the next change between digits and others.
fn split_digits<'a>(rest: &mut &'a str) -> &'a str {
    let numeric = rest.starts_with(digit);
    let end = rest.find(|c| digit(c) != numeric).unwrap_or(rest.len());
    let (part, after) = rest.split_at(end);
    *rest = after;
    part
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Levels below are drawn as this one, with their number: the text of a trace that is one deep chain
/// would otherwise grow with the square of its length.
pub(super) const DEEPEST_DRAWN: usize = 32;
