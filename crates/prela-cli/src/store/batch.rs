//! What one request brings to the store.

use crate::otlp::{Envelope, LogFacts, RefusedRecord, SpanFacts, resource_facts};
use crate::otlp::{Resource, Scope};
use bytes::Bytes;
use prost::Message as _;
use std::collections::BTreeMap;
use std::fmt;

/// Spans and log records of one request, read and checked, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(super) resources: Vec<ResourceEntry>,
    pub(super) scopes: Vec<Vec<u8>>,
    pub(super) spans: Vec<SpanEntry>,
    pub(super) logs: Vec<LogEntry>,
    pub(super) counts: Counts,
}

#[derive(Debug, Clone)]
pub(super) struct ResourceEntry {
    /// `ResourceSpans` without spans.
    pub(super) message: Vec<u8>,
    pub(super) service: String,
    pub(super) run: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct SpanEntry {
    pub(super) facts: SpanFacts,
    pub(super) resource: usize,
    pub(super) scope: usize,
    /// The message `Span`.
    pub(super) message: Bytes,
}

#[derive(Debug, Clone)]
pub(super) struct LogEntry {
    pub(super) facts: LogFacts,
    pub(super) resource: usize,
    pub(super) scope: usize,
    pub(super) message: Bytes,
}

/// Counts of what came in and is not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Spans and log records that were refused.
    pub refused: u64,
    /// Log records that belong to no trace.
    pub loose_logs: u64,
    /// Metrics.
    pub metrics: u64,
}

/// Which records of a request were refused, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused(BTreeMap<RefusedRecord, u64>);

/// What became of a batch that is committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Spans that were not there before.
    pub new_spans: u64,
    /// Log records that were not there before.
    pub new_logs: u64,
}

impl Refused {
    /// The number of refused records.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    fn add(&mut self, reason: RefusedRecord, count: u64) {
        if count > 0 {
            *self.0.entry(reason).or_default() += count;
        }
    }
}

/// Writes, for example, "2 refused: 1 has a …, 1 is not …".
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused", self.count())?;
        for (at, (reason, count)) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { ": " } else { ", " })?;
            write!(f, "{count} {reason}")?;
        }
        Ok(())
    }
}

impl Batch {
    /// The spans of an `ExportTraceServiceRequest`. What cannot be kept is left out.
    pub fn of_spans(envelope: Envelope) -> (Self, Refused) {
        let mut refused = Refused::default();
        let mut batch =
            Self::read(envelope, |batch, resource, scope, message| {
                match SpanFacts::read(&message) {
                    Ok(facts) => batch.spans.push(SpanEntry { facts, resource, scope, message }),
                    Err(reason) => refused.add(reason, 1),
                }
            });
        batch.add_malformed(&mut refused, 0);
        (batch, refused)
    }

    /// The records of an `ExportLogsServiceRequest`. Those of no trace are only counted.
    pub fn of_logs(envelope: Envelope) -> (Self, Refused) {
        let mut refused = Refused::default();
        let batch = Self::read(envelope, |batch, resource, scope, message| {
            match LogFacts::read(&message) {
                Ok(facts) if facts.trace_id.is_some() => {
                    batch.logs.push(LogEntry { facts, resource, scope, message });
                }
                Ok(_) => batch.counts.loose_logs += 1,
                Err(reason) => refused.add(reason, 1),
            }
        });
        (batch, refused)
    }

    /// An `ExportMetricsServiceRequest`, of which only the number of metrics is kept.
    pub fn of_metrics(envelope: &Envelope) -> Self {
        let counts = Counts { metrics: envelope.len() as u64, ..Counts::default() };
        Self { counts, ..Self::default() }
    }

    /// Counts records that could not even become messages.
    pub(crate) fn add_malformed(&mut self, refused: &mut Refused, count: u64) {
        refused.add(RefusedRecord::Malformed, count);
        self.counts.refused = refused.count();
    }

    fn read(envelope: Envelope, mut record: impl FnMut(&mut Self, usize, usize, Bytes)) -> Self {
        let mut batch = Self::default();
        for Resource { resource, scopes, schema_url } in envelope.resources {
            let (service, run) = resource_facts(resource.as_deref().unwrap_or_default());
            let message = Resource { resource, scopes: Vec::new(), schema_url }.encode_to_vec();
            batch.resources.push(ResourceEntry { message, service, run });
            for Scope { scope, records, schema_url } in scopes {
                let message = Scope { scope, records: Vec::new(), schema_url }.encode_to_vec();
                batch.scopes.push(message);
                let (resource, scope) = (batch.resources.len() - 1, batch.scopes.len() - 1);
                for message in records {
                    record(&mut batch, resource, scope, message);
                }
            }
        }
        batch
    }

    /// The number of spans in it.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }

    /// About how many bytes it takes in the store.
    pub(super) fn bytes(&self) -> u64 {
        const ROW: u64 = 150;
        let spans = self.spans.iter().map(|span| span.message.len() as u64 + ROW);
        let logs = self.logs.iter().map(|log| log.message.len() as u64 + ROW);
        spans.chain(logs).sum()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.logs.is_empty() && self.counts == Counts::default()
    }
}
