//! `prela diff`.

use super::{Global, Outcome};
use crate::render;
use std::io::Write;

/// Compares two traces: which spans are new or gone, what took longer, what was said, tokens and cost.
///
/// As in `prela diff last~1 last`, for what the last change did.
#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// The trace to compare with: the first digits of its id, `last` or `last~1`.
    a: String,
    /// The trace to look at.
    b: String,
}

impl Diff {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let diff = reader.diff(reader.find(&self.a)?, reader.find(&self.b)?)?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&diff)?)?;
        } else {
            render::diff(out, &diff, render::width_of_output())?;
        }
        Ok(Outcome::Done)
    }
}
