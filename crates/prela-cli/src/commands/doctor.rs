//! `prela doctor`.

use super::{Global, Outcome};
use crate::doctor::{Doctor, Finding, Kind};
use crate::render::{self, BOLD, DIM, YELLOW, clean};
use std::io::{self, Write};

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
            print(out, &findings)?;
        }
        Ok(Outcome::Done)
    }
}

/// Says of each finding what it is, why, and what to write.
pub(crate) fn print(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        let name = clean(&finding.name);
        let id = &finding.trace_id.to_string()[..16];
        let what = match finding.kind {
            Kind::Orphan => "lost its parent",
            Kind::StrayRoot => "is a trace of its own",
        };
        writeln!(out, "\n{YELLOW}⚠ `{name}` {what}{YELLOW:#} {DIM}(trace {id}){DIM:#}")?;
        if let Some(parent) = &finding.parent {
            writeln!(out, "  probably belongs under {BOLD}`{}`{BOLD:#}", clean(&parent.name))?;
        }
        let room = render::width_of_output().saturating_sub(9);
        for (at, line) in render::wrap(&clean(&finding.reason), room).iter().enumerate() {
            writeln!(out, "  {} {line}", if at == 0 { "why:  " } else { "      " })?;
        }
        for (at, line) in finding.code.lines().enumerate() {
            writeln!(out, "  {} {}", if at == 0 { "write:" } else { "      " }, clean(line))?;
        }
    }
    Ok(())
}
