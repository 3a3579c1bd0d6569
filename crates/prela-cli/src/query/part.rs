//! Parts of a trace: one span with its logs, the spans with links to it, and the spans with a text.

use super::error::QueryError;
use super::list::{Names, hit};
use super::model::{SpanHit, Trace};
use super::reader::Reader;
use super::search::{Needle, place};
use crate::ids::{SpanId, TraceId};
use opentelemetry_proto::tonic::trace::v1::Span as Message;
use prost::Message as _;
use rusqlite::OptionalExtension as _;

impl Reader {
    /// One span and the logs that were written in it, as a trace with nothing else but its summary.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotFound`], or the store cannot be read.
    pub fn span(&self, trace: TraceId, span: SpanId) -> Result<Trace, QueryError> {
        let part = self.read(trace, Some(span))?.filter(|it| !it.spans.is_empty());
        part.ok_or_else(|| {
            QueryError::NotFound(format!("there is no span {span} in trace {trace}"))
        })
    }

    /// The newest spans, at most 50, that have a link to a span.
    ///
    /// Cost: no index has links, so the messages of all spans are looked through until 50 are found.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn linked_to(&self, trace: TraceId, span: SpanId) -> Result<Vec<SpanHit>, QueryError> {
        self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, data FROM span_data WHERE has_text(data, ?1) ORDER BY id DESC",
            )?;
            let mut rows = select.query([span.to_string()])?;
            let (mut found, mut names) = (Vec::new(), Names::new());
            while let Some(row) = rows.next()? {
                // Most messages that have the id are those of the span's children.
                let message = Message::decode(row.get_ref(1)?.as_blob()?).unwrap_or_default();
                let mut links = message.links.iter();
                if !links.any(|it| it.trace_id == trace.0 && it.span_id == span.0) {
                    continue;
                }
                let hit = hit(connection, &mut names, row.get(0)?).optional()?;
                found.extend(hit.map(|(hit, _)| hit));
                if found.len() == MOST_LINKED {
                    break;
                }
            }
            Ok(found)
        })
    }

    /// The spans of a trace, at most 10,000, in which [`search`](Self::search) would find a text, in the order of their
    /// arrival.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn search_in(&self, trace: TraceId, text: &str) -> Result<Vec<SpanHit>, QueryError> {
        let needle = Needle::new(text);
        self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT span.id FROM span JOIN span_data ON span_data.id = span.id
                 WHERE span.trace = (SELECT id FROM trace WHERE trace_id = ?1) AND has_text(span_data.data, ?2)
                 ORDER BY span.id",
            )?;
            let mut rows = select.query((trace.0, text))?;
            let (mut hits, mut names) = (Vec::new(), Names::new());
            while let Some(row) = rows.next()? {
                let (mut hit, message) = hit(connection, &mut names, row.get(0)?)?;
                let Some((place, excerpt)) = place(&message, &needle) else { continue };
                (hit.found_in, hit.excerpt) = (place, excerpt);
                hits.push(hit);
                if hits.len() == MOST_HITS {
                    break;
                }
            }
            Ok(hits)
        })
    }
}

/// The most spans with links that are given.
const MOST_LINKED: usize = 50;
/// The most hits in a trace that are given.
const MOST_HITS: usize = 10_000;
