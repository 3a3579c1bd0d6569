//! Sessions: traces that belong to one conversation.

use super::error::QueryError;
use super::list::{SUMMARY, summary};
use super::model::TraceSummary;
use super::reader::Reader;
use crate::otlp::attribute;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as Message;
use prost::Message as _;
use rusqlite::OptionalExtension as _;
use serde::Serialize;
use std::collections::HashMap;

/// The traces of one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The id that the program gave it, such as `session.id`.
    pub id: String,
    /// The id of the user who had it, as far as a trace says so.
    pub user: Option<String>,
    /// The traces, the oldest first.
    pub traces: Vec<TraceSummary>,
}

impl Reader {
    /// The sessions among the newest 2,000 traces, the one with the newest trace first. A trace belongs to the session
    /// that the earliest of its first 20 spans with such an attribute names.
    ///
    /// Cost: up to 20 messages of each of these traces are read.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn sessions(&self) -> Result<Vec<Session>, QueryError> {
        self.ask(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {SUMMARY}, trace.id AS number FROM trace WHERE trace.spans > 0 ORDER BY trace.start_ns DESC LIMIT ?1"
            ))?;
            let mut first = connection.prepare_cached(
                "SELECT id FROM span WHERE trace = ?1 ORDER BY start_ns, id LIMIT ?2",
            )?;
            // A query of its own, so that messages are read only until one names a session.
            let mut data = connection.prepare_cached("SELECT data FROM span_data WHERE id = ?1")?;
            let mut sessions: Vec<Session> = Vec::new();
            let mut places: HashMap<String, usize> = HashMap::new();
            let mut traces = select.query([MOST_TRACES])?;
            while let Some(row) = traces.next()? {
                let (trace, number): (TraceSummary, i64) = (summary(row)?, row.get("number")?);
                let mut spans = first.query((number, FIRST_SPANS))?;
                let mut named = None;
                while let (None, Some(span)) = (&named, spans.next()?) {
                    let id: i64 = span.get(0)?;
                    let read = data.query_row([id], |row| Ok(session(row.get_ref(0)?.as_blob()?)));
                    named = read.optional()?.flatten();
                }
                let Some((id, user)) = named else { continue };
                let place = *places.entry(id.clone()).or_insert_with(|| {
                    sessions.push(Session { id, user: None, traces: Vec::new() });
                    sessions.len() - 1
                });
                let session = &mut sessions[place];
                session.user = session.user.take().or(user);
                session.traces.push(trace);
            }
            sessions.iter_mut().for_each(|session| session.traces.reverse());
            Ok(sessions)
        })
    }
}

/// The session and the user that a span names.
fn session(data: &[u8]) -> Option<(String, Option<String>)> {
    // Most messages have no such key, and are not decoded.
    memchr::memmem::find(data, b"session")
        .or_else(|| memchr::memmem::find(data, b"conversation"))?;
    let span = Message::decode(data).ok()?;
    let text = |key: &str| match attribute(&span.attributes, key)? {
        Value::StringValue(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let id = SESSION.iter().find_map(|key| text(key))?;
    Some((id, USER.iter().find_map(|key| text(key))))
}

/// The attributes that name a session, the first that is there counts.
const SESSION: [&str; 4] = [
    "session.id",
    "gen_ai.conversation.id",
    "traceloop.association.properties.session_id",
    "langfuse.session.id",
];
/// The attributes that name a user, likewise.
const USER: [&str; 3] = ["user.id", "traceloop.association.properties.user_id", "enduser.id"];
/// The most traces that are looked at.
const MOST_TRACES: i64 = 2_000;
/// The most spans of a trace that are looked at: before the agent's there may be those of a server.
const FIRST_SPANS: i64 = 20;
