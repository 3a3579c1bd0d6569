//! From a request that was read to the store.

use super::answer::{Partial, Refusal};
use super::budget::Budget;
use crate::otlp::{Envelope, json};
use crate::store::{Batch, Refused, Store, StoreErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where requests go. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Intake {
    store: Arc<Store>,
    pub(super) budget: Budget,
    spans: Arc<AtomicU64>,
}

/// What kind of telemetry a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metrics.
    Metrics,
}

impl Signal {
    pub(super) fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    pub(super) fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    pub(super) fn schema(self) -> json::Signal {
        match self {
            Self::Traces => json::Signal::TRACES,
            Self::Logs => json::Signal::LOGS,
            Self::Metrics => json::Signal::METRICS,
        }
    }

    /// The field of a partial success in JSON.
    pub(super) fn rejected(self) -> &'static str {
        match self {
            Self::Traces => "rejectedSpans",
            Self::Logs => "rejectedLogRecords",
            Self::Metrics => "rejectedDataPoints",
        }
    }
}

impl Intake {
    /// Into this store.
    pub fn new(store: Arc<Store>, budget: Budget) -> Self {
        Self { store, budget, spans: Arc::default() }
    }

    /// Spans that were taken since the start.
    pub fn spans(&self) -> u64 {
        self.spans.load(Relaxed)
    }

    /// Stores what is in a request; done when it is committed.
    pub(super) async fn take(
        &self,
        signal: Signal,
        envelope: Envelope,
        malformed: u64,
    ) -> Result<Partial, Refusal> {
        let (mut batch, mut refused) = match signal {
            Signal::Traces => Batch::of_spans(envelope),
            Signal::Logs => Batch::of_logs(envelope),
            Signal::Metrics => (Batch::of_metrics(&envelope), Refused::default()),
        };
        batch.add_malformed(&mut refused, malformed);
        if !batch.is_empty() {
            let accepted = self.store.insert(batch).await.map_err(|error| match error.kind() {
                StoreErrorKind::Congested => Refusal::congested(error.to_string()),
                _ => Refusal::unavailable(error.to_string()),
            })?;
            self.spans.fetch_add(accepted.new_spans, Relaxed);
        }
        let message = if refused.count() > 0 { refused.to_string() } else { String::new() };
        Ok(Partial { rejected: refused.count(), message })
    }
}
