//! A trace as a waterfall: a line for each span, with a bar for its time.

use super::rows::Row;
use super::text::{clean, fit};
use super::units::{duration, without_end};
use super::{BOLD, DIM, RED, YELLOW};
use crate::query::Trace;
use std::collections::BTreeSet;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr as _;

/// Prints the line above: which trace, how long, how much, and what is wrong.
///
/// # Errors
///
/// Those of the output.
pub fn header(out: &mut dyn Write, trace: &Trace, broken: usize, width: usize) -> io::Result<()> {
    let summary = &trace.summary;
    let threads: BTreeSet<_> = trace.spans.iter().filter_map(|it| it.thread.as_ref()).collect();
    let services: BTreeSet<_> = trace.spans.iter().map(|it| it.service()).collect();
    let mut parts = vec![duration(summary.duration_ns), counted(summary.spans, "span")];
    let several = [(services.len(), "service"), (threads.len(), "thread")];
    parts.extend(several.iter().filter(|it| it.0 > 1).map(|it| counted(it.0 as u64, it.1)));
    for (number, what) in [(summary.errors, "error"), (broken as u64, "broken link")] {
        if number > 0 {
            parts.push(counted(number, what));
        }
    }
    parts.extend(without_end(summary));
    let id = summary.trace_id.to_string();
    let rest = format!("{}  {}", &id[..16], parts.join(" · "));
    let rest = fit(&rest, rest.width().min(width.saturating_sub(6)));
    writeln!(out, "{BOLD}trace{BOLD:#} {rest}")
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Prints only names and durations.
///
/// # Errors
///
/// Those of the output.
pub fn compact(out: &mut dyn Write, rows: &[Row], width: usize) -> io::Result<()> {
    for row in rows {
        let took = row.took();
        let name = name(row, width / 2);
        let room = name.width().min(width.saturating_sub(took.width() + 2));
        let style = style(row);
        writeln!(out, "{style}{}{style:#}  {DIM}{took}{DIM:#}", fit(&name, room))?;
    }
    Ok(())
}

/// Prints a line for each row, no longer than `width`: name, bar, duration, thread, tokens and cost.
///
/// # Errors
///
/// Those of the output.
pub fn waterfall(out: &mut dyn Write, rows: &[Row], width: usize) -> io::Result<()> {
    let waterfall = Waterfall::of(rows, width);
    for row in rows {
        let style = style(row);
        let Parts { name, bar: [before, bar, after], rest } = waterfall.parts(row);
        write!(out, "{style}{name}{style:#}")?;
        if !bar.is_empty() {
            write!(out, " {DIM}{before}{DIM:#}{style}{bar}{style:#}{DIM}{after}{DIM:#}")?;
        }
        writeln!(out, "{rest}")?;
    }
    Ok(())
}

/// The common layout of rows.
pub(crate) struct Waterfall {
    columns: Columns,
    begin: i64,
    length: i64,
}

/// The parts of a line.
pub(crate) struct Parts {
    /// With its indentation and mark.
    pub(crate) name: String,
    /// What is before the bar, the bar, and what follows; all empty where there is no room for one.
    pub(crate) bar: [String; 3],
    /// Duration, thread, tokens and cost.
    pub(crate) rest: String,
}

impl Waterfall {
    pub(crate) fn of(rows: &[Row], width: usize) -> Self {
        let begin = rows.iter().map(|row| row.start_ns).min().unwrap_or(0);
        let ends = rows.iter().map(|row| row.end_ns.unwrap_or(row.start_ns));
        let length = ends.max().unwrap_or(begin).saturating_sub(begin).max(1);
        Self { columns: Columns::of(rows, width), begin, length }
    }

    pub(crate) fn parts(&self, row: &Row) -> Parts {
        let columns = &self.columns;
        let mut rest = format!(" {:>1$}", row.took(), columns.took);
        for (text, room) in [(&row.thread, columns.thread), (&row.usage, columns.usage)] {
            if room > 0 {
                rest.push(' ');
                rest.push_str(&fit(text, room));
            }
        }
        Parts {
            name: fit(&name(row, columns.name / 2), columns.name),
            bar: match columns.bar {
                0 => Default::default(),
                room => bar(row, self.begin, self.length, room),
            },
            rest: rest.trim_end().to_owned(),
        }
    }
}

/// How many columns each part has; 0 for what is left out.
struct Columns {
    name: usize,
    bar: usize,
    took: usize,
    thread: usize,
    usage: usize,
}

impl Columns {
    fn of(rows: &[Row], width: usize) -> Self {
        let longest = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let name =
            longest(|row| row.depth.min(MAX_DEPTH) * 2 + row.mark.width() + row.name.width());
        let mut thread = longest(|row| row.thread.width()).min(16);
        let mut usage = longest(|row| row.usage.width()).min(24);
        let took = longest(|row| row.took().width()).max(DURATION);
        let room = width.saturating_sub(took + 1);
        let bar_beside = |name: usize, thread: usize, usage: usize| {
            let beside =
                [thread, usage].iter().filter(|it| **it > 0).map(|it| it + 1).sum::<usize>();
            room.saturating_sub(name + 1 + beside)
        };
        let name = name.min(room * 2 / 5);
        // Where it is narrow, the bar is worth more than the thread.
        if bar_beside(name, thread, usage) < 20 {
            thread = 0;
        }
        if bar_beside(name, thread, usage) < 20 {
            usage = 0;
        }
        match bar_beside(name, thread, usage) {
            bar if bar >= 8 => Self { name, bar: bar.min(60), took, thread, usage },
            _ => Self { name: room, bar: 0, took, thread: 0, usage: 0 },
        }
    }
}

/// The mark and the name, indented by at most `most` columns.
fn name(row: &Row, most: usize) -> String {
    let indent = (row.depth * 2).min(most);
    format!("{:indent$}{}{}", "", row.mark, row.name)
}

fn style(row: &Row) -> anstyle::Style {
    if row.is_error {
        RED
    } else if row.mark.starts_with('⚠') {
        YELLOW
    } else {
        anstyle::Style::new()
    }
}

/// What stands before the bar, the bar in steps of an eighth, and what follows: `columns` in all.
fn bar(row: &Row, begin: i64, length: i64, columns: usize) -> [String; 3] {
    let eighths = columns * 8;
    let at = |time: i64| {
        let part = i128::from(time.saturating_sub(begin)) * eighths as i128 / i128::from(length);
        usize::try_from(part).unwrap_or(0).min(eighths)
    };
    let end = row.end_ns.map_or(eighths, at);
    let first = (at(row.start_ns) / 8).min(columns - 1);
    // Something of it is always seen.
    let length = end.saturating_sub(first * 8).max(1);
    let (full, part) = (length / 8, length % 8);
    let mut bar = String::new();
    let filled = if row.is_guess {
        bar.extend(std::iter::repeat_n('╌', length.div_ceil(8)));
        length.div_ceil(8)
    } else {
        let cell = if row.end_ns.is_some() { '█' } else { '▒' };
        bar.extend(std::iter::repeat_n(cell, full));
        bar.extend(PARTS.get(part));
        full + usize::from(part > 0)
    };
    let dots = |number: usize| "·".repeat(number);
    [dots(first), bar.replace(' ', ""), dots(columns.saturating_sub(first + filled))]
}

/// Prints the messages of failed spans, a line each.
///
/// # Errors
///
/// Those of the output.
pub(crate) fn errors(
    out: &mut dyn Write,
    trace: &Trace,
    rows: &[Row],
    width: usize,
) -> io::Result<()> {
    for span in rows.iter().filter_map(|row| row.span).map(|at| &trace.spans[at]) {
        let message = span.status_message();
        if span.is_error() && !message.is_empty() {
            let line = clean(&format!("✗ {}: {message}", span.name()));
            writeln!(out, "{RED}{}{RED:#}", fit(&line, line.width().min(width)))?;
        }
    }
    Ok(())
}

const DURATION: usize = 8;
const MAX_DEPTH: usize = 20;
/// Eighths of a cell, from none on.
const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
