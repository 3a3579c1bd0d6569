//! `prela show`, `last` and `diff`: one trace in full, or two side by side.

use super::{Global, Outcome};
use crate::doctor::Doctor;
use crate::ids::TraceId;
use crate::render;
use std::io::Write;

/// Shows one trace: a line for each span, with a bar for when it ran.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The first digits of the trace's id, `last`, or `last~1` for the one before.
    #[arg(value_name = "TRACE")]
    trace: String,
    #[command(flatten)]
    detail: Detail,
}

/// Shows the newest trace: `show last`.
#[derive(Debug, clap::Args)]
pub(super) struct Last {
    #[command(flatten)]
    detail: Detail,
}

/// How much of each span is shown.
#[derive(Debug, Default, clap::Args)]
struct Detail {
    /// Shows all of each span, uncut: messages of models, attributes, events.
    #[arg(long, conflicts_with = "compact")]
    full: bool,
    /// Shows names and durations alone.
    #[arg(long, short)]
    compact: bool,
    /// Prints a test in Rust that expects these spans, with `prela::testing::assert_trace!`.
    #[arg(long, conflicts_with_all = ["full", "compact"])]
    as_test: bool,
}

impl Last {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        Show { trace: "last".to_owned(), detail: self.detail }.run(global, out)
    }
}

impl Show {
    /// The command `prela show` with this id.
    pub(super) fn of(id: TraceId) -> Self {
        Self { trace: id.to_string(), detail: Detail::default() }
    }

    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Detail { full, compact, as_test } = self.detail;
        if global.json && (compact || as_test) {
            anyhow::bail!(
                "`--json` prints all of a trace; it goes with neither `--compact` nor `--as-test`"
            );
        }
        let reader = global.reader()?;
        let doctor = Doctor::new(&reader);
        let trace = reader.trace(doctor.find(&self.trace)?)?;
        if global.json {
            writeln!(out, "{}", crate::server::trace_json(&trace))?;
            return Ok(Outcome::Done);
        }
        if as_test {
            render::as_test(out, &trace)?;
            return Ok(Outcome::Done);
        }
        let width = render::width_of_output();
        let findings = doctor.of_trace(&trace)?;
        let rows = render::rows(&trace, &findings);
        render::header(out, &trace, findings.len(), width)?;
        if compact {
            render::compact(out, &rows, width)?;
            return Ok(Outcome::Done);
        }
        render::waterfall(out, &rows, width)?;
        render::errors(out, &trace, &rows, width)?;
        if full {
            render::details(out, &trace, &rows)?;
        }
        render::findings(out, &findings)?;
        Ok(Outcome::Done)
    }
}

/// Compares two traces: which spans are new or gone, what took longer, what was said, tokens and cost.
///
/// For example `prela diff last~1 last`, to see what the last change did.
#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// The trace before the change: the first digits of its id, `last` or `last~1`.
    a: String,
    /// The trace after it.
    b: String,
}

impl Diff {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let doctor = Doctor::new(&reader);
        let diff = reader.diff(doctor.find(&self.a)?, doctor.find(&self.b)?)?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&diff)?)?;
        } else {
            render::diff(out, &diff, render::width_of_output())?;
        }
        Ok(Outcome::Done)
    }
}
