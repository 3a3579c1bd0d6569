//! `prela export`.

use super::{Global, Outcome};
use anyhow::Context as _;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Writes a trace in a format that other programs read.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The first digits of its id, `last` or `last~1`.
    #[arg(value_name = "TRACE")]
    trace: String,
    /// As a line of OTLP's JSON, as the OpenTelemetry Collector writes files. `prela import` reads it.
    #[arg(long, required = true)]
    otlp_json: bool,
    /// Into a file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let trace = reader.trace(reader.find(&self.trace)?)?;
        let line = trace.otlp_json();
        let Some(path) = &self.output else {
            writeln!(out, "{line}")?;
            return Ok(Outcome::Done);
        };
        let cannot = || format!("{} cannot be written", path.display());
        let mut file = File::create(path).with_context(cannot)?;
        writeln!(file, "{line}").with_context(cannot)?;
        Ok(Outcome::Done)
    }
}
