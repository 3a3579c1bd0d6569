//! Follows a store: which traces have news.

use super::error::QueryError;
use super::list::{SUMMARY, summary};
use super::model::TraceSummary;
use super::reader::Reader;

/// How far a follower has read; by default nothing. It stays valid when the store is opened again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(i64);

/// The traces that came in or grew since a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Traces that are new or have new spans, as they are now, in the order of their arrival.
    pub traces: Vec<TraceSummary>,
    /// The cursor to go on from.
    pub cursor: Cursor,
}

impl Reader {
    /// A cursor at the end of what has come in.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn now(&self) -> Result<Cursor, QueryError> {
        self.ask(|connection| {
            let mut select = connection.prepare_cached("SELECT coalesce(max(id), 0) FROM span")?;
            select.query_row([], |row| row.get(0)).map(Cursor)
        })
    }

    /// The traces with spans that came in after a cursor, each once, however many of its spans are new. At most
    /// 20,000 new spans are looked at; the next question gives what came in after them.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn changes(&self, since: Cursor) -> Result<Changes, QueryError> {
        self.ask(|connection| {
            let sql = "SELECT coalesce(max(id), 0) FROM (SELECT id FROM span WHERE id > ?1 ORDER BY id LIMIT ?2)";
            let mut select = connection.prepare_cached(sql)?;
            let last: i64 = select.query_row((since.0, MAX_SPANS), |row| row.get(0))?;
            if last == 0 {
                // The newest spans may have been deleted; then their row numbers are given out again.
                let mut select = connection.prepare_cached("SELECT coalesce(max(id), 0) FROM span")?;
                let end: i64 = select.query_row([], |row| row.get(0))?;
                return Ok(Changes { traces: Vec::new(), cursor: Cursor(end.min(since.0)) });
            }
            let mut select = connection.prepare_cached(&format!(
                "SELECT {SUMMARY} FROM trace WHERE trace.spans > 0 AND trace.id IN
                     (SELECT trace FROM span WHERE id > ?1 AND id <= ?2) ORDER BY trace.id"
            ))?;
            let traces = select.query_map((since.0, last), summary)?;
            Ok(Changes { traces: traces.collect::<rusqlite::Result<_>>()?, cursor: Cursor(last) })
        })
    }
}

/// The most spans that one question looks at, so that it is short for a follower that is far behind, too.
const MAX_SPANS: i64 = 20_000;
