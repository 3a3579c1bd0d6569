//! `prela list`.

use super::show::Show;
use super::{Global, Outcome};
use crate::query::{Filter, Reader, TraceSummary};
use crate::render::{self, DIM, RED, age, ago, clean, fit};
use std::io::{self, Write};
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;

/// Lists the newest traces.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Lists at most this many traces.
    #[arg(short = 'n', long, default_value_t = 20)]
    limit: usize,
    /// Lists only traces that began within this time, such as 10m.
    #[arg(short, long, value_parser = humantime::parse_duration, value_name = "TIME")]
    since: Option<Duration>,
    /// Lists only traces of this service.
    #[arg(long)]
    service: Option<String>,
    /// Lists only traces with a span that failed.
    #[arg(long)]
    errors: bool,
    /// Numbers the traces, and shows each whose number is typed in.
    #[arg(short, long)]
    interactive: bool,
}

impl List {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Self { limit, since, service, errors, interactive } = self;
        let since_ns = since.map(ago);
        let filter = Filter { limit, since_ns, service, errors_only: errors, ..Filter::default() };
        let reader = global.reader()?;
        let traces = reader.list(&filter)?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&traces)?)?;
        } else if traces.is_empty() {
            writeln!(out, "There is no such trace.")?;
        } else {
            table(out, &traces, &reader, interactive)?;
            if interactive {
                pick(global, out, &traces)?;
            }
        }
        Ok(if traces.is_empty() { Outcome::Nothing } else { Outcome::Done })
    }
}

/// Asks for numbers and shows their traces, until an empty line or the end of the input.
fn pick(global: &Global, out: &mut dyn Write, traces: &[TraceSummary]) -> anyhow::Result<()> {
    loop {
        write!(out, "\nNumber of a trace, or Enter to leave: ")?;
        out.flush()?;
        let mut line = String::new();
        let is_end = io::stdin().read_line(&mut line)? == 0;
        let answer = line.trim();
        if is_end || answer.is_empty() {
            if is_end {
                writeln!(out)?;
            }
            return Ok(());
        }
        let chosen = answer.parse::<usize>().ok().and_then(|it| traces.get(it.checked_sub(1)?));
        match chosen {
            Some(trace) => {
                writeln!(out)?;
                Show::of(trace.trace_id).run(global, out)?;
            }
            None => {
                writeln!(out, "`{}` is no number from 1 to {}.", clean(answer), traces.len())?;
            }
        }
    }
}

fn table(
    out: &mut dyn Write,
    traces: &[TraceSummary],
    reader: &Reader,
    is_numbered: bool,
) -> anyhow::Result<()> {
    let numbers = if is_numbered { traces.len().to_string().len() + 2 } else { 0 };
    let width = render::width_of_output().saturating_sub(numbers);
    let longest = traces.iter().map(|trace| render::trace_took(trace).width()).max();
    let longest = longest.unwrap_or(0).max(8);
    let names = width.saturating_sub(57 + longest).clamp(12, 60);
    let head = format!(
        "{:numbers$}{:16}  {}  {:>longest$}  {:>6}  {:>6}  {:>5}  {}",
        "",
        "TRACE",
        fit("NAME", names),
        "TOOK",
        "SPANS",
        "ERRORS",
        "AGE",
        "TYPE"
    );
    writeln!(out, "{DIM}{head}{DIM:#}")?;
    for (number, trace) in (1..).zip(traces) {
        if is_numbered {
            write!(out, "{number:>digits$}  ", digits = numbers - 2)?;
        }
        let id = trace.trace_id.to_string();
        let took = render::trace_took(trace);
        let style = if trace.errors > 0 { RED } else { anstyle::Style::new() };
        writeln!(
            out,
            "{}  {}  {took:>longest$}  {:>6}  {style}{:>6}{style:#}  {:>5}{}",
            &id[..16],
            fit(&clean(&trace.name), names),
            trace.spans,
            trace.errors,
            age(trace.start_ns),
            reader.kind(trace.trace_id)?.map(|kind| format!("  {kind}")).unwrap_or_default()
        )?;
    }
    Ok(())
}
