//! Reads all of one trace.

use super::error::QueryError;
use super::list::{SUMMARY, summary};
use super::model::{Log, Named, Span, Trace, TraceSummary};
use super::reader::Reader;
use crate::ids::{SpanId, TraceId};
use crate::otlp;
use crate::tree::Tree;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span as SpanMessage;
use prost::Message;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::HashMap;
use std::sync::Arc;

impl Reader {
    /// A trace as lists show it; none if it is not there.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, QueryError> {
        self.ask(|connection| {
            let sql = format!("SELECT {SUMMARY} FROM trace WHERE trace_id = ?1 AND spans > 0");
            connection.prepare_cached(&sql)?.query_row([id.0], summary).optional()
        })
    }

    /// All that is stored of a trace.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotFound`], or the store cannot be read.
    pub fn trace(&self, id: TraceId) -> Result<Trace, QueryError> {
        let found = self.read(id, None)?;
        found.ok_or_else(|| QueryError::NotFound(format!("there is no trace {id}")))
    }

    /// A trace, or only one span of it.
    pub(super) fn read(
        &self,
        id: TraceId,
        span: Option<SpanId>,
    ) -> Result<Option<Trace>, QueryError> {
        self.ask(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {SUMMARY}, trace.id FROM trace WHERE trace_id = ?1 AND spans > 0"
            ))?;
            let found = select.query_row([id.0], |row| Ok((summary(row)?, row.get(13)?)));
            let Some((summary, row)) = found.optional()? else { return Ok(None) };
            let mut shared = Shared::new(connection);
            let spans = spans(connection, &mut shared, row, span)?;
            let logs = logs(connection, &mut shared, row, span)?;
            Ok(Some(Trace { summary, spans, logs }))
        })
    }
}

impl Tree {
    /// The tree of a trace.
    pub fn of(trace: &Trace) -> Self {
        Self::of_spans(&trace.spans)
    }

    /// The tree of spans, which are sorted by start.
    pub fn of_spans(spans: &[Span]) -> Self {
        let links: Vec<_> = spans.iter().map(|span| (span.span_id, span.parent_id)).collect();
        Self::of_links(&links)
    }
}

fn spans(
    connection: &Connection,
    shared: &mut Shared<'_>,
    trace: i64,
    only: Option<SpanId>,
) -> rusqlite::Result<Vec<Span>> {
    let mut select = connection.prepare_cached(
        "SELECT span.span_id, span.parent_id, span.start_ns, span.end_ns, span.op, span.model, span.thread,
             span.tok_in, span.tok_out, span.cost_nusd, span_data.data, span.res, span.scope,
             span.end_ns = 0 AND is_silent((SELECT seen FROM pending WHERE pending.span = span.id))
         FROM span JOIN span_data ON span_data.id = span.id WHERE span.trace = ?1 AND (?2 IS NULL OR span.span_id = ?2)
         ORDER BY span.start_ns, span.id",
    )?;
    let mut rows = select.query((trace, only.map(|it| it.0)))?;
    let mut spans = Vec::new();
    while let Some(row) = rows.next()? {
        let end_ns: i64 = row.get(3)?;
        let bytes: Arc<[u8]> = row.get_ref(10)?.as_blob()?.into();
        let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
        spans.push(Span {
            span_id: SpanId(row.get(0)?),
            parent_id: row.get::<_, Option<[u8; 8]>>(1)?.map(SpanId),
            start_ns: row.get(2)?,
            end_ns: (end_ns != 0).then_some(end_ns),
            is_unfinished: row.get(13)?,
            operation: shared.string(row.get(4)?)?,
            model: shared.string(row.get(5)?)?,
            thread: shared.string(row.get(6)?)?,
            input_tokens: count(7)?,
            output_tokens: count(8)?,
            cost_nusd: count(9)?,
            // It could be decoded when it was written.
            message: SpanMessage::decode(&bytes[..]).unwrap_or_default(),
            bytes,
            resource: shared.resource(row.get(11)?)?,
            scope: shared.scope(row.get(12)?)?,
        });
    }
    Ok(spans)
}

fn logs(
    connection: &Connection,
    shared: &mut Shared<'_>,
    trace: i64,
    only: Option<SpanId>,
) -> rusqlite::Result<Vec<Log>> {
    let mut select = connection.prepare_cached(
        "SELECT span_id, time_ns, data, res, scope FROM log
         WHERE trace = ?1 AND (?2 IS NULL OR span_id = ?2) ORDER BY time_ns, id",
    )?;
    let mut rows = select.query((trace, only.map(|it| it.0)))?;
    let mut logs = Vec::new();
    while let Some(row) = rows.next()? {
        logs.push(Log {
            span_id: row.get::<_, Option<[u8; 8]>>(0)?.map(SpanId),
            time_ns: row.get(1)?,
            message: LogRecord::decode(row.get_ref(2)?.as_blob()?).unwrap_or_default(),
            resource: shared.resource(row.get(3)?)?,
            scope: shared.scope(row.get(4)?)?,
        });
    }
    Ok(logs)
}

/// The texts, resources and scopes that many spans refer to, each read once.
struct Shared<'a> {
    connection: &'a Connection,
    strings: HashMap<i64, String>,
    resources: HashMap<i64, Arc<Named<Resource>>>,
    scopes: HashMap<i64, Arc<Named<InstrumentationScope>>>,
}

impl<'a> Shared<'a> {
    fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            strings: HashMap::new(),
            resources: HashMap::new(),
            scopes: HashMap::new(),
        }
    }

    fn string(&mut self, row: Option<i64>) -> rusqlite::Result<Option<String>> {
        let Some(row) = row else { return Ok(None) };
        if let Some(text) = self.strings.get(&row) {
            return Ok(Some(text.clone()));
        }
        let mut select = self.connection.prepare_cached("SELECT s FROM str WHERE id = ?1")?;
        let text: String = select.query_row([row], |row| row.get(0))?;
        self.strings.insert(row, text.clone());
        Ok(Some(text))
    }

    fn resource(&mut self, row: i64) -> rusqlite::Result<Arc<Named<Resource>>> {
        if let Some(resource) = self.resources.get(&row) {
            return Ok(resource.clone());
        }
        let sql = "SELECT data FROM resource WHERE id = ?1";
        let bytes: Vec<u8> =
            self.connection.prepare_cached(sql)?.query_row([row], |row| row.get(0))?;
        let message = otlp::Resource::decode(&bytes[..]).unwrap_or_default();
        let resource = Arc::new(named(message.resource.as_deref(), message.schema_url));
        self.resources.insert(row, resource.clone());
        Ok(resource)
    }

    fn scope(&mut self, row: i64) -> rusqlite::Result<Arc<Named<InstrumentationScope>>> {
        if let Some(scope) = self.scopes.get(&row) {
            return Ok(scope.clone());
        }
        let sql = "SELECT data FROM scope WHERE id = ?1";
        let bytes: Vec<u8> =
            self.connection.prepare_cached(sql)?.query_row([row], |row| row.get(0))?;
        let message = otlp::Scope::decode(&bytes[..]).unwrap_or_default();
        let scope = Arc::new(named(message.scope.as_deref(), message.schema_url));
        self.scopes.insert(row, scope.clone());
        Ok(scope)
    }
}

fn named<T: Message + Default>(bytes: Option<&[u8]>, schema_url: String) -> Named<T> {
    // A malformed message is kept as it came, and shown as if none had been sent.
    let message = bytes.and_then(|bytes| T::decode(bytes).ok());
    Named { message, bytes: bytes.map(Arc::from), schema_url }
}
