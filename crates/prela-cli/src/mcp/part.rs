//! A part of a trace, in full.

use super::answer::lines;
use super::ask::Show;
use super::overview::{digits, head, line};
use super::page::{Answer, broken, cut};
use crate::query::{Node, Trace, Tree};
use crate::render;
use crate::usage::sums;
use anyhow::bail;

/// The spans of a part, a line each, from an offset on; without one, first all of the span that is named.
///
/// # Errors
///
/// There is no such span, or more than one.
pub(super) fn of(trace: &Trace, ask: &Show) -> anyhow::Result<String> {
    let nodes = Tree::of(trace).nodes;
    let part = match &ask.span {
        Some(text) => below(&nodes, find(trace, &nodes, text)?),
        None => &nodes[..],
    };
    let mut answer = Answer::default();
    head(&mut answer, trace, 0);
    let offset = ask.offset.unwrap_or(0);
    let named = part.first().filter(|_| ask.span.is_some());
    match (named, ask.line) {
        (Some(top), Some(line)) => {
            answer.said(&details(trace, top)?, line);
            return Ok(answer.into_text());
        }
        (None, Some(_)) => bail!("`line` is one of a span: say which by `span`"),
        (Some(top), None) if offset == 0 => begin(&mut answer, &details(trace, top)?),
        (_, None) => {}
    }
    let top = part.first().map_or(0, |node| if ask.span.is_some() { node.depth } else { 0 });
    let deepest = ask.depth.unwrap_or(usize::MAX);
    let shown: Vec<_> = part.iter().filter(|node| node.depth - top <= deepest).collect();
    let (used, _) = sums(&nodes, |at| trace.spans[at].usage());
    let line = |node: &&Node| line(trace, node, node.depth - top, &used);
    let tree: Vec<_> = shown.iter().map(line).collect();
    answer.page(&tree, offset);
    if shown.len() < part.len() {
        answer.say(&format!("{} spans are deeper.", part.len() - shown.len()));
    }
    Ok(answer.into_text())
}

/// A span with all that are below it.
fn below(nodes: &[Node], top: usize) -> &[Node] {
    let inner = nodes[top + 1..].iter().take_while(|node| node.depth > nodes[top].depth).count();
    &nodes[top..=top + inner]
}

/// The place of the span whose id begins or ends with these digits.
fn find(trace: &Trace, nodes: &[Node], text: &str) -> anyhow::Result<usize> {
    let wanted = text.trim().trim_start_matches('#').to_ascii_lowercase();
    let is_it = |node: &Node| {
        let id = trace.spans[node.span].span_id.to_string();
        !wanted.is_empty() && (id.ends_with(&wanted) || id.starts_with(&wanted))
    };
    let mut found = nodes.iter().enumerate().filter(|(_, node)| is_it(node));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => bail!("no span of this trace has an id with these digits"),
        (Some((_, one)), Some((_, other))) => {
            let [one, other] = [one, other].map(|node| digits(trace.spans[node.span].span_id));
            bail!("more than one span has these digits, as {one} and {other}")
        }
    }
}

/// What a span says: attributes, messages, events, logs.
fn details(trace: &Trace, node: &Node) -> anyhow::Result<Vec<String>> {
    let span = &trace.spans[node.span];
    let mut alone = trace.clone();
    alone.spans = vec![span.clone()];
    alone.logs.retain(|log| log.span_id == Some(span.span_id));
    let rows = render::rows(&alone, &[]);
    let mut said = lines(|out| render::details(out, &alone, &rows))?;
    said.drain(..said.iter().take_while(|line| line.is_empty()).count());
    Ok(said)
}

/// Adds the beginning of what a span says, in at most half of the answer. Long lines are cut, and say how to have them.
fn begin(answer: &mut Answer, said: &[String]) {
    let half = answer.room() / 2;
    // As they are counted where they are not cut.
    let mut number = 0;
    for (at, line) in said.iter().enumerate() {
        let end = format!("… (cut: line={number} says all)");
        if answer.room() < half || !answer.line(&cut(line, &end)) {
            let left = said.len() - at;
            answer.say(&format!("… {left} more lines of this span: line={number}"));
            break;
        }
        number += broken(line).count();
    }
    answer.say("");
}
