//! `prela list`.

use super::{Global, Outcome};
use crate::query::Filter;
use std::io::Write;

/// Lists the newest traces.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 20)]
    limit: usize,
    /// Of this service.
    #[arg(long)]
    service: Option<String>,
    /// Only those with a span that failed.
    #[arg(long)]
    errors: bool,
}

impl List {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Self { limit, service, errors } = self;
        let filter = Filter { limit, service, errors_only: errors, ..Filter::default() };
        let traces = global.reader()?.list(&filter)?;
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&traces)?)?;
        } else {
            for trace in &traces {
                let id = trace.trace_id.to_string();
                let (spans, errors, name) = (trace.spans, trace.errors, &trace.name);
                let duration = std::time::Duration::from_nanos(trace.duration_ns.unsigned_abs());
                writeln!(
                    out,
                    "{}  {duration:>10.1?}  {spans:>5} spans  {errors:>3} errors  {name}",
                    &id[..16]
                )?;
            }
        }
        Ok(if traces.is_empty() { Outcome::Nothing } else { Outcome::Done })
    }
}
