//! Finds the trace that a text names.

use super::error::QueryError;
use super::reader::Reader;
use crate::ids::{TraceId, bytes_of_hex};
use rusqlite::OptionalExtension as _;

impl Reader {
    /// The trace that a text names: the first digits of its id, `last`, or `last~2` for the second
    /// before the last.
    ///
    /// # Errors
    ///
    /// [`QueryError::Ambiguous`] if several begin with these digits, [`QueryError::NotFound`] if none
    /// does, [`QueryError::BadReference`] for any other text.
    pub fn find(&self, text: &str) -> Result<TraceId, QueryError> {
        let text = text.trim();
        if let Some(after) = text.strip_prefix("last") {
            let back = match after.strip_prefix('~') {
                None if after.is_empty() => Some(0),
                Some("") => Some(1),
                Some(number) => number.parse().ok(),
                None => None,
            };
            return match back {
                Some(back) => self.newest(back),
                None => Err(QueryError::BadReference(text.to_owned())),
            };
        }
        let digits = text.to_ascii_lowercase();
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || digits.is_empty() || digits.len() > 32 {
            return Err(QueryError::BadReference(text.to_owned()));
        }
        self.beginning_with(&digits)
    }

    fn newest(&self, back: u32) -> Result<TraceId, QueryError> {
        let found = self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT trace_id FROM trace WHERE spans > 0 ORDER BY start_ns DESC, id DESC LIMIT 1 OFFSET ?1",
            )?;
            select.query_row([back], |row| Ok(TraceId(row.get(0)?))).optional()
        })?;
        found.ok_or_else(|| {
            QueryError::NotFound(if back == 0 {
                "there are no traces yet".to_owned()
            } else {
                format!("there are fewer than {} traces", u64::from(back) + 1)
            })
        })
    }

    fn beginning_with(&self, digits: &str) -> Result<TraceId, QueryError> {
        // An id begins with these digits if it lies between them followed by zeros, and followed by `f`s.
        let bound =
            |fill: &str| bytes_of_hex(&format!("{digits}{}", fill.repeat(32 - digits.len())));
        let (first, last) = (bound("0").unwrap_or_default(), bound("f").unwrap_or_default());
        let mut found: Vec<TraceId> = self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT trace_id FROM (SELECT trace_id, start_ns FROM trace WHERE trace_id BETWEEN ?1 AND ?2 AND spans > 0 LIMIT ?3)
                 ORDER BY start_ns DESC",
            )?;
            let ids = select.query_map((&first, &last, CANDIDATES), |row| Ok(TraceId(row.get(0)?)))?;
            ids.collect()
        })?;
        match found.len() {
            0 => Err(QueryError::NotFound(format!("no trace begins with `{digits}`"))),
            1 => Ok(found.remove(0)),
            _ => Err(QueryError::Ambiguous { prefix: digits.to_owned(), candidates: found }),
        }
    }
}

/// The most traces that an error lists: as many as fit on a screen.
const CANDIDATES: u32 = 20;
