//! Why the store could not be opened, read or written.

use rusqlite::ErrorCode;
use std::fmt;
use std::path::Path;

/// Why the store could not be opened, read or written; its text says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
}

/// What a caller may act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// There is no store at this path.
    Absent,
    /// Another process writes to it.
    Busy,
    /// The file is not a store, or its content is broken.
    Damaged,
    /// The disk, or what the store may use of it, is full.
    Full,
    /// Too much is waiting to be written; a moment later it may fit.
    Congested,
    /// A later version of Prela wrote it.
    Newer,
    /// The store's writer has ended.
    Closed,
    /// Anything else, such as missing permissions.
    Other,
}

impl StoreError {
    pub(super) fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// An error of SQLite's, with the store that it is about.
    pub(crate) fn of(error: &rusqlite::Error, path: &Path) -> Self {
        let path = path.display();
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Damaged,
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Busy,
            _ => StoreErrorKind::Other,
        };
        let message = match kind {
            StoreErrorKind::Damaged => format!(
                "the store {path} is damaged ({error}); move it away, and a new one will be made: \
                 mv '{path}' '{path}.damaged'"
            ),
            StoreErrorKind::Full => format!(
                "the store {path} cannot grow ({error}): make room on its disk, or let it keep \
                 less with --max-size and `prela gc`"
            ),
            StoreErrorKind::Busy => format!("the store {path} is in use ({error}); try again"),
            _ => format!("the store {path} cannot be used: {error}"),
        };
        Self { kind, message }
    }

    /// What a caller may act on.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}
