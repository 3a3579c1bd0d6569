//! Searches for a text in everything that a span holds.
//!
//! Spans are read from the newest on, in blocks, each with a bitmap that tells whether it may have the text. In blocks
//! that may have it the bytes of the messages are searched, and only a message that has it is decoded, to see where it
//! is. A text that no span has takes some milliseconds in a million spans, or half a second if each block has all parts
//! of it.

use super::error::QueryError;
use super::filter::Filter;
use super::list::{Names, hit};
use super::model::{Span, SpanHit};
use super::reader::{Reader, newest_first};
use crate::ids::bytes_of_hex;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Said;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span as Message;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

mod needle;

pub(super) use self::needle::Needle;

impl Reader {
    /// The newest spans with a text in their name, their status, an attribute, an event or a link, or with that id, in
    /// traces that a filter lets through. A text without capitals is found in any case of its ASCII letters.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn search(&self, text: &str, filter: &Filter) -> Result<Vec<SpanHit>, QueryError> {
        let mut hits = Vec::new();
        self.search_each(text, filter, |hit| {
            hits.push(hit);
            hits.len() < filter.limit
        })?;
        Ok(hits)
    }

    /// Searches as [`search`](Self::search) does, and calls `found` with each hit at once, until it returns
    /// `false`.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn search_each(
        &self,
        text: &str,
        filter: &Filter,
        mut found: impl FnMut(SpanHit) -> bool,
    ) -> Result<(), QueryError> {
        let needle = Needle::new(text);
        self.ask(|connection| {
            let (conditions, mut values) = filter.conditions();
            values.insert(0, text.to_owned().into());
            let sql = format!(
                "SELECT span.id FROM span_data CROSS JOIN span ON span.id = span_data.id CROSS JOIN trace ON trace.id = span.trace
                 WHERE has_text(span_data.data, ?) AND {conditions} AND span_data.id BETWEEN ? AND ?
                 ORDER BY span_data.id DESC"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let mut names = Names::new();
            // Reads rows from the first to the last, and tells whether more hits are wanted.
            let read = |first: i64, last: i64| {
                let bounds: [Value; 2] = [first.into(), last.into()];
                let mut rows = select.query(params_from_iter(values.iter().chain(&bounds)))?;
                while let Some(row) = rows.next()? {
                    let (mut hit, message) = hit(connection, &mut names, row.get(0)?)?;
                    let Some((place, excerpt)) = place(&message, &needle) else { continue };
                    (hit.found_in, hit.excerpt) = (place, excerpt);
                    if !found(hit) {
                        return Ok(false);
                    }
                }
                Ok::<_, rusqlite::Error>(true)
            };
            newest_first(connection, |grams| needle.may_be_in(grams), read)
        })
    }
}

impl Span {
    /// Where in the span a text stands, and what is around it; none if the span does not have it.
    pub fn mention(&self, text: &str) -> Option<(String, String)> {
        place(&self.message, &Needle::new(text))
    }
}

/// Where in a span the text stands, and what is around it. None if the message has its bytes only by chance.
pub(super) fn place(span: &Message, needle: &Needle) -> Option<(String, String)> {
    let found = |place: &str, text: &str| Some((place.to_owned(), needle.excerpt(text)?));
    found("name", &span.name)
        .or_else(|| found("status", &span.status.as_ref()?.message))
        .or_else(|| in_attributes(&span.attributes, "attribute", needle))
        .or_else(|| {
            span.events.iter().find_map(|event| {
                let place = format!("event {}", event.name);
                found(&place, &event.name)
                    .or_else(|| in_attributes(&event.attributes, &place, needle))
            })
        })
        .or_else(|| {
            let links = span.links.iter();
            links.flat_map(|it| in_attributes(&it.attributes, "link", needle)).next()
        })
        .or_else(|| {
            let ids = [
                ("trace id", &span.trace_id),
                ("span id", &span.span_id),
                ("parent span id", &span.parent_span_id),
            ];
            let linked =
                span.links.iter().flat_map(|it| [("link", &it.trace_id), ("link", &it.span_id)]);
            let bytes = needle.id()?;
            let (place, id) = ids.into_iter().chain(linked).find(|(_, id)| id[..] == *bytes)?;
            Some((place.to_owned(), id.iter().map(|byte| format!("{byte:02x}")).collect()))
        })
}

fn in_attributes(
    attributes: &[KeyValue],
    place: &str,
    needle: &Needle,
) -> Option<(String, String)> {
    attributes.iter().find_map(|pair| {
        let excerpt = match needle.excerpt(&pair.key) {
            Some(excerpt) => excerpt,
            None => in_value(pair.value.as_ref()?, needle)?,
        };
        Some((format!("{place} {}", pair.key), excerpt))
    })
}

fn in_value(value: &AnyValue, needle: &Needle) -> Option<String> {
    match value.value.as_ref()? {
        Said::StringValue(text) => needle.excerpt(text),
        Said::IntValue(number) => {
            needle.excerpt(&number.to_string()).filter(|_| needle.is_number())
        }
        Said::DoubleValue(number) => {
            needle.excerpt(&number.to_string()).filter(|_| needle.is_number())
        }
        Said::BoolValue(_) | Said::BytesValue(_) => None,
        Said::ArrayValue(list) => list.values.iter().find_map(|value| in_value(value, needle)),
        Said::KvlistValue(map) => {
            let in_map = in_attributes(&map.values, "", needle);
            in_map.map(|(_, excerpt)| excerpt)
        }
        _ => None,
    }
}

/// The bytes of a trace's or a span's id, if a text is one.
fn id_of(text: &str) -> Option<Vec<u8>> {
    bytes_of_hex(text).filter(|bytes| matches!(bytes.len(), 8 | 16))
}
