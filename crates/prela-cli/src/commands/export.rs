//! `prela export`.

use super::{Global, Outcome};
use crate::doctor::Doctor;
use crate::page::{self, Content};
use crate::query::Reader;
use anyhow::Context as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Writes a trace in a format that other programs read.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The first digits of its id, `last` or `last~1`.
    #[arg(value_name = "TRACE")]
    trace: String,
    #[command(flatten)]
    format: Format,
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
}

impl Export {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let Some(path) = &self.output else {
            return self.write(&reader, out);
        };
        let cannot = || format!("{} cannot be written", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
        let outcome = self.write(&reader, &mut file)?;
        file.flush().with_context(cannot)?;
        Ok(outcome)
    }

    fn write(&self, reader: &Reader, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let trace = reader.trace(reader.find(&self.trace)?)?;
        if self.format.html {
            let findings = Doctor::new(reader).of_trace(&trace)?;
            let content = if self.without_content { Content::Without } else { Content::Whole };
            write!(out, "{}", page::file(&trace, &findings, content))?;
        } else {
            writeln!(out, "{}", trace.otlp_json())?;
        }
        Ok(Outcome::Done)
    }
}
