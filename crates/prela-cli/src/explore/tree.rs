//! The tree of one trace.

use super::list::marked;
use super::scroll::Scroll;
use crate::doctor::{Doctor, Finding, Kind};
use crate::ids::{SpanId, TraceId};
use crate::query::{QueryError, Reader, Trace};
use crate::render::{self, Parts, Row, Waterfall};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};

/// A trace as a waterfall.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) trace: Trace,
    pub(super) findings: Vec<Finding>,
    rows: Vec<Row>,
    pub(super) scroll: Scroll,
    pub(super) query: Option<String>,
}

/// What the selected line opens.
pub(super) enum Below {
    /// A span, by its place in [`Trace::spans`].
    Span(usize),
    /// Another trace, which probably belongs here.
    Trace(TraceId),
}

impl Tree {
    pub(super) fn open(reader: &Reader, id: TraceId) -> Result<Self, QueryError> {
        let trace = reader.trace(id)?;
        let findings = Doctor::new(reader).of_trace(&trace)?;
        let rows = render::rows(&trace, &findings);
        Ok(Self { trace, findings, rows, scroll: Scroll::default(), query: None })
    }

    /// Reads it again; the span that was selected stays selected.
    pub(super) fn load(&mut self, reader: &Reader) -> Result<(), QueryError> {
        let kept = self.selected();
        let mut new = Self::open(reader, self.trace.summary.trace_id)?;
        new.scroll = self.scroll;
        new.query = self.query.take();
        let is_kept = |row: &Row| row.span.map(|at| new.trace.spans[at].span_id) == kept;
        if let Some(place) = kept.and_then(|_| new.rows.iter().position(is_kept)) {
            new.scroll.selected = place;
        }
        *self = new;
        Ok(())
    }

    fn selected(&self) -> Option<SpanId> {
        let row = self.rows.get(self.scroll.selected)?;
        row.span.map(|at| self.trace.spans[at].span_id)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn below(&self) -> Option<Below> {
        let row = self.rows.get(self.scroll.selected)?;
        if let Some(at) = row.span {
            return Some(Below::Span(at));
        }
        let mut strays = self.findings.iter().filter(|it| it.kind == Kind::StrayRoot);
        strays.find(|it| it.start_ns == row.start_ns).map(|it| Below::Trace(it.trace_id))
    }

    /// Selects the next span that has the text, or the one before. Returns where the text is in it.
    pub(super) fn find(&mut self, is_forward: bool) -> Option<String> {
        let (query, count) = (self.query.clone()?, self.rows.len());
        let step = |number: usize| match is_forward {
            true => (self.scroll.selected + number) % count,
            false => (self.scroll.selected + count - number % count) % count,
        };
        let found = (1..=count).map(step).find_map(|at| {
            let span = &self.trace.spans[self.rows[at].span?];
            span.mention(&query).map(|(place, excerpt)| (at, format!("{place}: {excerpt}")))
        });
        let (at, place) = found?;
        self.scroll.selected = at;
        Some(place)
    }

    pub(super) fn title(&self) -> String {
        let mut line = Vec::new();
        // Writing to memory does not fail.
        let _ = render::header(&mut line, &self.trace, self.findings.len(), usize::MAX);
        let line = String::from_utf8_lossy(&line).into_owned();
        anstream::adapter::strip_str(line.trim()).to_string()
    }

    pub(super) fn lines(&mut self, width: usize, height: usize) -> Vec<Line<'static>> {
        let waterfall = Waterfall::of(&self.rows, width.saturating_sub(2));
        let lines = self.scroll.window(self.rows.len(), height);
        let selected = self.scroll.selected;
        let line = |at: usize| marked(line(&self.rows[at], &waterfall), at == selected);
        lines.map(line).collect()
    }
}

fn line(row: &Row, waterfall: &Waterfall) -> Vec<Span<'static>> {
    let style = if row.is_error {
        Style::new().fg(Color::Red)
    } else if row.mark.starts_with('⚠') {
        Style::new().fg(Color::Yellow)
    } else {
        Style::new()
    };
    let Parts { name, bar: [before, bar, after], rest } = waterfall.parts(row);
    let mut line = vec![Span::styled(name, style)];
    if !bar.is_empty() {
        line.extend([
            Span::raw(format!(" {before}")).dim(),
            Span::styled(bar, style),
            Span::raw(after).dim(),
        ]);
    }
    line.push(Span::raw(rest));
    line
}
