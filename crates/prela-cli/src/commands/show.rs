//! `prela show`.

use super::{Global, Outcome};
use crate::query::{Link, Tree};
use std::io::Write;

/// Shows one trace.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The first digits of its id, `last`, or `last~1` for the one before.
    trace: String,
}

impl Show {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = global.reader()?;
        let trace = reader.trace(reader.find(&self.trace)?)?;
        if global.json {
            writeln!(out, "{}", crate::server::trace_json(&trace))?;
            return Ok(Outcome::Done);
        }
        for node in Tree::of(&trace).nodes {
            let span = &trace.spans[node.span];
            let mark = match node.link {
                Link::Root | Link::Child if span.is_error() => "✗ ",
                Link::Root | Link::Child => "",
                Link::Orphan | Link::Circle => "⚠ ",
            };
            let duration =
                span.duration_ns().map(|ns| std::time::Duration::from_nanos(ns.unsigned_abs()));
            let duration =
                duration.map_or("running".to_owned(), |duration| format!("{duration:.1?}"));
            writeln!(
                out,
                "{:indent$}{mark}{}  {duration}",
                "",
                span.name(),
                indent = node.depth * 2
            )?;
        }
        Ok(Outcome::Done)
    }
}
