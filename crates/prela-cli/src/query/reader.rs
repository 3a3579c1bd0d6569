//! The connection to the store for questions.

use super::error::QueryError;
use crate::store::{StoreError, open_for_reading};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// A connection that reads a store, whether it is being written or not. It is for one thread at a time; opening
/// another one takes less than a millisecond.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    path: PathBuf,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// The size of its file in bytes.
    pub bytes: u64,
    /// How many traces have at least one span.
    pub traces: u64,
    /// How many spans are stored.
    pub spans: u64,
    /// How many log records of traces are stored.
    pub logs: u64,
    /// How many spans and log records were refused.
    pub refused: u64,
    /// How many log records belonged to no trace, and were not stored.
    pub loose_logs: u64,
    /// How many metrics came in; none is stored.
    pub metrics: u64,
}

impl Reader {
    /// Opens a store.
    ///
    /// # Errors
    ///
    /// There is no store at this path, it is damaged, or it is of another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_for_reading(path)?;
        let reader = Self { connection, path: path.to_owned() };
        reader.define_functions().map_err(|error| StoreError::of(&error, path))?;
        Ok(reader)
    }

    /// A reader that copies what it reads, instead of mapping the file, which would count as this process's memory for
    /// as long as it runs.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn unmapped(self) -> Result<Self, StoreError> {
        let set = self.connection.pragma_update(None, "mmap_size", 0);
        set.map_err(|error| StoreError::of(&error, &self.path))?;
        Ok(self)
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Counts what is stored.
    ///
    /// Cost: all of an index is read, some milliseconds for a million spans.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn totals(&self) -> Result<Totals, QueryError> {
        self.ask(|connection| {
            let count = |sql: &str| {
                connection.prepare_cached(sql)?.query_row([], |row| {
                    Ok(row.get::<_, Option<i64>>(0)?.unwrap_or_default().unsigned_abs())
                })
            };
            Ok(Totals {
                bytes: count(
                    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                )?,
                traces: count("SELECT count(*) FROM trace WHERE spans > 0")?,
                spans: count("SELECT sum(spans) FROM trace")?,
                logs: count("SELECT count(*) FROM log")?,
                refused: count("SELECT n FROM counter WHERE name = 'refused' UNION ALL SELECT 0")?,
                loose_logs: count(
                    "SELECT n FROM counter WHERE name = 'loose_logs' UNION ALL SELECT 0",
                )?,
                metrics: count("SELECT n FROM counter WHERE name = 'metrics' UNION ALL SELECT 0")?,
            })
        })
    }

    /// Asks a question within one transaction, so that its whole answer is of one moment.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, QueryError> {
        let transaction = self.connection.unchecked_transaction();
        let answer = transaction.and_then(|transaction| question(&transaction));
        answer.map_err(|error| QueryError::Store(StoreError::of(&error, &self.path)))
    }
}

/// Calls `read` with ranges of rows, from the newest on, until it gives `false`: those of blocks that may have what is
/// looked for, and those of which no block knows anything.
pub(super) fn newest_first(
    connection: &Connection,
    may_be_in: impl Fn(&[u8]) -> bool,
    mut read: impl FnMut(i64, i64) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let blocks = "SELECT first, last, grams FROM block ORDER BY first DESC";
    let mut blocks = connection.prepare_cached(blocks)?;
    let mut blocks = blocks.query([])?;
    // The rows before this one have not been looked at yet.
    let mut end = i64::MAX;
    while let Some(block) = blocks.next()? {
        let (first, last): (i64, i64) = (block.get(0)?, block.get(1)?);
        let may_be_in = may_be_in(block.get_ref(2)?.as_blob()?);
        // Rows between this block and the next one have no block.
        let has_gap = last + 1 < end;
        // No row is read twice, even if a damaged store has blocks that overlap.
        let last_new = last.min(end - 1);
        if (has_gap && !read(last + 1, end - 1)?) || (may_be_in && !read(first, last_new)?) {
            return Ok(());
        }
        end = first;
    }
    read(0, end - 1).map(drop)
}
