//! `prela search`, `errors` and `doctor`: spans, and the traces that they are in.

use super::{Global, Outcome};
use crate::doctor::Doctor;
use crate::query::{Filter, SpanHit};
use crate::render::{self, BOLD, DIM, RED, age, ago, clean};
use std::io::{self, Write};
use std::time::Duration;

/// Finds spans by a text in their names, attributes, events, links and errors, or by an id.
#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// The text to find. Case matters only if it has capitals.
    query: String,
    #[command(flatten)]
    range: Range,
}

/// Lists the spans that failed, wherever in a trace they are.
#[derive(Debug, clap::Args)]
pub(super) struct Errors {
    #[command(flatten)]
    range: Range,
}

/// How many spans are listed, and of which time.
#[derive(Debug, clap::Args)]
struct Range {
    /// Lists at most this many spans.
    #[arg(short = 'n', long, default_value_t = 20)]
    limit: usize,
    /// Looks only in traces that began within this time, such as 10m.
    #[arg(short, long, value_parser = humantime::parse_duration, value_name = "TIME")]
    since: Option<Duration>,
}

impl Range {
    fn filter(&self) -> Filter {
        Filter { limit: self.limit, since_ns: self.since.map(ago), ..Filter::default() }
    }
}

impl Search {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let hits = global.reader()?.search(&self.query, &self.range.filter())?;
        let none = format!("No span has `{}` in it.", clean(&self.query));
        print(global, out, &hits, &none)
    }
}

impl Errors {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let hits = global.reader()?.errors(&self.range.filter())?;
        print(global, out, &hits, "No span failed.")
    }
}

fn print(
    global: &Global,
    out: &mut dyn Write,
    hits: &[SpanHit],
    none: &str,
) -> anyhow::Result<Outcome> {
    if global.json {
        writeln!(out, "{}", serde_json::to_string(hits)?)?;
    } else if hits.is_empty() {
        writeln!(out, "{none}")?;
    }
    if !global.json {
        hits.iter().try_for_each(|hit| line(out, hit))?;
    }
    Ok(if hits.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

fn line(out: &mut dyn Write, hit: &SpanHit) -> io::Result<()> {
    let id = hit.trace_id.to_string();
    let (mark, style) = if hit.is_error { ("✗ ", RED) } else { ("", BOLD) };
    let name = clean(&hit.name);
    write!(out, "{}  {style}{mark}{name}{style:#}", &id[..16])?;
    if hit.name != hit.trace_name {
        write!(out, " {DIM}in{DIM:#} {}", clean(&hit.trace_name))?;
    }
    writeln!(out, "  {DIM}{}{DIM:#}", age(hit.start_ns))?;
    let (place, text) = if hit.found_in.is_empty() {
        (String::new(), &hit.status_message)
    } else {
        (format!("{}: ", clean(&hit.found_in)), &hit.excerpt)
    };
    if text.is_empty() { Ok(()) } else { writeln!(out, "    {DIM}{place}{DIM:#}{}", clean(text)) }
}

/// Finds spans that lost their parent, and says where that happened and what to write instead.
#[derive(Debug, clap::Args)]
pub(super) struct Diagnose {
    /// The first digits of a trace's id, `last` or `last~1`; without it the newest traces are examined.
    #[arg(value_name = "TRACE")]
    trace: Option<String>,
    /// Examines at most this many of the newest traces.
    #[arg(short = 'n', long, default_value_t = 100)]
    limit: usize,
}

impl Diagnose {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let doctor = Doctor::new(&reader);
        let findings = match &self.trace {
            Some(trace) => doctor.of_trace(&reader.trace(doctor.find(trace)?)?)?,
            None => doctor.of_newest(self.limit)?,
        };
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&findings)?)?;
        } else if findings.is_empty() {
            writeln!(out, "No broken links: every span that was looked at has its place.")?;
        } else {
            render::findings(out, &findings)?;
        }
        Ok(Outcome::Done)
    }
}
