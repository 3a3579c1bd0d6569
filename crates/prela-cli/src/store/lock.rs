//! The right to write, which one process holds at a time.

use super::error::{StoreError, StoreErrorKind};
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use std::time::Duration;

/// A lock that is held while the store may be written. It ends with the process, however that ends.
///
/// It is a transaction of a second file, next to the store: SQLite's own locks work wherever SQLite
/// does, and a lock on the store itself would shut readers out.
#[derive(Debug)]
pub(super) struct Lock {
    _held: Connection,
}

impl Lock {
    pub(super) fn take(store: &Path) -> Result<Self, StoreError> {
        let path = store.with_extension("lock");
        let take = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            connection.busy_timeout(Duration::ZERO)?;
            connection.execute_batch("BEGIN EXCLUSIVE")?;
            Ok(connection)
        };
        match take() {
            Ok(held) => Ok(Self { _held: held }),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                let message = format!(
                    "another prela writes to {}: use that one, stop it, or name another store with --store",
                    store.display()
                );
                Err(StoreError::new(StoreErrorKind::Busy, message))
            }
            Err(error) => Err(StoreError::of(&error, &path)),
        }
    }
}
