//! A tree for a person to look at: branches, marks, columns and colours.

use super::held::{MAX_SPANS, Tree, Why};
use super::text::{attributes, duration, shown};
use super::tree::{self, DEEPEST_DRAWN, Row, Style};
use crate::{SpanType, Value};
use opentelemetry::trace::{Status, TraceId};
use std::time::SystemTime;

/// A tree with its heading, and an empty line after it.
pub(super) fn trace(tree: &Tree, service: Option<&Value>, color: bool) -> String {
    let paint = Paint { color };
    let spans = &tree.spans;
    let trace_id = spans.first().map_or(TraceId::INVALID, |span| span.span_context.trace_id());
    let start = spans.iter().map(|span| span.start_time).min().unwrap_or(SystemTime::UNIX_EPOCH);
    let end = spans.iter().map(|span| span.end_time).max().unwrap_or(start);

    let mut text = paint.faint("trace ");
    text.push_str(&trace_id.to_string());
    let separator = paint.faint(" · ");
    if let Some(service) = service {
        text.push_str(&separator);
        text.push_str(&paint.bold(&shown(service, LONGEST_NAME)));
    }
    let late = if tree.why == Why::Late { "late " } else { "" };
    let plural = if spans.len() == 1 { "" } else { "s" };
    text.push_str(&separator);
    text.push_str(&format!("{} {late}span{plural}", spans.len()));
    text.push_str(&separator);
    text.push_str(&duration(end.duration_since(start).unwrap_or_default()));
    let note = match tree.why {
        Why::Ended => None,
        Why::Late => Some("ended after the trace was printed".to_owned()),
        Why::Overflow => Some(format!("incomplete: more than {MAX_SPANS} spans were waiting")),
        Why::Shutdown => Some("incomplete: not ended at shutdown".to_owned()),
    };
    if let Some(note) = note {
        text.push_str(&separator);
        text.push_str(&paint.warning(&note));
    }
    text.push('\n');
    let missing = matches!(tree.why, Why::Overflow | Why::Shutdown);
    text.push_str(&tree::render(spans, Style::Pretty { color, missing }));
    text.push('\n');
    text
}

pub(super) fn rows(rows: &[Row<'_>], color: bool, missing: bool) -> String {
    let paint = Paint { color };
    let heads: Vec<Head> = heads(rows);
    let column = heads.iter().map(Head::width).max().unwrap_or_default().min(WIDEST_NAME_COLUMN);

    let mut text = String::new();
    for (row, head) in rows.iter().zip(heads) {
        let span = row.span;
        let failed = matches!(span.status, Status::Error { .. });
        let padding = column.saturating_sub(head.width());
        text.push_str(&paint.faint(&head.branch));
        text.push_str(&if failed { paint.error("✗ ") } else { paint.success("✓ ") });
        text.push_str(&paint.bold(&head.name));
        text.push_str(&" ".repeat(padding + 2));
        text.push_str(&paint.span_type(span.span_type));
        text.push_str(&format!(" {:>7}", duration(span.duration())));
        let attributes_text = attributes(&span.attributes, LONGEST_VALUE);
        if !attributes_text.is_empty() {
            text.push_str("  ");
            text.push_str(&paint.faint(&attributes_text));
        }
        if missing && row.is_orphan {
            text.push_str("  ");
            text.push_str(&paint.warning("(parent missing)"));
        }
        text.push('\n');

        let mut detail = |line: &str| {
            text.push_str(&paint.faint(&head.below));
            text.push_str(line);
            text.push('\n');
        };
        if let Status::Error { description } = &span.status
            && !description.is_empty()
        {
            detail(&paint.error(&format!("error: {}", shown(description, LONGEST_MESSAGE))));
        }
        for event in &span.events {
            let name = shown(&event.name, LONGEST_NAME);
            let attributes_text = attributes(&event.attributes, LONGEST_VALUE);
            let space = if attributes_text.is_empty() { "" } else { " " };
            detail(&format!("• {name}{space}{}", paint.faint(&attributes_text)));
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
    /// With the mark.
    fn width(&self) -> usize {
        self.branch.chars().count() + 2 + self.name.chars().count()
    }
}

fn heads(rows: &[Row<'_>]) -> Vec<Head> {
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
        Head { branch, name: shown(&row.span.name, LONGEST_NAME), below }
    };
    rows.iter().map(head).collect()
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn success(self, text: &str) -> String {
        self.with("32", text)
    }

    fn warning(self, text: &str) -> String {
        self.with("33", text)
    }

    fn error(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Padded to a column: a colour for what decides, for models, for tools, for data and for checks.
    fn span_type(self, span_type: SpanType) -> String {
        let color = match span_type {
            SpanType::Agent | SpanType::Workflow | SpanType::Chain => "35",
            SpanType::Llm => "36",
            SpanType::Tool => "33",
            SpanType::Retrieval | SpanType::Embedding | SpanType::Reranker => "34",
            SpanType::Guardrail | SpanType::Evaluator => "32",
            SpanType::Custom => "2",
        };
        self.with(color, &format!("{span_type:<9}"))
    }

    fn with(self, color: &str, text: &str) -> String {
        match self.color && !text.is_empty() {
            true => format!("\x1b[{color}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

const LONGEST_VALUE: usize = 60;
const LONGEST_NAME: usize = 100;
const LONGEST_MESSAGE: usize = 500;
/// Longer names push their columns to the right.
const WIDEST_NAME_COLUMN: usize = 44;
