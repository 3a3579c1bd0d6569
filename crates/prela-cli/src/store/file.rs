//! Opens the store's file, for its writer and for readers.

use super::error::{StoreError, StoreErrorKind};
use super::schema;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::{DirBuilder, OpenOptions};
use std::path::Path;
use std::time::Duration;

/// Makes the folder and the file, if they are missing, for this user only, since prompts will be in it.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |what: &Path, how: &str, error: std::io::Error| {
        let message = format!("{} cannot be {how}: {error}", what.display());
        StoreError::new(StoreErrorKind::Other, message)
    };
    let mut folders = DirBuilder::new();
    let mut file = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folders.mode(0o700);
        file.mode(0o600);
    }
    folders.recursive(true).create(folder).map_err(|error| failed(folder, "made", error))?;
    // SQLite gives its other files the permissions of this one.
    let made = file.append(true).create(true).open(path);
    made.map(drop).map_err(|error| failed(path, "written", error))
}

/// Opens, makes or updates a store; the caller holds its lock.
pub(super) fn open_for_writing(
    path: &Path,
    durable: bool,
    max_bytes: u64,
) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::of(&error, path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    let is_new = is_empty(&connection).map_err(failed)?;
    if is_new {
        // It can only be set before the first table is made.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
    } else {
        check(&connection, path)?;
    }
    // If the file system has no shared memory, SQLite keeps a mode that works, and readers wait.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    let synchronous = if durable { "FULL" } else { "NORMAL" };
    connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(failed)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    let page: u64 =
        connection.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
    // Retention keeps it at `max_bytes`; this bounds it meanwhile, and if one trace never ends.
    let pages = max_bytes.saturating_add(max_bytes / 4) / page + SLACK_PAGES;
    connection.pragma_update(None, "max_page_count", pages).map_err(failed)?;
    if schema::version(&connection).map_err(failed)? < schema::latest() {
        let behavior = TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(behavior).map_err(failed)?;
        schema::migrate(&transaction).and_then(|()| transaction.commit()).map_err(failed)?;
    }
    Ok(connection)
}

/// Opens an existing store without the means to change it, whether its writer runs or not.
///
/// # Errors
///
/// There is none, it is damaged, or it is of another version.
pub fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::of(&error, path);
    if !path.exists() {
        let message =
            format!("there is no store at {} yet: `prela serve` makes it", path.display());
        return Err(StoreError::new(StoreErrorKind::Absent, message));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(32);
    // A search reads the whole file once, which mapping makes cheaper.
    connection.pragma_update(None, "mmap_size", READER_MMAP).map_err(failed)?;
    check(&connection, path)?;
    let version = schema::version(&connection).map_err(failed)?;
    if version < schema::latest() {
        let message = format!(
            "an earlier version of prela wrote the store {}: `prela serve` updates it",
            path.display()
        );
        return Err(StoreError::new(StoreErrorKind::Other, message));
    }
    Ok(connection)
}

/// Refuses a file that is not our store, before anything is written to it.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::of(&error, path);
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if application != schema::APPLICATION {
        let message = format!(
            "{} is not a store of prela: it belongs to another program, and is left as it is",
            path.display()
        );
        return Err(StoreError::new(StoreErrorKind::Damaged, message));
    }
    let version = schema::version(connection).map_err(failed)?;
    if version > schema::latest() {
        let message = format!(
            "a newer version of prela wrote the store {} (version {version}, this one knows {})",
            path.display(),
            schema::latest()
        );
        return Err(StoreError::new(StoreErrorKind::Newer, message));
    }
    Ok(())
}

/// Whether the file is empty or new.
fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

const BUSY: Duration = Duration::from_secs(5);
const READER_MMAP: i64 = 4 << 30;
const WRITER_CACHE_KIB: i64 = 32 << 10;
/// Room for the tables themselves, however little is allowed.
const SLACK_PAGES: u64 = 64;
