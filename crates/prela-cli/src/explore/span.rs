//! Everything about one span.

use super::scroll::Scroll;
use crate::doctor::Finding;
use crate::query::Trace;
use crate::render;
use ratatui::style::Stylize as _;
use ratatui::text::Line;
use unicode_width::UnicodeWidthChar as _;

/// A span, as lines of text; the line that is selected is the first on the screen.
#[derive(Debug)]
pub(super) struct SpanPage {
    pub(super) title: String,
    text: Vec<String>,
    pub(super) scroll: Scroll,
    /// Lines as they were drawn last.
    pub(super) count: usize,
}

impl SpanPage {
    pub(super) fn of(trace: &Trace, place: usize, findings: &[Finding]) -> Self {
        let span = &trace.spans[place];
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = render::of_span(&mut text, span, trace.summary.start_ns);
        let text = String::from_utf8_lossy(&text).into_owned();
        let text = anstream::adapter::strip_str(text.trim_start()).to_string();
        let mut text: Vec<String> = text.lines().map(str::to_owned).collect();
        let own =
            |it: &&Finding| it.trace_id == trace.summary.trace_id && it.span_id == span.span_id;
        for finding in findings.iter().filter(own) {
            text.extend([
                "".to_owned(),
                format!("⚠ {}", render::clean(&finding.reason)),
                "  write:".to_owned(),
            ]);
            text.extend(finding.code.lines().map(|line| format!("    {}", render::clean(line))));
        }
        let title = render::clean(span.name());
        Self { title, count: text.len(), text, scroll: Scroll::default() }
    }

    /// What fits from the selected line on; long lines are wrapped.
    pub(super) fn lines(&mut self, width: usize, height: usize) -> Vec<Line<'static>> {
        let all: Vec<String> = self.text.iter().flat_map(|line| broken(line, width)).collect();
        self.count = all.len();
        // The last line stays at the bottom of the screen.
        self.scroll.selected = self.scroll.selected.min(all.len().saturating_sub(height));
        let first = self.scroll.selected;
        // For the keys that move by a screen.
        self.scroll.window(all.len(), height);
        let shown = all.into_iter().enumerate().skip(first).take(height);
        shown
            .map(|(at, line)| if at == 0 { Line::from(line).bold() } else { Line::from(line) })
            .collect()
    }
}

/// A line in parts of at most `columns` columns.
fn broken(line: &str, columns: usize) -> Vec<String> {
    let (mut parts, mut used) = (vec![String::new()], 0);
    for c in line.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns {
            parts.push(String::new());
            used = 0;
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        used += wide;
    }
    parts
}
