//! Finds what many spans of a tree repeat, so that it is shown once.

use super::tree::Row;
use crate::span::{Event, SpanData};
use crate::{Value, semconv};
use opentelemetry::Key;
use opentelemetry::trace::Status;

/// For each row of a tree, what of it is shown elsewhere.
#[derive(Debug)]
pub(super) struct Once {
    rows: Vec<Told>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    /// One for each of [`SHARED`].
    attributes: [bool; SHARED.len()],
    /// The text of its error.
    error: bool,
}

impl Once {
    pub(super) fn of(rows: &[Row<'_>]) -> Self {
        let mut told = vec![Told::default(); rows.len()];
        let parents = parents(rows);
        for (at, key) in SHARED.into_iter().enumerate() {
            let is_told = shared(rows, &parents, key);
            is_told.into_iter().zip(&mut told).for_each(|(is, told)| told.attributes[at] = is);
        }
        for (row, parent) in rows.iter().zip(parents) {
            // The parent's error came up from this row.
            if let Some(parent) = parent
                && error(row.span).is_some_and(|text| error(rows[parent].span) == Some(text))
            {
                told[parent].error = true;
            }
        }
        Self { rows: told }
    }

    /// The attributes that are to be shown at a row.
    pub(super) fn attributes<'a>(
        &'a self,
        row: usize,
        span: &'a SpanData,
    ) -> impl Iterator<Item = &'a (Key, Value)> + Clone {
        let told = &self.rows[row].attributes;
        let is_told =
            move |key: &Key| SHARED.iter().zip(told).any(|(it, told)| *told && *it == key.as_str());
        span.attributes.iter().filter(move |(key, _)| !is_told(key))
    }

    /// The text of a row's error, if it is to be shown there.
    pub(super) fn error<'a>(&self, row: usize, span: &'a SpanData) -> Option<&'a str> {
        error(span).filter(|_| !self.rows[row].error)
    }
}

/// The attributes of an event that its span does not show already; none if the event adds nothing.
pub(super) fn rest_of<'a>(
    event: &'a Event,
    span: &'a SpanData,
    with_stack_trace: bool,
) -> Option<Vec<&'a (Key, Value)>> {
    let all = event.attributes.iter();
    if event.name != semconv::EXCEPTION_EVENT {
        return Some(all.collect());
    }
    let is_told = |(key, value): &&(Key, Value)| match key.as_str() {
        semconv::EXCEPTION_TYPE => span.attribute(semconv::ERROR_TYPE) == Some(value),
        semconv::EXCEPTION_MESSAGE => error(span)
            .is_some_and(|told| matches!(value, Value::String(text) if tells(told, text.as_str()))),
        semconv::EXCEPTION_STACKTRACE => !with_stack_trace,
        _ => false,
    };
    let rest: Vec<_> = all.filter(|attribute| !is_told(attribute)).collect();
    let has_failed = matches!(span.status, Status::Error { .. });
    let says_nothing = rest.is_empty() && has_failed && !event.attributes.is_empty();
    (!says_nothing).then_some(rest)
}

/// Whether the text of an error has this message in it, with more text after it, or a context and a colon
/// before it.
fn tells(error: &str, message: &str) -> bool {
    let wrapping = error.strip_suffix(message);
    error.starts_with(message) || wrapping.is_some_and(|before| before.ends_with(": "))
}

fn error(span: &SpanData) -> Option<&str> {
    match &span.status {
        Status::Error { description } if !description.is_empty() => Some(description),
        _ => None,
    }
}

/// The row of each row's parent.
fn parents(rows: &[Row<'_>]) -> Vec<Option<usize>> {
    let mut path: Vec<usize> = Vec::new();
    let parent = |(at, row): (usize, &Row<'_>)| {
        path.truncate(row.depth);
        let parent = path.last().copied();
        path.push(at);
        parent
    };
    rows.iter().enumerate().map(parent).collect()
}

/// Whether a row's value of a key is shown at another one: at the first, if all that have one have the
/// same, and else at the nearest above.
fn shared(rows: &[Row<'_>], parents: &[Option<usize>], key: &str) -> Vec<bool> {
    let values: Vec<_> = rows.iter().map(|row| row.span.attribute(key)).collect();
    let mut known = values.iter().flatten();
    let first = known.next();
    if known.all(|value| Some(value) == first) {
        let first = values.iter().position(Option::is_some);
        return (0..rows.len()).map(|row| Some(row) != first).collect();
    }
    let mut nearest: Vec<Option<&Value>> = Vec::with_capacity(rows.len());
    let mut told = Vec::with_capacity(rows.len());
    for (value, parent) in values.iter().zip(parents) {
        let above = parent.and_then(|parent| nearest[parent]);
        told.push(value.is_some() && *value == above);
        nearest.push(value.or(above));
    }
    told
}

/// Attributes that the context gives to every span of a request, a session and a conversation.
const SHARED: [&str; 4] =
    [semconv::REQUEST_ID, semconv::SESSION_ID, semconv::USER_ID, semconv::GEN_AI_CONVERSATION_ID];
