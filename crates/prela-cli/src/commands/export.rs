//! `prela export`.

use super::progress::Progress;
use super::{Global, Outcome};
use crate::doctor::Doctor;
use crate::page::{self, Content};
use crate::query::{Filter, QueryError, Reader, Trace};
use crate::render;
use anyhow::Context as _;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Writes a trace in a format that other programs read.
///
/// With `--json` and a file, it prints the file and its size; OTLP's JSON and Perfetto's are JSON by themselves.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The first digits of its id, `last` or `last~1`.
    #[arg(value_name = "TRACE", required_unless_present = "all")]
    trace: Option<String>,
    #[command(flatten)]
    format: Format,
    /// Every trace of the store instead of one, a line each.
    #[arg(long, conflicts_with_all = ["trace", "html", "perfetto"])]
    all: bool,
    /// Leaves out what was said: prompts, answers, documents, arguments and results of tools.
    #[arg(long, requires = "html")]
    without_content: bool,
    /// Into a file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Format {
    /// As a line of OTLP's JSON, as the OpenTelemetry Collector writes files. `prela import` reads it.
    #[arg(long)]
    otlp_json: bool,
    /// As a page of its own, which opens in any browser without a network.
    #[arg(long)]
    html: bool,
    /// As events of Chrome's tracing, for https://ui.perfetto.dev: threads as tracks.
    #[arg(long)]
    perfetto: bool,
}

impl Export {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        if global.json && self.output.is_none() && self.format.html {
            anyhow::bail!(
                "a page is no JSON: with `--output` it goes into a file, and `--json` says of it"
            );
        }
        let reader = global.reader()?;
        // Before the file is emptied: it may hold what was exported before.
        let trace = match &self.trace {
            Some(trace) => Some(reader.trace(Doctor::new(&reader).find(trace)?)?),
            None => None,
        };
        let Some(path) = &self.output else {
            return self.write(&reader, trace.as_ref(), out);
        };
        let cannot = || format!("{} cannot be written", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
        let outcome = self.write(&reader, trace.as_ref(), &mut file)?;
        file.flush().with_context(cannot)?;
        if global.json {
            let bytes = std::fs::metadata(path).with_context(cannot)?.len();
            writeln!(out, "{}", json!({ "file": path, "bytes": bytes }))?;
        }
        Ok(outcome)
    }

    /// Writes this trace, or all of them.
    fn write(
        &self,
        reader: &Reader,
        trace: Option<&Trace>,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let Some(trace) = trace else {
            return all(reader, out);
        };
        if self.format.html {
            let findings = Doctor::new(reader).of_trace(trace)?;
            let content = if self.without_content { Content::Without } else { Content::Whole };
            write!(out, "{}", page::file(trace, &findings, content))?;
        } else if self.format.perfetto {
            writeln!(out, "{}", render::perfetto(trace))?;
        } else {
            writeln!(out, "{}", trace.otlp_json())?;
        }
        Ok(Outcome::Done)
    }
}

/// The oldest first, so that they are in the same order where they are imported.
fn all(reader: &Reader, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let traces = reader.list(&Filter { limit: usize::MAX, ..Filter::default() })?;
    let mut progress = Progress::of_traces(Some(traces.len() as u64));
    for (done, trace) in (1..).zip(traces.iter().rev()) {
        match reader.trace(trace.trace_id) {
            Ok(trace) => writeln!(out, "{}", trace.otlp_json())?,
            // Retention took it away meanwhile.
            Err(QueryError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        progress.at(done);
    }
    Ok(if traces.is_empty() { Outcome::Nothing } else { Outcome::Done })
}
