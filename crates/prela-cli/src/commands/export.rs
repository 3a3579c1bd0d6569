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
    /// The first digits of the trace's id, `last`, or `last~1` for the one before.
    #[arg(value_name = "TRACE", required_unless_present = "all")]
    trace: Option<String>,
    #[command(flatten)]
    format: Format,
    /// Writes every trace of the store instead of one, a line each.
    #[arg(long, conflicts_with_all = ["trace", "html", "perfetto"])]
    all: bool,
    /// Leaves out what was said: prompts, answers, documents, arguments and results of tools.
    #[arg(long, requires = "html")]
    without_content: bool,
    /// Writes to this file instead of the standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Format {
    /// Writes OTLP's JSON in one line, as the OpenTelemetry Collector's files have it; `prela import` reads it.
    #[arg(long)]
    otlp_json: bool,
    /// Writes a web page that opens in any browser, without a network.
    #[arg(long)]
    html: bool,
    /// Writes events of Chrome's tracing, for https://ui.perfetto.dev, with a track for each thread.
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
        // The trace is read before the file is emptied, so a wrong id costs no earlier export.
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

    /// Writes one trace in the chosen format, or without one all traces of the store.
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

/// Writes every trace, the oldest first, so that an import stores them in the same order.
fn all(reader: &Reader, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let traces = reader.list(&Filter { limit: usize::MAX, ..Filter::default() })?;
    let mut progress = Progress::of_traces(Some(traces.len() as u64));
    for (done, trace) in (1..).zip(traces.iter().rev()) {
        match reader.trace(trace.trace_id) {
            Ok(trace) => writeln!(out, "{}", trace.otlp_json())?,
            // Retention removed it meanwhile.
            Err(QueryError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        progress.at(done);
    }
    Ok(if traces.is_empty() { Outcome::Nothing } else { Outcome::Done })
}
