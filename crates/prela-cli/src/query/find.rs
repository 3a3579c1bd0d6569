//! Finds the trace that a text names.

use super::error::QueryError;
use super::reader::Reader;
use crate::ids::{TraceId, bytes_of_hex};
use crate::otlp::attribute;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as Message;
use prost::Message as _;
use rusqlite::OptionalExtension as _;

impl Reader {
    /// The trace that a text names: the first digits of its id, `last`, or `last~2` for the second
    /// before the last.
    ///
    /// # Errors
    ///
    /// [`QueryError::Ambiguous`] if several begin with these digits, [`QueryError::NotFound`] if none
    /// does, [`QueryError::BadReference`] for any other text.
    pub fn find(&self, text: &str) -> Result<TraceId, QueryError> {
        let text = text.trim();
        if let Some(back) = back(text)? {
            return self.newest(back);
        }
        let digits = text.to_ascii_lowercase();
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || digits.is_empty() || digits.len() > 32 {
            return Err(QueryError::BadReference(text.to_owned()));
        }
        self.beginning_with(&digits)
    }

    /// Whether the SDK marked the root of a trace as one that lost its context.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub(crate) fn has_marked_root(&self, trace: TraceId) -> Result<bool, QueryError> {
        const MARK: &str = "prela.context.absent";
        let is_marked = |root: &[u8]| {
            // Few roots are, and only those are decoded.
            memchr::memmem::find(root, MARK.as_bytes()).is_some()
                && Message::decode(root).is_ok_and(|root| {
                    attribute(&root.attributes, MARK) == Some(&Value::BoolValue(true))
                })
        };
        self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT data FROM span JOIN span_data ON span_data.id = span.id
                 WHERE span.trace = (SELECT id FROM trace WHERE trace_id = ?1) AND span.parent_id IS NULL LIMIT 1",
            )?;
            let root = select.query_row([trace.0], |row| Ok(is_marked(row.get_ref(0)?.as_blob()?)));
            Ok(root.optional()?.unwrap_or(false))
        })
    }

    fn newest(&self, back: u32) -> Result<TraceId, QueryError> {
        let found = self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT trace_id FROM trace WHERE spans > 0 ORDER BY start_ns DESC, id DESC LIMIT 1 OFFSET ?1",
            )?;
            select.query_row([back], |row| Ok(TraceId(row.get(0)?))).optional()
        })?;
        found.ok_or_else(|| {
            QueryError::NotFound(if back == 0 {
                "there are no traces yet".to_owned()
            } else {
                format!("there are fewer than {} traces", u64::from(back) + 1)
            })
        })
    }

    fn beginning_with(&self, digits: &str) -> Result<TraceId, QueryError> {
        // An id begins with these digits if it lies between them followed by zeros, and followed by `f`s.
        let bound =
            |fill: &str| bytes_of_hex(&format!("{digits}{}", fill.repeat(32 - digits.len())));
        let (first, last) = (bound("0").unwrap_or_default(), bound("f").unwrap_or_default());
        let mut found: Vec<TraceId> = self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT trace_id FROM (SELECT trace_id, start_ns FROM trace WHERE trace_id BETWEEN ?1 AND ?2 AND spans > 0 LIMIT ?3)
                 ORDER BY start_ns DESC",
            )?;
            let ids = select.query_map((&first, &last, CANDIDATES), |row| Ok(TraceId(row.get(0)?)))?;
            ids.collect()
        })?;
        match found.len() {
            0 => Err(QueryError::NotFound(format!("no trace begins with `{digits}`"))),
            1 => Ok(found.remove(0)),
            _ => Err(QueryError::Ambiguous { prefix: digits.to_owned(), candidates: found }),
        }
    }
}

/// How many traces before the last one a text means, as `last~2`; none if it is no such text.
///
/// # Errors
///
/// [`QueryError::BadReference`] if it begins as one.
pub(crate) fn back(text: &str) -> Result<Option<u32>, QueryError> {
    let Some(after) = text.trim().strip_prefix("last") else { return Ok(None) };
    let back = match after.strip_prefix('~') {
        None if after.is_empty() => Some(0),
        Some("") => Some(1),
        Some(number) => number.parse().ok(),
        None => None,
    };
    back.map(Some).ok_or_else(|| QueryError::BadReference(text.trim().to_owned()))
}

/// The most traces that an error lists: as many as fit on a screen.
const CANDIDATES: u32 = 20;
