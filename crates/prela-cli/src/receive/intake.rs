//! The way of a request, once it is read, to the store.

use super::answer::{Partial, Refusal};
use super::budget::{Budget, Share};
use crate::otlp::{Envelope, json};
use crate::store::{Batch, Refused, Store, StoreErrorKind};
use bytes::Bytes;
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;

/// Takes requests into a store. Clones share everything.
#[derive(Debug, Clone)]
pub struct Intake {
    store: Arc<Store>,
    pub(super) budget: Budget,
    spans: Arc<AtomicU64>,
    trouble: watch::Sender<Option<String>>,
}

/// The kind of telemetry in a request.
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
    /// An intake for this store.
    pub fn new(store: Arc<Store>, budget: Budget) -> Self {
        Self { store, budget, spans: Arc::default(), trouble: watch::Sender::new(None) }
    }

    /// The number of spans that were taken since the start.
    pub fn spans(&self) -> u64 {
        self.spans.load(Relaxed)
    }

    /// Stores a request in protobuf, and returns when it is committed.
    pub(super) async fn take_protobuf(
        &self,
        signal: Signal,
        message: Bytes,
        share: &mut Share,
    ) -> Result<Partial, Refusal> {
        let malformed = || Refusal::malformed("the request is not an OTLP message");
        let parts = Envelope::parts(&message).ok_or_else(malformed)?;
        self.budget.take(share, parts.saturating_mul(BYTES_OF_PART)).await?;
        let turn = self.budget.turn().await;
        let envelope = Envelope::decode(message).map_err(|_| malformed())?;
        let (batch, refused) = read(signal, envelope, 0);
        drop(turn);
        self.store(batch, &refused).await
    }

    /// Stores a request in JSON, as [`take_protobuf`](Self::take_protobuf) does one in protobuf.
    pub(super) async fn take_json(
        &self,
        signal: Signal,
        json: &[u8],
        share: &mut Share,
    ) -> Result<Partial, Refusal> {
        self.budget.take(share, json.len().saturating_mul(JSON_GROWS)).await?;
        let turn = self.budget.turn().await;
        let (envelope, malformed) = json::read_request(signal.schema(), json).map_err(|error| {
            Refusal::malformed(format!("the request is not OTLP JSON: {error}"))
        })?;
        let (batch, refused) = read(signal, envelope, malformed);
        drop(turn);
        self.store(batch, &refused).await
    }

    async fn store(&self, batch: Batch, refused: &Refused) -> Result<Partial, Refusal> {
        if !batch.is_empty() {
            match self.store.insert(batch).await {
                Ok(accepted) => {
                    self.spans.fetch_add(accepted.new_spans, Relaxed);
                    self.trouble.send_if_modified(|trouble| trouble.take().is_some());
                }
                Err(error) if error.kind() == StoreErrorKind::Congested => {
                    return Err(Refusal::congested(error.to_string()));
                }
                Err(error) => {
                    let text = error.to_string();
                    let refusal = Refusal::unavailable(text.clone());
                    self.trouble.send_if_modified(|trouble| {
                        let is_new = trouble.as_deref() != Some(text.as_str());
                        *trouble = Some(text);
                        is_new
                    });
                    return Err(refusal);
                }
            }
        }
        let message = if refused.count() > 0 { refused.to_string() } else { String::new() };
        Ok(Partial { rejected: refused.count(), message })
    }

    /// Why the store cannot be written at the moment.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }
}

fn read(signal: Signal, envelope: Envelope, malformed: u64) -> (Batch, Refused) {
    let (mut batch, mut refused) = match signal {
        Signal::Traces => Batch::of_spans(envelope),
        Signal::Logs => Batch::of_logs(envelope),
        Signal::Metrics => (Batch::of_metrics(&envelope), Refused::default()),
    };
    batch.add_malformed(&mut refused, malformed);
    (batch, refused)
}

/// Memory that a record takes beside its bytes until it is written.
const BYTES_OF_PART: usize = 300;
/// Memory that JSON takes as objects, in multiples of its text.
const JSON_GROWS: usize = 2;
