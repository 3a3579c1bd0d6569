//! The store: one SQLite file for a project, one thread that writes it, any number of readers.
//!
//! [`Store`] is the writing side; [`crate::query`] reads. The file is in WAL mode, so that other
//! processes read it while it is written, and a process that is killed loses nothing that was committed.

mod batch;
mod blocks;
mod caches;
mod error;
mod file;
mod grams;
mod insert;
mod lock;
mod retention;
mod running;
mod schema;
mod usage;
mod writer;

pub use self::batch::{Accepted, Batch, Counts, Refused};
pub use self::error::{StoreError, StoreErrorKind};
pub use self::file::open_for_reading;
pub(crate) use self::grams::Runs;
pub use self::retention::Swept;
pub use self::writer::{Options, Store};
