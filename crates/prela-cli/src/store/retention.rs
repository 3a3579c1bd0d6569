//! Removes the oldest traces, so that the store stays within its size and age.
//!
//! It works in slices, each a transaction, and the writer goes on between them: so requests wait for one slice
//! at most.

use super::blocks;
use rusqlite::{Connection, params};
use std::time::Duration;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_bytes: u64,
    pub(super) max_age: Duration,
}

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Traces.
    pub traces: u64,
    /// Spans of those traces.
    pub spans: u64,
}

/// A sweep under way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sweep {
    pub(super) swept: Swept,
    /// Once the store is over its size, it is brought well below: or else each span would start a sweep.
    is_oversize: bool,
}

impl Sweep {
    /// Removes one slice. True when nothing is left to do.
    pub(super) fn slice(
        &mut self,
        connection: &mut Connection,
        limits: &Limits,
        now: i64,
    ) -> rusqlite::Result<bool> {
        let size = used_bytes(connection)?;
        if size > limits.max_bytes {
            self.is_oversize = true;
        } else if size <= limits.max_bytes / 10 * 9 {
            self.is_oversize = false;
        }
        let oldest = now.saturating_sub_unsigned(limits.max_age.as_secs());
        let seen_before = if self.is_oversize { i64::MAX } else { oldest };
        let transaction = connection.transaction()?;
        let mut removed = 0;
        for (trace, spans) in expired(&transaction, seen_before)? {
            remove(&transaction, trace)?;
            self.swept.traces += u64::from(spans > 0);
            self.swept.spans += spans;
            removed += spans.max(1);
            if removed > SLICE_SPANS {
                break;
            }
        }
        if removed > 0 {
            blocks::trim(&transaction)?;
        }
        transaction.commit()?;
        let is_done = removed == 0;
        give_back_pages(connection)?;
        Ok(is_done)
    }
}

/// The traces that came first and have expired, with the number of their spans.
fn expired(connection: &Connection, seen_before: i64) -> rusqlite::Result<Vec<(i64, u64)>> {
    let mut select = connection
        .prepare_cached("SELECT id, spans FROM trace WHERE seen < ?1 ORDER BY id LIMIT ?2")?;
    let rows = select.query_map(params![seen_before, SLICE_TRACES], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
    })?;
    rows.collect()
}

fn remove(connection: &Connection, trace: i64) -> rusqlite::Result<()> {
    const STATEMENTS: [&str; 5] = [
        "DELETE FROM pending WHERE trace = ?1",
        "DELETE FROM span_data WHERE id IN (SELECT id FROM span WHERE trace = ?1)",
        "DELETE FROM span WHERE trace = ?1",
        "DELETE FROM log WHERE trace = ?1",
        "DELETE FROM trace WHERE id = ?1",
    ];
    STATEMENTS
        .iter()
        .try_for_each(|statement| connection.prepare_cached(statement)?.execute([trace]).map(drop))
}

/// Removes what nothing refers to any more: names, resources, scopes, runs. It reads the whole store.
pub(super) fn remove_unused(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "BEGIN IMMEDIATE;
         DELETE FROM resource WHERE id NOT IN (SELECT res FROM span UNION SELECT res FROM log);
         DELETE FROM scope WHERE id NOT IN (SELECT scope FROM span UNION SELECT scope FROM log);
         DELETE FROM run WHERE id NOT IN (SELECT run FROM trace WHERE run IS NOT NULL);
         DELETE FROM str WHERE id NOT IN (
             SELECT name FROM span UNION SELECT op FROM span WHERE op IS NOT NULL
             UNION SELECT model FROM span WHERE model IS NOT NULL
             UNION SELECT thread FROM span WHERE thread IS NOT NULL
             UNION SELECT root_name FROM trace WHERE root_name IS NOT NULL
             UNION SELECT service FROM trace WHERE service IS NOT NULL
             UNION SELECT service FROM run WHERE service IS NOT NULL);
         COMMIT;",
    )
}

/// Gives some free pages back to the file system.
fn give_back_pages(connection: &Connection) -> rusqlite::Result<()> {
    drain(connection, "PRAGMA incremental_vacuum(4096)")
}

/// Gives all free pages back to the file system.
pub(super) fn give_back_all(connection: &Connection) -> rusqlite::Result<()> {
    drain(connection, "PRAGMA incremental_vacuum")?;
    drain(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
}

/// Runs a pragma to its end: a vacuum frees one page for each row that is read.
fn drain(connection: &Connection, pragma: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(pragma)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Bytes of the file that are in use.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok((pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?)
}

/// A slice of this size takes about as long as writing a group of spans.
const SLICE_TRACES: u32 = 100;
const SLICE_SPANS: u64 = 5_000;
