//! Finds broken traces: spans whose parent is missing, and roots that should have had one.
//!
//! Its findings are guesses from times and threads: they are shown, never stored.

mod advice;
mod find;
mod stray;

pub use self::find::{Doctor, examine};

use crate::ids::{SpanId, TraceId};
use serde::Serialize;

/// A span that is probably in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong with it.
    pub kind: Kind,
    /// The trace it is in.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// Its name.
    pub name: String,
    /// `service.name` of the process that recorded it.
    pub service: String,
    /// The thread it began on.
    pub thread: Option<String>,
    /// The span it probably belongs to.
    pub parent: Option<Suspect>,
    /// Why it is a finding.
    pub reason: String,
    /// What to write instead.
    pub code: String,
    /// Whether the SDK saw that the context was missing; otherwise it is a guess from times and threads.
    pub is_marked: bool,
    /// Nanoseconds since 1970.
    #[serde(skip)]
    pub start_ns: i64,
    /// None while it runs.
    #[serde(skip)]
    pub end_ns: Option<i64>,
    /// Whether it has no end and most likely never will.
    pub is_unfinished: bool,
}

/// What is wrong with a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its parent is not in the store.
    Orphan,
    /// It is the root of a trace, but began during a span of another trace, on another thread or in another task.
    StrayRoot,
}

/// The span that another one probably belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// The trace it is in.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// Its name.
    pub name: String,
}
