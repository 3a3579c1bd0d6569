//! A tree for a person to look at: branches, marks, columns and colours.

use super::line::{Line, width};
use super::look::Look;
use super::once::{Once, rest_of};
use super::pending::{MAX_SPANS, Tree, Why};
use super::text::{attributes, duration, shown, type_of};
use super::tree::{self, DEEPEST_DRAWN, Row};
use crate::{SpanType, Value};
use opentelemetry::trace::{Status, TraceId};
use std::time::SystemTime;

/// A tree with its heading, and an empty line after it.
pub(super) fn trace(tree: &Tree, service: Option<&Value>, look: Look<usize>) -> String {
    let spans = &tree.spans;
    let trace_id = spans.first().map_or(TraceId::INVALID, |span| span.span_context.trace_id());
    let start = spans.iter().map(|span| span.start_time).min().unwrap_or(SystemTime::UNIX_EPOCH);
    let end = spans.iter().map(|span| span.end_time).max().unwrap_or(start);

    let mut line = Line::default();
    line.faint("trace ").plain(trace_id.to_string());
    if let Some(service) = service {
        line.faint(SEPARATOR).bold(shown(service, look.longest_name()));
    }
    let late = if tree.why == Why::Late { "late " } else { "" };
    let plural = if spans.len() == 1 { "" } else { "s" };
    line.faint(SEPARATOR).plain(format!("{} {late}span{plural}", spans.len()));
    line.faint(SEPARATOR).plain(duration(end.duration_since(start).unwrap_or_default()));
    let note = match tree.why {
        Why::RootEnded => None,
        Why::Late => Some("ended after the trace was printed".to_owned()),
        Why::CallerRuns => Some("its caller still runs".to_owned()),
        Why::Overflow => Some(format!("incomplete: more than {MAX_SPANS} spans were waiting")),
        Why::Shutdown => Some("incomplete: not ended at shutdown".to_owned()),
    };
    if let Some(note) = note {
        line.faint(SEPARATOR).warning(note);
    }
    let mut text = String::new();
    line.write(look, &mut text);
    let missing = matches!(tree.why, Why::Overflow | Why::Shutdown);
    text.push_str(&rows(&tree::rows(spans), look, missing));
    text.push('\n');
    text
}

pub(super) fn rows(rows: &[Row<'_>], look: Look<usize>, missing: bool) -> String {
    let heads: Vec<Head> = heads(rows, look);
    let column = heads.iter().map(Head::width).max().unwrap_or_default().min(WIDEST_NAME_COLUMN);
    let once = Once::of(rows);

    let mut text = String::new();
    for (at, (row, head)) in rows.iter().zip(heads).enumerate() {
        let span = row.span;
        let padding = column.saturating_sub(head.width());
        let mut line = Line::default();
        line.faint(head.branch);
        match span.status {
            Status::Error { .. } => line.error("✗ "),
            _ => line.success("✓ "),
        };
        line.bold(head.name).plain(" ".repeat(padding + 2));
        // Padded to a column.
        line.with(Some(color(span.span_type)), format!("{:<9}", type_of(span)));
        line.plain(format!(" {:>7}", duration(span.duration())));
        let of_span = attributes(once.attributes(at, span), look.longest_value());
        if !of_span.is_empty() {
            line.plain("  ").faint(of_span);
        }
        if missing && row.is_orphan {
            line.plain("  ").warning("(parent missing)");
        }
        line.write(look, &mut text);

        if let Some(error) = once.error(at, span) {
            let error = shown(error, look.longest_message());
            let mut line = Line::default();
            line.faint(head.below.as_str()).error(format!("error: {error}"));
            line.write(look, &mut text);
        }
        for event in &span.events {
            let Some(rest) = rest_of(event, span, look.is_full) else { continue };
            let name = shown(&event.name, look.longest_name());
            let of_event = attributes(rest, look.longest_value());
            let space = if of_event.is_empty() { "" } else { " " };
            let mut line = Line::default();
            line.faint(head.below.as_str()).plain(format!("• {name}{space}")).faint(of_event);
            line.write(look, &mut text);
        }
    }
    text
}

/// What is before a row's columns, and before the lines below it.
struct Head {
    branch: String,
    name: String,
    below: String,
}

impl Head {
    /// The width with the mark.
    fn width(&self) -> usize {
        width(&self.branch) + 2 + width(&self.name)
    }
}

fn heads(rows: &[Row<'_>], look: Look<usize>) -> Vec<Head> {
    // For each level above: whether a sibling follows there, to which a line must be drawn.
    let mut open: Vec<bool> = Vec::new();
    let bar = |open: &bool| if *open { "│  " } else { "   " };
    let head = |row: &Row<'_>| {
        open.truncate(row.depth);
        // Tops have no lines between them.
        let above = open.iter().skip(1).take(DEEPEST_DRAWN - 1);
        let mut branch: String = above.map(bar).collect();
        open.push(!row.is_last);
        let mut below = branch.clone();
        if row.depth > DEEPEST_DRAWN {
            branch.push_str(&format!("…{} ", row.depth));
            below.push_str("   ");
        } else if row.depth > 0 {
            branch.push_str(if row.is_last { "└─ " } else { "├─ " });
            below.push_str(bar(&!row.is_last));
        }
        below.push_str(if row.has_children { "│ " } else { "  " });
        Head { branch, name: shown(&row.span.name, look.longest_name()), below }
    };
    rows.iter().map(head).collect()
}

/// A colour for what decides, for models, for tools, for data and for checks.
fn color(span_type: SpanType) -> &'static str {
    match span_type {
        SpanType::Agent | SpanType::Workflow | SpanType::Chain => "35",
        SpanType::Llm => "36",
        SpanType::Tool => "33",
        SpanType::Retrieval | SpanType::Embedding | SpanType::Reranker => "34",
        SpanType::Guardrail | SpanType::Evaluator => "32",
        SpanType::Custom => "2",
    }
}

const SEPARATOR: &str = " · ";
/// Longer names push their columns to the right.
const WIDEST_NAME_COLUMN: usize = 44;
