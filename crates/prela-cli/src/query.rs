//! Reads the store: what the command line, the JSON API and the gRPC API all show.
//!
//! [`Reader`] opens the file for reading only, so it works whether a server writes it or not. Its calls
//! block: a list for a millisecond, and what has to read many messages for as long as there are any, such as a
//! large trace, or the links to a span.

mod changes;
mod diff;
mod error;
mod filter;
mod find;
mod functions;
mod list;
mod model;
mod otlp;
mod part;
mod reader;
mod search;
mod sessions;
mod trace;

pub use self::changes::{Changes, Cursor};
pub use self::diff::{Change, ContentDiff, Diff, Line, Side, SpanDiff};
pub use self::error::QueryError;
pub use self::filter::Filter;
pub(crate) use self::find::back;
pub use self::model::{Log, Named, Span, SpanHit, Trace, TraceSummary};
pub use self::reader::{Reader, Totals};
pub use self::sessions::Session;
pub use crate::tree::{Link, Node, Tree};
pub use crate::usage::Usage;
