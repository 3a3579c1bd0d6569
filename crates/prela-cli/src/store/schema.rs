//! Tables, and the steps from each version of them to the next.
//!
//! A span's row is narrow and its message is in another table, so that lists read little. Rows are numbered as
//! they arrive, so both B-trees grow at their ends, while random ids would touch all of them.

use super::usage;
use rusqlite::{Connection, Transaction};

/// `PRAGMA application_id` of a store: "prel".
pub(super) const APPLICATION: i32 = 0x7072_656c;

/// Each step leads to the version after its index; a step that was released never changes.
const STEPS: [&str; 4] = [
    "
    -- One start of a process.
    CREATE TABLE run(id INTEGER PRIMARY KEY, run_id TEXT UNIQUE NOT NULL, start_ns INTEGER NOT NULL, service INTEGER);
    -- `ResourceSpans` without spans, and `ScopeSpans` likewise.
    CREATE TABLE resource(id INTEGER PRIMARY KEY, data BLOB UNIQUE NOT NULL);
    CREATE TABLE scope(id INTEGER PRIMARY KEY, data BLOB UNIQUE NOT NULL);
    -- Names, services, operations, models, threads.
    CREATE TABLE str(id INTEGER PRIMARY KEY, s TEXT UNIQUE NOT NULL);
    -- Sums over the rows of `span`. `seen` is when something arrived last, in seconds since 1970; one of
    -- which there are only logs yet has no start.
    CREATE TABLE trace(
        id INTEGER PRIMARY KEY, trace_id BLOB UNIQUE NOT NULL, run INTEGER, seen INTEGER NOT NULL,
        start_ns INTEGER, end_ns INTEGER, root_name INTEGER, service INTEGER,
        spans INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 0,
        tok_in INTEGER NOT NULL DEFAULT 0, tok_out INTEGER NOT NULL DEFAULT 0, cost_nusd INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX trace_start ON trace(start_ns);
    CREATE INDEX trace_error ON trace(start_ns) WHERE errors > 0;
    CREATE TABLE span(
        id INTEGER PRIMARY KEY, trace INTEGER NOT NULL, span_id BLOB NOT NULL, parent_id BLOB,
        name INTEGER NOT NULL, kind INTEGER NOT NULL, status INTEGER NOT NULL,
        start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
        res INTEGER NOT NULL, scope INTEGER NOT NULL, op INTEGER, model INTEGER, thread INTEGER,
        tok_in INTEGER NOT NULL, tok_out INTEGER NOT NULL, cost_nusd INTEGER NOT NULL);
    CREATE UNIQUE INDEX span_key ON span(trace, span_id);
    CREATE INDEX span_error ON span(id) WHERE status = 2;
    -- The message `Span`, as it came in.
    CREATE TABLE span_data(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    -- Log records have no id: a record that is sent again is known by its content.
    CREATE TABLE log(
        id INTEGER PRIMARY KEY, trace INTEGER NOT NULL, span_id BLOB, time_ns INTEGER NOT NULL,
        severity INTEGER NOT NULL, digest INTEGER NOT NULL,
        res INTEGER NOT NULL, scope INTEGER NOT NULL, data BLOB NOT NULL);
    CREATE UNIQUE INDEX log_key ON log(trace, time_ns, digest);
    -- What was not kept, and how often.
    CREATE TABLE counter(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
",
    "
    -- Spans that have no end yet. `seen` is when they were last said to run, in seconds since 1970.
    CREATE TABLE pending(span INTEGER PRIMARY KEY, trace INTEGER NOT NULL, seen INTEGER NOT NULL);
    CREATE INDEX pending_trace ON pending(trace);
    INSERT INTO pending(span, trace, seen) SELECT id, trace, 0 FROM span WHERE end_ns = 0;
",
    "
    -- Rows of `span` from the first to the last, and which runs of bytes their messages have.
    CREATE TABLE block(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, grams BLOB NOT NULL);
",
    "
    -- Tokens and cost of a trace are no plain sums any more: `usage.rs`. They are summed up anew after this step.
",
];

/// The first version that counts what a trace uses as the page does.
const SUMMED_UP: usize = 4;

/// The version that this program writes.
pub(super) fn latest() -> usize {
    STEPS.len()
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the tables from any version to the latest.
pub(super) fn migrate(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let before = version(transaction)?;
    for step in &STEPS[before.min(latest())..] {
        transaction.execute_batch(step)?;
    }
    if before < SUMMED_UP {
        usage::sum_all(transaction)?;
    }
    transaction.pragma_update(None, "user_version", latest())?;
    transaction.pragma_update(None, "application_id", APPLICATION)
}
