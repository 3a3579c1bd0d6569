//! Parts of a trace: one span with its logs, the spans with links to it, and the spans with a text.

use super::error::QueryError;
use super::list::{Names, hit};
use super::model::{SpanHit, Trace};
use super::reader::{Reader, newest_first};
use super::search::{Needle, place};
use crate::ids::{SpanId, TraceId};
use crate::store::Runs;
use memchr::memmem::Finder;
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
    /// Cost: some milliseconds for a million spans. Blocks that do not have both ids are passed over, and after so
    /// many spans that had to be read it ends: a link is close to what it leads to.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn linked_to(&self, trace: TraceId, span: SpanId) -> Result<Vec<SpanHit>, QueryError> {
        let ids = [Runs::of(&trace.0), Runs::of(&span.0)];
        let may_be_in = |grams: &[u8]| ids.iter().flatten().all(|id| id.may_be_in(grams));
        self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, data FROM span_data WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3",
            )?;
            let (mut found, mut names, mut left) = (Vec::new(), Names::new(), MOST_READ);
            let id = Finder::new(&span.0);
            newest_first(connection, may_be_in, |first, last| {
                let mut rows = select.query((first, last, left))?;
                while let Some(row) = rows.next()? {
                    left -= 1;
                    let data = row.get_ref(1)?.as_blob()?;
                    if id.find(data).is_none() {
                        continue;
                    }
                    // Most that have the id are its children, and no hits.
                    let message = Message::decode(data).unwrap_or_default();
                    let mut links = message.links.iter();
                    if !links.any(|it| it.trace_id == trace.0 && it.span_id == span.0) {
                        continue;
                    }
                    let hit = hit(connection, &mut names, row.get(0)?).optional()?;
                    found.extend(hit.map(|(hit, _)| hit));
                    if found.len() == MOST_LINKED {
                        return Ok(false);
                    }
                }
                Ok(left > 0)
            })?;
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
/// The most spans that are read for links; that takes less than a tenth of a second.
const MOST_READ: i64 = 100_000;
/// The most hits in a trace that are given.
const MOST_HITS: usize = 10_000;
