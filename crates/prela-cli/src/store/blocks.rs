//! Blocks: ranges of rows of spans, each with the runs of bytes that its messages have, so that a search reads only
//! blocks that may have its text.
//!
//! Rows that an earlier version wrote have no block.

use super::grams::Grams;
use rusqlite::{Connection, params};

/// The block that is being filled.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Option<Block>,
}

#[derive(Debug)]
struct Block {
    first: i64,
    last: i64,
    grams: Grams,
}

impl Blocks {
    /// Adds a row that was written, and first writes the block that is complete without it.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        row: i64,
        message: &[u8],
    ) -> rusqlite::Result<()> {
        let is_complete =
            |it: &Block| it.grams.is_full() || row - it.first >= ROWS || row <= it.last;
        if self.open.as_ref().is_some_and(is_complete) {
            self.write(connection)?;
            self.open = None;
        }
        let new = || Block { first: row, last: row, grams: Grams::default() };
        let block = self.open.get_or_insert_with(new);
        block.last = row;
        block.grams.add(message);
        Ok(())
    }

    /// Writes the block as it is now; more may be added to it.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(Block { first, last, grams }) = &self.open else { return Ok(()) };
        let mut insert = connection.prepare_cached(
            "INSERT INTO block(first, last, grams) VALUES (?1, ?2, ?3)
             ON CONFLICT(first) DO UPDATE SET last = excluded.last, grams = excluded.grams",
        )?;
        insert.execute(params![first, last, grams.to_bytes()]).map(drop)
    }
}

/// Cuts the blocks to the rows that are left after a deletion. Row numbers are given out again, and a block must not
/// cover a row whose message it does not have; so the writer begins a new block after this.
pub(super) fn trim(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM block WHERE last < (SELECT coalesce(min(id), ?1) FROM span)",
        [i64::MAX],
    )?;
    let sql = "SELECT coalesce(max(id), 0) FROM span";
    let max: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    connection.execute("DELETE FROM block WHERE first > ?1", [max])?;
    connection.execute("UPDATE block SET last = ?1 WHERE last > ?1", [max]).map(drop)
}

/// The most rows of a block: few enough that a block is read through in microseconds.
const ROWS: i64 = 64;
