//! The form in which trees are compared.

use super::ExpectedSpan;
use crate::SpanType;
use crate::export::tree::rows;
use crate::span::SpanData;
use opentelemetry::trace::Status;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::iter::successors;
use std::sync::Arc;
use std::time::SystemTime;

/// A tree of spans, expected or recorded; parents stand before their children.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    roots: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) span_type: SpanType,
    pub(super) name: String,
    pub(super) is_error: bool,
    /// Whether its parent is not among the spans.
    pub(super) is_orphan: bool,
    /// When it started; none of an expected span.
    pub(super) start: Option<SystemTime>,
    pub(super) depth: usize,
    pub(super) children: Vec<usize>,
    /// A hash of the tree, equal for trees that differ at most in the order of siblings.
    pub(super) print: u64,
    parent: Option<usize>,
}

impl Tree {
    pub(super) fn expected(roots: Vec<ExpectedSpan>) -> Self {
        let mut tree = Self::default();
        let mut waiting: Vec<_> = roots.into_iter().rev().map(|root| (root, None)).collect();
        while let Some((span, parent)) = waiting.pop() {
            let ExpectedSpan { span_type, name, is_error, children } = span;
            let at = tree.push(parent, span_type, name.to_owned(), is_error);
            waiting.extend(children.into_iter().rev().map(|child| (child, Some(at))));
        }
        tree.finish()
    }

    pub(super) fn recorded(spans: &[Arc<SpanData>]) -> Self {
        let mut tree = Self::default();
        let mut above = Vec::new();
        for row in rows(spans) {
            above.truncate(row.depth);
            let is_error = matches!(row.span.status, Status::Error { .. });
            let name = row.span.name.clone().into_owned();
            let at = tree.push(above.last().copied(), row.span.span_type, name, is_error);
            tree.nodes[at].start = Some(row.span.start_time);
            tree.nodes[at].is_orphan = row.is_orphan;
            above.push(at);
        }
        tree.finish()
    }

    fn push(
        &mut self,
        parent: Option<usize>,
        span_type: SpanType,
        name: String,
        is_error: bool,
    ) -> usize {
        let at = self.nodes.len();
        let (siblings, depth) = match parent {
            Some(parent) => {
                let parent = &mut self.nodes[parent];
                (&mut parent.children, parent.depth + 1)
            }
            None => (&mut self.roots, 0),
        };
        siblings.push(at);
        let (is_orphan, start, children, print) = (false, None, Vec::new(), 0);
        self.nodes.push(Node {
            span_type,
            name,
            is_error,
            is_orphan,
            start,
            depth,
            children,
            print,
            parent,
        });
        at
    }

    /// Computes the prints, from the leaves up.
    fn finish(mut self) -> Self {
        for at in (0..self.nodes.len()).rev() {
            let node = &self.nodes[at];
            let below = node.children.iter().map(|child| self.nodes[*child].print);
            let mut below: Vec<u64> = below.collect();
            below.sort_unstable();
            let mut hasher = DefaultHasher::new();
            (node.span_type, &node.name, node.is_error, below).hash(&mut hasher);
            self.nodes[at].print = hasher.finish();
        }
        self
    }

    /// The children of a span; without one the roots.
    pub(super) fn below(&self, parent: Option<usize>) -> &[usize] {
        match parent {
            Some(parent) => &self.nodes[parent].children,
            None => &self.roots,
        }
    }

    /// The spans above a span, from the root down.
    pub(super) fn above(&self, at: usize) -> Vec<&Node> {
        let numbers = successors(self.nodes[at].parent, |at| self.nodes[*at].parent);
        let mut above: Vec<_> = numbers.map(|at| &self.nodes[at]).collect();
        above.reverse();
        above
    }
}

impl Node {
    /// Whether both have the same type and the same name.
    pub(super) fn is_called_like(&self, other: &Self) -> bool {
        self.span_type == other.span_type && self.name == other.name
    }
}
