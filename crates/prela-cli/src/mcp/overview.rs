//! A whole trace in few words.

use super::answer::short;
use super::page::{Answer, length};
use crate::ids::SpanId;
use crate::query::{Link, Node, Span, Trace, Tree, Usage};
use crate::render::{self, duration};
use crate::usage::sums;
use std::collections::{BTreeSet, HashMap};

/// A trace of any size: a line for each span if there is room; else a line for all spans of one name at one place,
/// only as deep as there is room.
pub(super) fn of(trace: &Trace, broken: usize) -> String {
    let mut answer = Answer::default();
    head(&mut answer, trace, broken);
    let nodes = Tree::of(trace).nodes;
    let (used, _) = sums(&nodes, |at| trace.spans[at].usage());
    let every: Vec<_> = nodes.iter().map(|node| line(trace, node, node.depth, &used)).collect();
    if length(&every) <= answer.room() {
        answer.page(&every, 0);
        return answer.into_text();
    }
    errors(&mut answer, trace);
    answer.say("(×N: spans of one name at one place. `show` with depth, offset or span=<digits> has each.)");
    let groups = groups(trace, &nodes, &used);
    let deepest = groups.iter().map(|group| group.depth).max().unwrap_or(0);
    let at_most = |depth: usize| -> Vec<String> {
        let groups = groups.iter().filter(|group| group.depth <= depth);
        groups.map(|group| group.line(group.depth == depth)).collect()
    };
    // Levels are added as long as they fit.
    let mut lines = at_most(0);
    for depth in 1..=deepest {
        let deeper = at_most(depth);
        if length(&deeper) > answer.room() {
            // Part of a level with very many names is better than none.
            if length(&lines) < answer.room() / 3 {
                lines = deeper;
            }
            break;
        }
        lines = deeper;
    }
    for (at, line) in lines.iter().enumerate() {
        if !answer.line(line) {
            let left = lines.len() - at;
            answer.say(&format!("… {left} more lines; offset=0 begins to give every span."));
            break;
        }
    }
    answer.into_text()
}

/// Adds which trace it is, how long and how much.
pub(super) fn head(answer: &mut Answer, trace: &Trace, broken: usize) {
    let summary = &trace.summary;
    let services: BTreeSet<_> = trace.spans.iter().map(Span::service).collect();
    let services: Vec<_> = services.into_iter().take(5).collect();
    let mut line = format!(
        "trace {}  {}  {}  {}",
        &summary.trace_id.to_string()[..16],
        short(&summary.name, 80),
        duration(summary.duration_ns),
        counted(summary.spans, "span")
    );
    line.extend(render::without_end(summary).iter().map(|it| format!("  {it}")));
    for (number, what) in [(summary.errors, "error"), (broken as u64, "broken link")] {
        if number > 0 {
            line += &format!("  {}", counted(number, what));
        }
    }
    line += &usage(summary.usage());
    answer.line(&format!("{line}  of {}", short(&services.join(", "), 100)));
}

/// Adds some errors, whose spans may be too deep to be shown.
fn errors(answer: &mut Answer, trace: &Trace) {
    for span in trace.spans.iter().filter(|span| span.is_error()).take(5) {
        let message = short(span.status_message(), 120);
        answer.line(&format!("✗ {}: {message} {}", short(span.name(), 60), digits(span.span_id)));
    }
}

/// A span in a line, with what it and all below it used.
pub(super) fn line(trace: &Trace, node: &Node, depth: usize, used: &[Usage]) -> String {
    let span = &trace.spans[node.span];
    let mark = match node.link {
        Link::Orphan | Link::Circle => "⚠ ",
        Link::Root | Link::Child => "",
    };
    let failed = if span.is_error() { "✗ " } else { "" };
    let (took, usage) = (render::span_took(span), usage(used[node.span]));
    let (indent, name) = (indent(depth), short(span.name(), 60));
    format!("{indent}{mark}{failed}{name}  {took}{usage} {}", digits(span.span_id))
}

/// Spans of one name below one place.
struct Group {
    depth: usize,
    name: String,
    number: usize,
    errors: usize,
    took: i64,
    longest: i64,
    usage: Usage,
    first: SpanId,
    /// Spans below them.
    below: usize,
}

impl Group {
    fn line(&self, is_last: bool) -> String {
        let times = if self.number > 1 { format!(" ×{}", self.number) } else { String::new() };
        let mut line =
            format!("{}{}{times}  {}", indent(self.depth), self.name, duration(self.took));
        if self.number > 1 {
            line += &format!(" (max {})", duration(self.longest));
        }
        if self.errors > 0 {
            line += &format!("  ✗{}", self.errors);
        }
        line += &usage(self.usage);
        if is_last && self.below > 0 {
            line += &format!("  +{} below", self.below);
        }
        format!("{line} {}", digits(self.first))
    }
}

/// All groups, from the top down. Without recursion: a trace may be as deep as it is long.
fn groups(trace: &Trace, nodes: &[Node], used: &[Usage]) -> Vec<Group> {
    let mut children = vec![Vec::new(); trace.spans.len()];
    let mut sizes = vec![1_usize; trace.spans.len()];
    let mut tops = Vec::new();
    for node in nodes {
        match node.parent {
            Some(parent) => children[parent].push(node.span),
            None => tops.push(node.span),
        }
    }
    for node in nodes.iter().rev() {
        if let Some(parent) = node.parent {
            sizes[parent] += sizes[node.span];
        }
    }
    let mut groups = Vec::new();
    let mut stack: Vec<_> =
        by_name(trace, tops).into_iter().rev().map(|group| (group, 0)).collect();
    while let Some((members, depth)) = stack.pop() {
        let spans = members.iter().map(|member| &trace.spans[*member]);
        let mut group = Group {
            depth,
            name: short(trace.spans[members[0]].name(), 60),
            number: members.len(),
            errors: spans.clone().filter(|span| span.is_error()).count(),
            took: 0,
            longest: 0,
            usage: Usage::default(),
            first: trace.spans[members[0]].span_id,
            below: members.iter().map(|member| sizes[*member] - 1).sum(),
        };
        for (span, member) in spans.zip(&members) {
            let took = span.duration_ns().unwrap_or(0);
            group.took = group.took.saturating_add(took);
            group.longest = group.longest.max(took);
            group.usage = group.usage.plus(used[*member]);
        }
        groups.push(group);
        let below = members.iter().flat_map(|member| children[*member].iter().copied());
        let below = by_name(trace, below.collect());
        stack.extend(below.into_iter().rev().map(|group| (group, depth + 1)));
    }
    groups
}

/// Spans grouped by name, in the order of the first of each.
fn by_name(trace: &Trace, spans: Vec<usize>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for span in spans {
        let place = *places.entry(trace.spans[span].name()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(span);
    }
    groups
}

/// The last digits of a span's id, which distinguish it within its trace.
pub(super) fn digits(id: SpanId) -> String {
    format!("#{}", &id.to_string()[8..])
}

/// Tokens and cost after two blanks, if there are any.
pub(super) fn usage(used: Usage) -> String {
    match render::usage(used) {
        none if none.is_empty() => none,
        usage => format!("  {usage}"),
    }
}

/// `1 span`, `2 spans`.
pub(super) fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn indent(depth: usize) -> String {
    " ".repeat(depth.min(MAX_INDENT))
}

const MAX_INDENT: usize = 16;
