//! Writes batches within one transaction.
//!
//! A span that is stored already is left alone, so a request that is sent again changes nothing. Only a span
//! that was still running is replaced: when it ends, or when more is known of it (`running.rs`). A trace's sums are
//! raised only for rows that are new.

use super::batch::{Accepted, Batch, Counts, LogEntry, ResourceEntry, SpanEntry};
use super::caches::{Cache, Caches};
use super::usage::{self, Arrived};
use crate::ids::TraceId;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A group of batches that is being written.
pub(super) struct Insert<'a> {
    pub(super) connection: &'a Connection,
    pub(super) caches: &'a mut Caches,
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) sums: HashMap<i64, Sums>,
    counts: Counts,
}

/// What changes in a trace's row.
#[derive(Default)]
pub(super) struct Sums {
    start_ns: Option<i64>,
    end_ns: Option<i64>,
    pub(super) root_name: Option<i64>,
    service: Option<i64>,
    pub(super) spans: i64,
    pub(super) errors: i64,
    pub(super) open: i64,
    pub(super) arrived: Arrived,
}

impl<'a> Insert<'a> {
    pub(super) fn new(connection: &'a Connection, caches: &'a mut Caches, now: i64) -> Self {
        Self { connection, caches, now, sums: HashMap::new(), counts: Counts::default() }
    }

    pub(super) fn batch(&mut self, batch: &Batch) -> rusqlite::Result<Accepted> {
        let mut accepted = Accepted::default();
        let resources = batch.resources.iter().map(|resource| self.resource(resource));
        let resources: Vec<Rows> = resources.collect::<rusqlite::Result<_>>()?;
        let (cache, insert) = (&mut self.caches.scopes, "INSERT INTO scope(data) VALUES (?1)");
        let select = "SELECT id FROM scope WHERE data = ?1";
        let scopes =
            batch.scopes.iter().map(|it| row_of(self.connection, cache, it, select, insert));
        let scopes: Vec<i64> = scopes.collect::<rusqlite::Result<_>>()?;
        for span in &batch.spans {
            let is_new = self.span(span, &resources[span.resource], scopes[span.scope])?;
            accepted.new_spans += u64::from(is_new);
        }
        for log in &batch.logs {
            let is_new = self.log(log, &resources[log.resource], scopes[log.scope])?;
            accepted.new_logs += u64::from(is_new);
        }
        self.counts.refused += batch.counts.refused;
        self.counts.loose_logs += batch.counts.loose_logs;
        self.counts.metrics += batch.counts.metrics;
        Ok(accepted)
    }

    fn resource(&mut self, entry: &ResourceEntry) -> rusqlite::Result<Rows> {
        let select = "SELECT id FROM resource WHERE data = ?1";
        let insert = "INSERT INTO resource(data) VALUES (?1)";
        let cache = &mut self.caches.resources;
        let resource = row_of(self.connection, cache, &entry.message, select, insert)?;
        let service = self.string(Some(&entry.service).filter(|service| !service.is_empty()))?;
        let run = entry.run.as_ref().map(|run| self.run(run, service)).transpose()?;
        Ok(Rows { resource, service, run })
    }

    fn run(&mut self, run: &String, service: Option<i64>) -> rusqlite::Result<i64> {
        if let Some(row) = self.caches.runs.get(run) {
            return Ok(row);
        }
        let mut select = self.connection.prepare_cached("SELECT id FROM run WHERE run_id = ?1")?;
        let row = match select.query_row([run], |row| row.get(0)).optional()? {
            Some(row) => row,
            None => {
                let sql = "INSERT INTO run(run_id, start_ns, service) VALUES (?1, ?2, ?3)";
                let started = self.now.saturating_mul(1_000_000_000);
                self.connection.prepare_cached(sql)?.insert(params![run, started, service])?
            }
        };
        self.caches.runs.insert(run.clone(), row);
        Ok(row)
    }

    fn string(&mut self, text: Option<&String>) -> rusqlite::Result<Option<i64>> {
        let (select, insert) =
            ("SELECT id FROM str WHERE s = ?1", "INSERT INTO str(s) VALUES (?1)");
        let cache = &mut self.caches.strings;
        text.map(|text| row_of(self.connection, cache, text, select, insert)).transpose()
    }

    fn trace(&mut self, id: TraceId, run: Option<i64>) -> rusqlite::Result<i64> {
        if let Some(row) = self.caches.traces.get(&id) {
            return Ok(row);
        }
        let mut select =
            self.connection.prepare_cached("SELECT id FROM trace WHERE trace_id = ?1")?;
        let row = match select.query_row([id.0], |row| row.get(0)).optional()? {
            Some(row) => row,
            None => {
                let sql = "INSERT INTO trace(trace_id, run, seen) VALUES (?1, ?2, ?3)";
                self.connection.prepare_cached(sql)?.insert(params![id.0, run, self.now])?
            }
        };
        self.caches.traces.insert(id, row);
        Ok(row)
    }

