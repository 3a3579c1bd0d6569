//! Keeps what each trace used right while its spans come in, in any order.
//!
//! A span that comes late may count instead of others (`crate::usage`), so a trace is summed up anew at each commit
//! that brings spans of it. Its spans are kept in memory for that as long as more may come soon; a trace in which
//! nothing was ever used costs nothing.

use super::batch::SpanEntry;
use crate::ids::SpanId;
use crate::tree::Tree;
use crate::usage::{Usage, sums};
use rusqlite::{Connection, params};
use std::collections::{HashMap, HashSet};

/// What is known of a span for that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    id: SpanId,
    parent: Option<SpanId>,
    start_ns: i64,
    usage: Usage,
}

/// Spans of a trace that came within a transaction.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    spans: Vec<Used>,
    /// Spans that were there and are not any more, since more is known of them.
    replaced: HashSet<SpanId>,
}

impl Arrived {
    pub(super) fn add(&mut self, entry: &SpanEntry) {
        let facts = &entry.facts;
        let number = |number: i64| number.max(0).unsigned_abs();
        let usage = Usage {
            input_tokens: number(facts.input_tokens),
            output_tokens: number(facts.output_tokens),
            cost_nusd: number(facts.cost_nusd),
        };
        let (id, parent, start_ns) = (facts.span_id, facts.parent_id, facts.start_ns);
        self.spans.push(Used { id, parent, start_ns, usage });
    }

    pub(super) fn replace(&mut self, id: SpanId) {
        self.spans.retain(|span| span.id != id);
        self.replaced.insert(id);
    }
}

/// Spans of the traces that came lately.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: Traces,
    old: Traces,
}

#[derive(Debug, Default)]
struct Traces {
    by_row: HashMap<i64, Vec<Used>>,
    spans: usize,
}

impl Recent {
    /// What a trace uses now that these spans of it are stored; none if that has not changed.
    pub(super) fn sum(
        &mut self,
        connection: &Connection,
        trace: i64,
        arrived: Arrived,
    ) -> rusqlite::Result<Option<Usage>> {
        if arrived.spans.is_empty() {
            return Ok(None);
        }
        let known = self.take(trace);
        let is_used = known.is_some() || arrived.spans.iter().any(|span| !span.usage.is_none());
        if !is_used && !says_usage(connection, trace)? {
            return Ok(None);
        }
        let spans = match known {
            Some(mut spans) => {
                if !arrived.replaced.is_empty() {
                    spans.retain(|span| !arrived.replaced.contains(&span.id));
                }
                spans.extend(arrived.spans);
                spans
            }
            None => read(connection, trace)?,
        };
        let usage = whole(&spans);
        self.keep(trace, spans);
        Ok(Some(usage))
    }

    fn take(&mut self, trace: i64) -> Option<Vec<Used>> {
        [&mut self.young, &mut self.old].into_iter().find_map(|traces| {
            let spans = traces.by_row.remove(&trace)?;
            traces.spans -= spans.len();
            Some(spans)
        })
    }

    /// Keeps it, and lets go of what nothing came for lately.
    fn keep(&mut self, trace: i64, spans: Vec<Used>) {
        if self.young.spans > HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.spans += spans.len();
        self.young.by_row.insert(trace, spans);
    }
}

/// Sums up all traces of a store anew.
pub(super) fn sum_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut select = connection.prepare(
        "SELECT id FROM trace WHERE spans > 1 AND (tok_in > 0 OR tok_out > 0 OR cost_nusd > 0)",
    )?;
    let traces = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for trace in traces {
        write(connection, trace, whole(&read(connection, trace)?))?;
    }
    Ok(())
}

/// Writes what a trace uses.
pub(super) fn write(connection: &Connection, trace: i64, usage: Usage) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE trace SET tok_in = ?2, tok_out = ?3, cost_nusd = ?4 WHERE id = ?1",
    )?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let Usage { input_tokens, output_tokens, cost_nusd } = usage;
    let values = [trace, number(input_tokens), number(output_tokens), number(cost_nusd)];
    update.execute(values).map(drop)
}

fn whole(spans: &[Used]) -> Usage {
    let mut sorted: Vec<&Used> = spans.iter().collect();
    // As they are read, and shown: it decides where a circle of parents is cut.
    sorted.sort_by_key(|span| span.start_ns);
    let links: Vec<_> = sorted.iter().map(|span| (span.id, span.parent)).collect();
    sums(&Tree::of_links(&links).nodes, |at| sorted[at].usage).1
}

fn says_usage(connection: &Connection, trace: i64) -> rusqlite::Result<bool> {
    let mut select = connection.prepare_cached(
        "SELECT tok_in > 0 OR tok_out > 0 OR cost_nusd > 0 FROM trace WHERE id = ?1",
    )?;
    select.query_row([trace], |row| row.get(0))
}

fn read(connection: &Connection, trace: i64) -> rusqlite::Result<Vec<Used>> {
    let mut select = connection.prepare_cached(
        "SELECT span_id, parent_id, start_ns, tok_in, tok_out, cost_nusd FROM span WHERE trace = ?1 ORDER BY id",
    )?;
    let spans = select.query_map(params![trace], |row| {
        let number = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
        Ok(Used {
            id: SpanId(row.get(0)?),
            parent: row.get::<_, Option<[u8; 8]>>(1)?.map(SpanId),
            start_ns: row.get(2)?,
            usage: Usage {
                input_tokens: number(3)?,
                output_tokens: number(4)?,
                cost_nusd: number(5)?,
            },
        })
    })?;
    spans.collect()
}

/// Spans that are kept in each half: some ten megabytes in all. A larger trace is kept as long as it grows.
const HALF: usize = 100_000;
