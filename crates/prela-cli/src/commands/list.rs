//! `prela list`.

use super::{Global, Outcome};
use crate::query::{Filter, TraceSummary};
use crate::render::{self, DIM, RED, clean, fit};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

/// Lists the newest traces.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 20)]
    limit: usize,
    /// Begun within this time, such as 10m.
    #[arg(short, long, value_parser = humantime::parse_duration, value_name = "TIME")]
    since: Option<Duration>,
    /// Of this service.
    #[arg(long)]
    service: Option<String>,
    /// Only those with a span that failed.
    #[arg(long)]
    errors: bool,
}

impl List {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Self { limit, since, service, errors } = self;
        let since_ns = since.map(ago);
        let filter = Filter { limit, since_ns, service, errors_only: errors, ..Filter::default() };
        let traces = global.reader()?.list(&filter)?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&traces)?)?;
        } else if traces.is_empty() {
            writeln!(out, "There is no such trace.")?;
        } else {
            table(out, &traces, render::width_of_output())?;
        }
        Ok(if traces.is_empty() { Outcome::Nothing } else { Outcome::Done })
    }
}

/// The time that was so long ago, in nanoseconds since 1970.
pub(crate) fn ago(time: Duration) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.saturating_sub(time).as_nanos()).unwrap_or(i64::MAX)
}

/// How long ago a time was, such as `5m`.
pub(crate) fn age(start_ns: i64) -> String {
    let seconds = ago(Duration::ZERO).saturating_sub(start_ns).max(0) / 1_000_000_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn table(out: &mut dyn Write, traces: &[TraceSummary], width: usize) -> io::Result<()> {
    let names = width.saturating_sub(55).clamp(12, 60);
    let head = format!(
        "{:16}  {}  {:>8}  {:>6}  {:>6}  {:>5}",
        "TRACE",
        fit("NAME", names),
        "TOOK",
        "SPANS",
        "ERRORS",
        "AGE"
    );
    writeln!(out, "{DIM}{head}{DIM:#}")?;
    for trace in traces {
        let id = trace.trace_id.to_string();
        let took =
            if trace.open > 0 { "running".to_owned() } else { render::duration(trace.duration_ns) };
        let style = if trace.errors > 0 { RED } else { anstyle::Style::new() };
        writeln!(
            out,
            "{}  {}  {took:>8}  {:>6}  {style}{:>6}{style:#}  {:>5}",
            &id[..16],
            fit(&clean(&trace.name), names),
            trace.spans,
            trace.errors,
            age(trace.start_ns)
        )?;
    }
    Ok(())
}
