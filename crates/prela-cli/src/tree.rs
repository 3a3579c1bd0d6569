//! The tree of a trace's spans.

use crate::ids::SpanId;
use std::collections::HashMap;

/// The tree of a trace's spans, in which every span has a place: a span whose parent is not stored is at the
/// top, and so is one span of each circle of parents.
///
/// Cost: proportional to the number of spans, whatever the shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The spans from the top to the bottom; siblings in order of start.
    pub nodes: Vec<Node>,
}

/// A span's place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The span's index among the spans that the tree is of.
    pub span: usize,
    /// How many spans are above it.
    pub depth: usize,
    /// The index of its parent among them; none at the top.
    pub parent: Option<usize>,
    /// Why it has this place.
    pub link: Link,
}

/// Why a span is where it is in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It has no parent.
    Root,
    /// Its parent is above it.
    Child,
    /// Its parent is not in the store.
    Orphan,
    /// Its parents form a circle, which is cut above it.
    Circle,
}

impl Tree {
    /// The tree of spans that are sorted by start: of each its id and its parent's.
    pub(crate) fn of_links(spans: &[(SpanId, Option<SpanId>)]) -> Self {
        let places: HashMap<SpanId, usize> =
            spans.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let parents: Vec<Option<usize>> = spans
            .iter()
            .map(|(_, parent)| parent.and_then(|parent| places.get(&parent).copied()))
            .collect();
        let mut children = vec![Vec::new(); spans.len()];
        let mut tops = Vec::new();
        for (place, (_, parent_id)) in spans.iter().enumerate() {
            match parents[place] {
                Some(parent) => children[parent].push(place),
                None if parent_id.is_none() => tops.push((place, Link::Root)),
                None => tops.push((place, Link::Orphan)),
            }
        }
        let mut tree = Self { nodes: Vec::with_capacity(spans.len()) };
        let mut is_placed = vec![false; spans.len()];
        for (top, link) in tops {
            tree.place(top, link, &parents, &children, &mut is_placed);
        }
        // What cannot be reached from a top hangs on a circle.
        for place in 0..spans.len() {
            if !is_placed[place] {
                tree.place(place, Link::Circle, &parents, &children, &mut is_placed);
            }
        }
        tree
    }

    /// Places a span and all below it. It has a stack of its own, since a trace may be as deep as it is long.
    fn place(
        &mut self,
        top: usize,
        link: Link,
        parents: &[Option<usize>],
        children: &[Vec<usize>],
        is_placed: &mut [bool],
    ) {
        let mut stack = vec![(top, 0)];
        while let Some((place, depth)) = stack.pop() {
            if is_placed[place] {
                continue;
            }
            is_placed[place] = true;
            let is_top = depth == 0;
            self.nodes.push(Node {
                span: place,
                depth,
                parent: if is_top { None } else { parents[place] },
                link: if is_top { link } else { Link::Child },
            });
            stack.extend(children[place].iter().rev().map(|child| (*child, depth + 1)));
        }
    }
}