    fn span(&mut self, entry: &SpanEntry, rows: &Rows, scope: i64) -> rusqlite::Result<bool> {
        let facts = &entry.facts;
        let trace = self.trace(facts.trace_id, rows.run)?;
        let name = self.string(Some(&facts.name))?;
        let operation = self.string(facts.operation.as_ref())?;
        let model = self.string(facts.model.as_ref())?;
        let thread = self.string(facts.thread.as_ref())?;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO span(id, trace, span_id, parent_id, name, kind, status, start_ns, end_ns, res, scope,
                              op, model, thread, tok_in, tok_out, cost_nusd)
             VALUES (?17, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT(trace, span_id) DO NOTHING",
        )?;
        let parent_id = facts.parent_id.map(|id| id.0);
        let mut insert = |row: Option<i64>| {
            insert.execute(params![
                trace,
                facts.span_id.0,
                parent_id,
                name,
                facts.kind,
                facts.status,
                facts.start_ns,
                facts.end_ns,
                rows.resource,
                scope,
                operation,
                model,
                thread,
                facts.input_tokens,
                facts.output_tokens,
                facts.cost_nusd,
                row,
            ])
        };
        let is_first = insert(None)? == 1;
        if !is_first {
            let replaces = facts.end_ns != 0 || self.still_runs(trace, entry)?;
            let Some(row) = replaces.then(|| self.remove_running(trace, facts.span_id.0)) else {
                return Ok(false);
            };
            let Some(row) = row? else { return Ok(false) };
            insert(Some(row))?;
        }
        let row = self.connection.last_insert_rowid();
        if facts.end_ns == 0 {
            self.note_running(trace, row)?;
        }
        let mut data =
            self.connection.prepare_cached("INSERT INTO span_data(id, data) VALUES (?1, ?2)")?;
        data.execute(params![row, &entry.message[..]])?;
        self.caches.blocks.add(self.connection, row, &entry.message)?;

        let sums = self.sums.entry(trace).or_default();
        let is_root = facts.parent_id.is_none();
        // A clock that was set back must not make a trace end before it began.
        let end = facts.end_ns.max(facts.start_ns);
        sums.start_ns = Some(sums.start_ns.map_or(facts.start_ns, |it| it.min(facts.start_ns)));
        sums.end_ns = Some(sums.end_ns.map_or(end, |it| it.max(end)));
        // Of several roots the first gives both.
        if is_root && sums.root_name.is_none() {
            sums.root_name = name;
            sums.service = rows.service;
        }
        sums.service = sums.service.or(rows.service);
        sums.spans += 1;
        sums.errors += i64::from(facts.status == 2);
        sums.open += i64::from(facts.end_ns == 0);
        sums.arrived.add(entry);
        Ok(is_first)
    }

    fn log(&mut self, entry: &LogEntry, rows: &Rows, scope: i64) -> rusqlite::Result<bool> {
        let Some(trace_id) = entry.facts.trace_id else { return Ok(false) };
        let trace = self.trace(trace_id, rows.run)?;
        // Retention counts from the last arrival.
        self.sums.entry(trace).or_default();
        let mut digest = DefaultHasher::new();
        entry.message.hash(&mut digest);
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO log(trace, span_id, time_ns, severity, digest, res, scope, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?;
        let values = params![
            trace,
            entry.facts.span_id.map(|id| id.0),
            entry.facts.time_ns,
            entry.facts.severity,
            digest.finish().cast_signed(),
            rows.resource,
            scope,
            &entry.message[..],
        ];
        Ok(insert.execute(values)? == 1)
    }

    /// Writes the sums; then the transaction can be committed.
    pub(super) fn finish(self) -> rusqlite::Result<()> {
        let mut update = self.connection.prepare_cached(
            "UPDATE trace SET seen = ?2, spans = spans + ?3, errors = errors + ?4, open = open + ?5,
                 start_ns = min(coalesce(start_ns, ?6), coalesce(?6, start_ns)),
                 end_ns = max(coalesce(end_ns, ?7), coalesce(?7, end_ns)),
                 service = CASE WHEN root_name IS NULL AND ?8 IS NOT NULL THEN ?9 ELSE coalesce(service, ?9) END,
                 root_name = coalesce(root_name, ?8)
             WHERE id = ?1",
        )?;
        for (trace, sums) in self.sums {
            update.execute(params![
                trace,
                self.now,
                sums.spans,
                sums.errors,
                sums.open,
                sums.start_ns,
                sums.end_ns,
                sums.root_name,
                sums.service,
            ])?;
            if let Some(used) = self.caches.used.sum(self.connection, trace, sums.arrived)? {
                usage::write(self.connection, trace, used)?;
            }
        }
        self.caches.blocks.write(self.connection)?;
        let Counts { refused, loose_logs, metrics } = self.counts;
        let counts = [("refused", refused), ("loose_logs", loose_logs), ("metrics", metrics)];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let mut count_up = self.connection.prepare_cached(
                "INSERT INTO counter(name, n) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET n = n + ?2",
            )?;
            count_up.execute(params![name, count.cast_signed()])?;
        }
        Ok(())
    }
}

/// The rows of a resource, and of the service and the run that it names.
struct Rows {
    resource: i64,
    service: Option<i64>,
    run: Option<i64>,
}

/// The row of a value in a table of values; a new one if there is none.
fn row_of<V>(
    connection: &Connection,
    cache: &mut Cache<V, i64>,
    value: &V,
    select: &str,
    insert: &str,
) -> rusqlite::Result<i64>
where
    V: rusqlite::ToSql + std::hash::Hash + Eq + Clone,
{
    if let Some(row) = cache.get(value) {
        return Ok(row);
    }
    let found =
        connection.prepare_cached(select)?.query_row([value], |row| row.get(0)).optional()?;
    let row = match found {
        Some(row) => row,
        None => connection.prepare_cached(insert)?.insert([value])?,
    };
    cache.insert(value.clone(), row);
    Ok(row)
}
