//! The text that a failed test prints.

use super::compare::Difference;
use super::tree::{Node, Tree};
use std::fmt::Write as _;

/// The text of a failure: what differs and where, and both trees.
pub(super) fn failure(differences: &[Difference], expected: &Tree, recorded: &Tree) -> String {
    let mut text = String::from("the spans form another tree than is expected\n\n");
    for difference in differences.iter().take(MOST) {
        text.push_str(&sentence(*difference, expected, recorded));
        text.push('\n');
    }
    if differences.len() > MOST {
        let _ = writeln!(text, "and {} more differences", differences.len() - MOST);
    }
    let of_expected = differences.iter().filter_map(|difference| match *difference {
        Difference::Missing(at) | Difference::Moved(at, _) | Difference::Outcome(at, _) => Some(at),
        Difference::Unexpected(_) => None,
    });
    let of_recorded = differences.iter().filter_map(|difference| match *difference {
        Difference::Unexpected(at) | Difference::Moved(_, at) | Difference::Outcome(_, at) => {
            Some(at)
        }
        Difference::Missing(_) => None,
    });
    text.push_str("\nexpected:\n");
    push_tree(&mut text, expected, &of_expected.collect::<Vec<_>>(), '-');
    text.push_str("\nrecorded:\n");
    push_tree(&mut text, recorded, &of_recorded.collect::<Vec<_>>(), '+');
    text
}

/// One difference in words, with its place in the tree.
fn sentence(difference: Difference, expected: &Tree, recorded: &Tree) -> String {
    let (tree, at, what) = match difference {
        Difference::Missing(at) => (expected, at, "was not recorded"),
        Difference::Unexpected(at) => (recorded, at, "is not expected"),
        Difference::Moved(_, at) => (recorded, at, "is expected at another place"),
        Difference::Outcome(_, at) if recorded.nodes[at].is_error => {
            (recorded, at, "failed, and is expected not to")
        }
        Difference::Outcome(_, at) => (recorded, at, "did not fail, and is expected to"),
    };
    let above: Vec<String> = tree.above(at).into_iter().map(span).collect();
    let place = match above.is_empty() {
        true => "at the top".to_owned(),
        false => format!("below {}", above.join(" > ")),
    };
    format!("{place}: {} {what}", span(&tree.nodes[at]))
}

fn span(node: &Node) -> String {
    format!("{} {:?}", node.span_type, node.name)
}

/// The tree as it is written in a test, with a mark at some of its lines.
fn push_tree(text: &mut String, tree: &Tree, marked: &[usize], mark: char) {
    if tree.nodes.is_empty() {
        text.push_str("  no spans\n");
    }
    let mut open: Vec<usize> = Vec::new();
    for (at, node) in tree.nodes.iter().enumerate() {
        close(text, &mut open, node.depth);
        let mark = if marked.contains(&at) { mark } else { ' ' };
        let error = if node.is_error { " error" } else { "" };
        let braces = if node.children.is_empty() { "{}" } else { "{" };
        let note = if node.is_orphan { " // its parent is not among the spans" } else { "" };
        let indent = indent(node.depth);
        let _ = writeln!(text, "{mark} {indent}{}{error} {braces}{note}", span(node));
        if !node.children.is_empty() {
            open.push(node.depth);
        }
    }
    close(text, &mut open, 0);
}

/// Closes the braces of spans that are not above this depth.
fn close(text: &mut String, open: &mut Vec<usize>, depth: usize) {
    while let Some(ended) = open.pop_if(|open| *open >= depth) {
        let _ = writeln!(text, "  {}}}", indent(ended));
    }
}

/// The indentation at a depth, bounded, since the text of a deep chain would grow with the square of its length.
fn indent(depth: usize) -> String {
    "    ".repeat(depth.min(32))
}

/// The most differences that are told one by one.
const MOST: usize = 20;
