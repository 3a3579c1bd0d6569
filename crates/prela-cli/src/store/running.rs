//! Spans that are sent while they run: each is stored at once, and its end replaces it.

use super::batch::SpanEntry;
use super::insert::Insert;
use crate::ids::SpanId;
use rusqlite::{OptionalExtension as _, params};

impl Insert<'_> {
    /// Notes in `pending` that the span of a new row runs.
    pub(super) fn note_running(&mut self, trace: i64, row: i64) -> rusqlite::Result<()> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO pending(span, trace, seen) VALUES (?1, ?2, ?3)")?;
        insert.execute(params![row, trace, self.now]).map(drop)
    }

    /// Notes that a stored span still runs, and tells whether its message has changed since. If its end came before
    /// this news, nothing has changed.
    pub(super) fn still_runs(&mut self, trace: i64, entry: &SpanEntry) -> rusqlite::Result<bool> {
        let mut select = self.connection.prepare_cached(
            "SELECT span.id, span_data.data = ?3 FROM span JOIN span_data ON span_data.id = span.id
             WHERE span.trace = ?1 AND span.span_id = ?2 AND span.end_ns = 0",
        )?;
        let found = select
            .query_row(params![trace, entry.facts.span_id.0, &entry.message[..]], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
            })
            .optional()?;
        let Some((row, is_same)) = found else { return Ok(false) };
        let mut update =
            self.connection.prepare_cached("UPDATE pending SET seen = ?2 WHERE span = ?1")?;
        update.execute(params![row, self.now])?;
        // Retention counts from the last arrival.
        self.sums.entry(trace).or_default();
        Ok(!is_same)
    }

    /// Removes a stored span that still runs, to be replaced by what is known of it now. Returns the row for that, a new
    /// one, so that who follows the rows sees the change; none if the stored span has ended.
    pub(super) fn remove_running(
        &mut self,
        trace: i64,
        span_id: [u8; 8],
    ) -> rusqlite::Result<Option<i64>> {
        let mut select = self.connection.prepare_cached("SELECT max(id) + 1 FROM span")?;
        let next: i64 = select.query_row([], |row| row.get(0))?;
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM span WHERE trace = ?1 AND span_id = ?2 AND end_ns = 0
             RETURNING id, status, CASE WHEN parent_id IS NULL THEN name END",
        )?;
        let removed = delete.query_row(params![trace, span_id], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
        });
        let Some((row, status, root_name)) = removed.optional()? else {
            return Ok(None);
        };
        for table in ["DELETE FROM span_data WHERE id = ?1", "DELETE FROM pending WHERE span = ?1"]
        {
            self.connection.prepare_cached(table)?.execute([row])?;
        }
        // The root may have been renamed, and a trace keeps the first name that it gets.
        let is_unnamed = match root_name {
            Some(name) => {
                let mut update = self.connection.prepare_cached(
                    "UPDATE trace SET root_name = NULL WHERE id = ?1 AND root_name = ?2",
                )?;
                update.execute(params![trace, name])? == 1
            }
            None => false,
        };
        let sums = self.sums.entry(trace).or_default();
        if is_unnamed || (root_name.is_some() && sums.root_name == root_name) {
            sums.root_name = None;
        }
        sums.spans -= 1;
        sums.open -= 1;
        sums.errors -= i64::from(status == 2);
        sums.arrived.replace(SpanId(span_id));
        Ok(Some(next))
    }
}
