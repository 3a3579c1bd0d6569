//! Why a question has no answer.

use crate::ids::TraceId;
use crate::store::StoreError;
use std::fmt;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryError {
    /// The store could not be read.
    Store(StoreError),
    /// What was asked for is not there; the text says what.
    NotFound(String),
    /// More than one trace begins with these digits.
    Ambiguous {
        /// The digits.
        prefix: String,
        /// The traces that begin with them, the newest first, at most 20.
        candidates: Vec<TraceId>,
    },
    /// The text that should name a trace is neither digits of an id nor `last`.
    BadReference(String),
    /// It is a mistake of prela's own that there is no answer.
    Internal(String),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::NotFound(what) => f.write_str(what),
            Self::Ambiguous { prefix, candidates } => {
                write!(f, "more than one trace begins with `{prefix}`:")?;
                candidates.iter().try_for_each(|candidate| write!(f, "\n  {candidate}"))
            }
            Self::Internal(what) => {
                write!(f, "prela could not answer, by a mistake of its own: {what}")
            }
            Self::BadReference(text) => write!(
                f,
                "`{text}` names no trace: give the first digits of its id, `last`, or `last~1` for the one before"
            ),
        }
    }
}

impl std::error::Error for QueryError {}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
