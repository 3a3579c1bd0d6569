//! `prela doctor`.

use super::{Global, Outcome};
use crate::doctor::Doctor;
use crate::render;
use std::io::Write;

/// Finds spans that lost their parent, and says where and what to write instead.
#[derive(Debug, clap::Args)]
pub(super) struct Diagnose {
    /// The first digits of a trace's id, `last` or `last~1`; without it the newest traces.
    #[arg(value_name = "TRACE")]
    trace: Option<String>,
    /// How many of the newest traces.
    #[arg(short = 'n', long, default_value_t = 100)]
    limit: usize,
}

impl Diagnose {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let doctor = Doctor::new(&reader);
        let findings = match &self.trace {
            Some(trace) => doctor.of_trace(&reader.trace(reader.find(trace)?)?)?,
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
