//! What a collector says to a request that it took, in either transport.

use super::Connection;
use crate::span::wire::{Field, Fields};

/// The answer to a request that was taken, at least in part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Spans refused.
    pub(crate) rejected: u64,
    /// Why, or a warning about what was taken; made fit for one line.
    pub(crate) message: Option<String>,
}

impl Reply {
    /// Reads an `ExportTraceServiceResponse`. One that cannot be read changes nothing of the success
    /// that it came with, but is worth a word.
    ///
    /// Source: [OTLP, partial success](https://opentelemetry.io/docs/specs/otlp/#partial-success).
    pub(super) fn read(message: &[u8], connection: &Connection) -> Self {
        if !Fields::is_message(message) {
            return Self::unreadable();
        }
        let partial = Fields::last(message, 1).map_or(&[][..], Field::bytes);
        let rejected = Fields::last(partial, 1).map_or(0, Field::number);
        let text = Fields::last(partial, 2).map_or(&[][..], Field::bytes);
        let text = connection.remark(&String::from_utf8_lossy(text));
        Self {
            rejected: u64::try_from(rejected).unwrap_or_default(),
            message: Some(text).filter(|text| !text.is_empty()),
        }
    }

    /// It was taken, with words that are not to be had.
    pub(super) fn unreadable() -> Self {
        Self { rejected: 0, message: Some("its answer could not be read".to_owned()) }
    }
}
