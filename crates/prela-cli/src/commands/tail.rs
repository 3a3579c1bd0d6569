//! `prela tail`.

use super::{Global, Outcome};
use crate::query::{Cursor, QueryError, Reader, TraceSummary};
use crate::render::{self, DIM, RED, clean};
use crate::store::{StoreError, StoreErrorKind};
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Prints a line for each trace that comes in, and again when more of it does, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(super) struct Tail {}

impl Tail {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let store = global.project()?.store;
        let (reader, mut cursor) = first(&store)?;
        loop {
            let changes = reader.changes(cursor)?;
            for trace in &changes.traces {
                if global.json {
                    writeln!(out, "{}", serde_json::to_string(trace)?)?;
                } else {
                    line(out, trace)?;
                }
            }
            // Only a write tells that the reader of a pipe has gone, even while nothing comes in.
            out.flush()?;
            cursor = changes.cursor;
            if changes.traces.is_empty() {
                thread::sleep(PAUSE);
            }
        }
    }
}

/// Waits until there is a store. In one that was not there at first everything is new.
fn first(store: &Path) -> Result<(Reader, Cursor), QueryError> {
    let mut is_new = false;
    loop {
        match Reader::open(store) {
            Ok(reader) => {
                let cursor = if is_new { Cursor::default() } else { reader.now()? };
                return Ok((reader, cursor));
            }
            Err(error) if is_absent(&error) => is_new = true,
            Err(error) => return Err(error.into()),
        }
        thread::sleep(PAUSE);
    }
}

fn is_absent(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Absent
}

fn line(out: &mut dyn Write, trace: &TraceSummary) -> io::Result<()> {
    let id = trace.trace_id.to_string();
    let took = render::trace_took(trace);
    let style = if trace.errors > 0 { RED } else { anstyle::Style::new() };
    let mark = if trace.errors > 0 { "✗ " } else { "" };
    let name = clean(&trace.name);
    write!(out, "{}  {style}{mark}{name}{style:#}", &id[..16])?;
    let root = if trace.has_root { "" } else { " · its root is not there yet" };
    writeln!(out, "  {DIM}{took} · {} spans · {} errors{root}{DIM:#}", trace.spans, trace.errors)
}

/// The pause between two looks at a store without news.
const PAUSE: Duration = Duration::from_millis(200);
