//! The list of traces.

use super::scroll::Scroll;
use crate::ids::TraceId;
use crate::query::{Filter, QueryError, Reader, TraceSummary, Usage};
use crate::render::{clean, fit, trace_took, usage};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use std::collections::HashSet;
use unicode_width::UnicodeWidthStr as _;

/// The newest traces, or those that have a text in them.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) traces: Vec<TraceSummary>,
    pub(super) scroll: Scroll,
    pub(super) query: Option<String>,
    pub(super) errors_only: bool,
}

impl List {
    /// Reads the traces again. The selected one stays selected; at the top, the newest one is selected.
    pub(super) fn load(&mut self, reader: &Reader) -> Result<(), QueryError> {
        let kept = self.selected().filter(|_| self.scroll.selected > 0);
        let filter = Filter { limit: SHOWN, errors_only: self.errors_only, ..Filter::default() };
        self.traces = match &self.query {
            None => reader.list(&filter)?,
            Some(query) => {
                let mut seen = HashSet::new();
                let hits = reader.search(query, &filter)?;
                let traces = hits.iter().map(|hit| hit.trace_id).filter(|id| seen.insert(*id));
                let traces = traces.filter_map(|id| reader.summary(id).transpose());
                traces.collect::<Result<_, _>>()?
            }
        };
        let place = kept.and_then(|kept| self.traces.iter().position(|it| it.trace_id == kept));
        if let Some(place) = place {
            self.scroll.selected = place;
        }
        Ok(())
    }

    pub(super) fn selected(&self) -> Option<TraceId> {
        self.traces.get(self.scroll.selected).map(|it| it.trace_id)
    }

    pub(super) fn title(&self) -> String {
        let mut title = match self.traces.len() {
            SHOWN => format!("the newest {SHOWN} traces"),
            1 => "1 trace".to_owned(),
            number => format!("{number} traces"),
        };
        if let Some(query) = &self.query {
            title.push_str(&format!(" with `{}`", clean(query)));
        }
        if self.errors_only {
            title.push_str(" with errors");
        }
        title
    }

    pub(super) fn lines(&mut self, width: usize, height: usize, now: i64) -> Vec<Line<'static>> {
        if self.traces.is_empty() {
            return vec![
                Line::from("  There is no such trace. It will be here when it comes in.").dim(),
            ];
        }
        let longest = self.traces.iter().map(|trace| trace_took(trace).width()).max();
        let took = longest.unwrap_or(0).max(9);
        let names = width.saturating_sub(53 + took).clamp(10, 60);
        let head = format!(
            "  {:16}  {} {:>took$} {:>6} {:>6} {:>11} {:>4}",
            "TRACE",
            fit("NAME", names),
            "TOOK",
            "SPANS",
            "ERRORS",
            "TOKENS",
            "AGE"
        );
        let mut lines = vec![Line::from(head).dim()];
        for at in self.scroll.window(self.traces.len(), height.saturating_sub(1)) {
            let line = line(&self.traces[at], names, took, now);
            lines.push(marked(line, at == self.scroll.selected));
        }
        lines
    }
}

fn line(trace: &TraceSummary, names: usize, longest: usize, now: i64) -> Vec<Span<'static>> {
    let took = trace_took(trace);
    let tokens = usage(Usage { cost_nusd: 0, ..trace.usage() });
    let seconds = now.saturating_sub(trace.start_ns).max(0) / 1_000_000_000;
    let age = match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    };
    let errors = match trace.errors {
        0 => Style::new(),
        _ => Style::new().fg(Color::Red),
    };
    vec![
        Span::raw(format!("{}  ", &trace.trace_id.to_string()[..16])),
        Span::raw(fit(&clean(&trace.name), names)).bold(),
        Span::raw(format!(" {took:>longest$} {:>6} ", trace.spans)),
        Span::styled(format!("{:>6}", trace.errors), errors),
        Span::raw(format!(" {tokens:>11} {age:>4}")),
    ]
}

/// A line with the mark of the selection before it.
pub(super) fn marked(line: Vec<Span<'static>>, is_selected: bool) -> Line<'static> {
    let mut spans = vec![Span::raw(if is_selected { "▶ " } else { "  " })];
    spans.extend(line);
    if is_selected { Line::from(spans).reversed() } else { Line::from(spans) }
}

/// Traces that are kept in the list.
const SHOWN: usize = 1_000;
