//! Two traces beside each other.

use super::text::{clean, fit};
use super::units::{dollars, duration, side_took, usage};
use super::{BOLD, DIM, GREEN, RED, YELLOW};
use crate::query::{Change, ContentDiff, Diff, Side, SpanDiff, TraceSummary, Usage};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr as _;

/// Prints the sums of both, a line for each span, and what was said in only one of them.
///
/// # Errors
///
/// Those of the output.
pub fn diff(out: &mut dyn Write, diff: &Diff, width: usize) -> io::Result<()> {
    sums(out, &diff.a, &diff.b)?;
    writeln!(out)?;
    let longest = |span: &SpanDiff| 2 * span.depth.min(MAX_DEPTH) + clean(&span.name).width();
    let longest = diff.spans.iter().map(longest).max().unwrap_or(0);
    let names = longest.min(width.saturating_sub(2 + NUMBERS)).max(12);
    for span in &diff.spans {
        line(out, span, names, width)?;
    }
    for span in diff.spans.iter().filter(|span| !span.content.is_empty()) {
        writeln!(out, "\n{BOLD}{}{BOLD:#}", clean(&renamed(span)))?;
        span.content.iter().try_for_each(|it| content(out, it, width))?;
    }
    if diff.is_same() {
        writeln!(out, "\nBoth do and say the same; only times differ.")?;
    }
    Ok(())
}

fn sums(out: &mut dyn Write, a: &TraceSummary, b: &TraceSummary) -> io::Result<()> {
    let id = |trace: &TraceSummary| trace.trace_id.to_string()[..16].to_owned();
    writeln!(out, "{DIM}{:8}  {:18}  B{DIM:#}", "", "A")?;
    writeln!(out, "{:8}  {:18}  {}", "trace", id(a), id(b))?;
    let (long_a, long_b) = (a.duration_ns, b.duration_ns);
    let took = format!("{}{}", change(long_a, long_b), percent(long_a, long_b));
    row(out, "took", [duration(long_a), duration(long_b), took])?;
    let number = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    let tokens = |it: &TraceSummary| usage(Usage { cost_nusd: 0, ..it.usage() });
    for (name, a, b) in [("spans", a.spans, b.spans), ("errors", a.errors, b.errors)] {
        let more = number(b).saturating_sub(number(a));
        let more = if more == 0 { String::new() } else { format!("{more:+}") };
        row(out, name, [a.to_string(), b.to_string(), more])?;
    }
    let sum = |it: &TraceSummary| number(it.input_tokens.saturating_add(it.output_tokens));
    if sum(a).max(sum(b)) > 0 {
        row(
            out,
            "tokens",
            [tokens(a), tokens(b), percent(sum(a), sum(b)).trim_start().to_owned()],
        )?;
    }
    if a.cost_nusd.max(b.cost_nusd) > 0 {
        let more = percent(number(a.cost_nusd), number(b.cost_nusd)).trim_start().to_owned();
        row(out, "cost", [dollars(a.cost_nusd), dollars(b.cost_nusd), more])?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, name: &str, [a, b, more]: [String; 3]) -> io::Result<()> {
    let line = format!("{name:8}  {}  {}  {more}", fit(&a, 18), fit(&b, 18));
    writeln!(out, "{}", line.trim_end())
}

/// A span: what became of it, its name, how long it took in A and in B, and how much longer.
fn line(out: &mut dyn Write, span: &SpanDiff, names: usize, width: usize) -> io::Result<()> {
    let (mark, style) = match span.change {
        Change::Same => (" ", anstyle::Style::new()),
        Change::Changed => ("~", YELLOW),
        Change::Added => ("+", GREEN),
        Change::Removed => ("-", RED),
    };
    let indent = span.depth.min(MAX_DEPTH) * 2;
    let name = fit(&format!("{:indent$}{}", "", clean(&span.name)), names);
    let took = |side: &Option<Side>| side.as_ref().map(side_took).unwrap_or_default();
    let more = match (&span.a, &span.b) {
        (Some(Side { duration_ns: Some(a), .. }), Some(Side { duration_ns: Some(b), .. })) => {
            change(*a, *b)
        }
        _ => String::new(),
    };
    let rest = format!(" {:>8} {:>8} {:>9}  {}", took(&span.a), took(&span.b), more, notes(span));
    let room = width.saturating_sub(2 + names);
    let rest = fit(rest.trim_end(), rest.trim_end().width().min(room));
    writeln!(out, "{style}{mark} {name}{style:#}{}", rest.trim_end())
}

/// What else differs in a span.
fn notes(span: &SpanDiff) -> String {
    let used = |it: &Side| usage(it.usage());
    let mut notes = Vec::new();
    match (&span.a, &span.b) {
        (Some(a), Some(b)) => {
            match (a.is_error, b.is_error) {
                (false, true) => notes.push("fails now".to_owned()),
                (true, false) => notes.push("failed before".to_owned()),
                (true, true) | (false, false) => {}
            }
            if used(a) != used(b) {
                notes.push(format!("{} ⇒ {}", or_none(used(a)), or_none(used(b))));
            }
        }
        (Some(it), None) | (None, Some(it)) => {
            notes.extend(it.is_error.then(|| "failed".to_owned()));
            notes.push(used(it));
        }
        (None, None) => {}
    }
    notes.retain(|note| !note.is_empty());
    notes.join(", ")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// How much longer B took; empty if both are shown alike.
fn change(a: i64, b: i64) -> String {
    let more = b.saturating_sub(a);
    if duration(a) == duration(b) {
        return String::new();
    }
    let sign = if more < 0 { '-' } else { '+' };
    format!("{sign}{}", duration(more.saturating_abs()))
}

fn percent(a: i64, b: i64) -> String {
    if a <= 0 || a == b {
        return String::new();
    }
    let percent = (i128::from(b) - i128::from(a)) * 100 / i128::from(a);
    if percent == 0 { String::new() } else { format!(" {percent:+} %") }
}

fn renamed(span: &SpanDiff) -> String {
    match &span.a {
        Some(a) if a.name != span.name => format!("{} ⇒ {}", a.name, span.name),
        _ => span.name.clone(),
    }
}

fn content(out: &mut dyn Write, content: &ContentDiff, width: usize) -> io::Result<()> {
    let key = clean(&content.key);
    if let (Some(a), Some(b)) = (&content.a, &content.b)
        && key.width() + a.width() + b.width() + 8 <= width
        && content.lines.is_empty()
    {
        let (a, b) = (clean(a), clean(b));
        return writeln!(out, "  {key}  {RED}{a}{RED:#} ⇒ {GREEN}{b}{GREEN:#}");
    }
    writeln!(out, "  {key}")?;
    let line = |out: &mut dyn Write, mark, style: anstyle::Style, text: &str| {
        let line = format!("{mark} {}", clean(text));
        writeln!(out, "    {style}{}{style:#}", line.trim_end())
    };
    if content.lines.is_empty() {
        let sides = [("-", RED, &content.a), ("+", GREEN, &content.b)];
        return sides.into_iter().try_for_each(|(mark, style, text)| match text {
            Some(text) => line(out, mark, style, text),
            None => Ok(()),
        });
    }
    content.lines.iter().try_for_each(|it| match it.change {
        Change::Added => line(out, "+", GREEN, &it.text),
        Change::Removed => line(out, "-", RED, &it.text),
        Change::Same | Change::Changed => line(out, " ", DIM, &it.text),
    })
}

/// Columns of the numbers of a line, with room for what follows them.
const NUMBERS: usize = 44;
const MAX_DEPTH: usize = 20;
