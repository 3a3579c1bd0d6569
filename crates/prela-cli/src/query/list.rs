//! Lists of traces, and of spans that failed.

use super::error::QueryError;
use super::filter::Filter;
use super::model::{SpanHit, TraceSummary, status_message};
use super::reader::Reader;
use crate::ids::{SpanId, TraceId};
use opentelemetry_proto::tonic::trace::v1::Span as Message;
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use std::collections::HashMap;

/// The columns that [`summary`] reads, in its order.
pub(super) const SUMMARY: &str = "trace.trace_id, trace.start_ns, trace.end_ns, trace.spans, trace.errors, trace.open,
    trace.tok_in, trace.tok_out, trace.cost_nusd,
    (SELECT s FROM str WHERE id = trace.root_name), (SELECT s FROM str WHERE id = trace.service),
    CASE WHEN trace.root_name IS NULL THEN
        (SELECT s FROM span JOIN str ON str.id = span.name WHERE span.trace = trace.id ORDER BY span.start_ns, span.id LIMIT 1)
    END,
    CASE WHEN trace.open > 0 THEN
        (SELECT count(*) FROM pending WHERE pending.trace = trace.id AND is_silent(pending.seen))
    ELSE 0 END";

pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<TraceSummary> {
    let number = |column| row.get::<_, i64>(column);
    let count = |column| Ok::<_, rusqlite::Error>(number(column)?.max(0).unsigned_abs());
    let root: Option<String> = row.get(9)?;
    let (start_ns, end_ns) = (number(1)?, number(2)?);
    Ok(TraceSummary {
        trace_id: TraceId(row.get(0)?),
        has_root: root.is_some(),
        name: root.or(row.get(11)?).unwrap_or_default(),
        service: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
        start_ns,
        duration_ns: end_ns.saturating_sub(start_ns),
        spans: count(3)?,
        errors: count(4)?,
        open: count(5)?,
        unfinished: count(12)?,
        input_tokens: count(6)?,
        output_tokens: count(7)?,
        cost_nusd: count(8)?,
    })
}

impl Reader {
    /// The newest traces that a filter lets through.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn list(&self, filter: &Filter) -> Result<Vec<TraceSummary>, QueryError> {
        self.ask(|connection| {
            let (conditions, mut values) = filter.conditions();
            values.push(filter.sql_limit().into());
            let sql = format!(
                "SELECT {SUMMARY} FROM trace WHERE {conditions} ORDER BY trace.start_ns DESC, trace.id DESC LIMIT ?"
            );
            let mut select = connection.prepare_cached(&sql)?;
            select.query_map(params_from_iter(values), summary)?.collect()
        })
    }

    /// The newest spans that failed, at any depth, in traces that a filter lets through.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn errors(&self, filter: &Filter) -> Result<Vec<SpanHit>, QueryError> {
        self.ask(|connection| {
            let (conditions, mut values) = filter.conditions();
            values.push(filter.sql_limit().into());
            let sql = format!(
                "SELECT span.id FROM span CROSS JOIN trace ON trace.id = span.trace
                 WHERE span.status = 2 AND {conditions} ORDER BY span.id DESC LIMIT ?"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let rows = select.query_map(params_from_iter(values), |row| row.get(0))?;
            let rows: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
            let mut names = Names::new();
            rows.into_iter().map(|row| Ok(hit(connection, &mut names, row)?.0)).collect()
        })
    }
}

/// The names of traces without a root, by the traces' rows.
pub(super) type Names = HashMap<i64, String>;

/// A span by its row, with its message. `names` keeps names of traces from one call to the next of a question.
pub(super) fn hit(
    connection: &Connection,
    names: &mut Names,
    row: i64,
) -> rusqlite::Result<(SpanHit, Message)> {
    let mut select = connection.prepare_cached(
        "SELECT trace.id, trace.trace_id, (SELECT s FROM str WHERE id = trace.root_name),
             span.span_id, (SELECT s FROM str WHERE id = span.name), span.start_ns, span.end_ns, span.status,
             (SELECT data FROM span_data WHERE id = span.id), (SELECT data FROM resource WHERE id = span.res)
         FROM span JOIN trace ON trace.id = span.trace WHERE span.id = ?1",
    )?;
    select.query_row([row], |row| {
        let trace_name = match row.get::<_, Option<String>>(2)? {
            Some(root) => root,
            None => first_name(connection, names, row.get(0)?)?,
        };
        let message = Message::decode(row.get_ref(8)?.as_blob()?).unwrap_or_default();
        let resource =
            crate::otlp::Resource::decode(row.get_ref(9)?.as_blob()?).unwrap_or_default();
        let (service, _) = crate::otlp::resource_facts(&resource.resource.unwrap_or_default());
        let (start_ns, end_ns): (i64, i64) = (row.get(5)?, row.get(6)?);
        let hit = SpanHit {
            trace_id: TraceId(row.get(1)?),
            trace_name,
            span_id: SpanId(row.get(3)?),
            name: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            service,
            start_ns,
            duration_ns: end_ns.saturating_sub(start_ns).max(0),
            is_error: row.get::<_, i64>(7)? == 2,
            status_message: status_message(&message).to_owned(),
            found_in: String::new(),
            excerpt: String::new(),
        };
        Ok((hit, message))
    })
}

/// The name of a trace's first span. Finding it reads all rows of the trace, so it is kept in `names`.
fn first_name(connection: &Connection, names: &mut Names, trace: i64) -> rusqlite::Result<String> {
    if let Some(name) = names.get(&trace) {
        return Ok(name.clone());
    }
    let mut select = connection.prepare_cached(
        "SELECT s FROM span JOIN str ON str.id = span.name WHERE span.trace = ?1
         ORDER BY span.start_ns, span.id LIMIT 1",
    )?;
    let name: Option<String> = select.query_row([trace], |row| row.get(0)).optional()?;
    let name = name.unwrap_or_default();
    names.insert(trace, name.clone());
    Ok(name)
}

impl Reader {
    /// `agent` or `workflow`, by the first of these spans in a trace, however deep: the root may be a web server's
    /// request. None if the trace has neither.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn kind(&self, trace: TraceId) -> Result<Option<&'static str>, QueryError> {
        let operation: Option<String> = self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT str.s FROM span JOIN str ON str.id = span.op
                 WHERE span.trace = (SELECT id FROM trace WHERE trace_id = ?1)
                     AND str.s IN ('invoke_agent', 'create_agent', 'AGENT', 'agent', 'invoke_workflow', 'workflow')
                 ORDER BY span.start_ns, span.id LIMIT 1",
            )?;
            select.query_row([trace.0], |row| row.get(0)).optional()
        })?;
        Ok(operation.map(|it| if it.contains("workflow") { "workflow" } else { "agent" }))
    }
}
