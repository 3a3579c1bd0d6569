//! What questions need beyond SQL.

use super::reader::Reader;
use super::search::Needle;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

impl Reader {
    /// Defines `has_text(message, text)`, and `is_silent(seen)` of a span that has no end.
    pub(super) fn define_functions(&self) -> rusqlite::Result<()> {
        define_has_text(&self.connection)?;
        define_is_silent(&self.connection)
    }
}

fn define_has_text(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    // The second argument is the same in every row, so its needle is made once.
    connection.create_scalar_function("has_text", 2, flags, |context| {
        let needle = context
            .get_or_create_aux(1, |text| -> Result<_, rusqlite::types::FromSqlError> {
                Ok(Needle::new(text.as_str()?))
            })?;
        let needle: Arc<Needle> = needle;
        Ok(needle.is_in(context.get_raw(0).as_blob()?))
    })
}

fn define_is_silent(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function("is_silent", 1, FunctionFlags::SQLITE_UTF8, |context| {
        Ok(is_silent(context.get::<Option<i64>>(0)?.unwrap_or_default()))
    })
}

/// Whether a span that was last said to run at this time, in seconds since 1970, is unfinished rather than running. A
/// process says it every two seconds, and one that was killed says nothing.
fn is_silent(seen: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    seen < now.as_secs().cast_signed() - SILENCE
}

/// Seconds; longer than any pause of a process that runs.
const SILENCE: i64 = 8;
