//! The store that an import writes to.

use crate::otlp::json::{Signal, read_request};
use crate::otlp::{Envelope, is_python_span, of_python};
use crate::server::{Hello, running};
use crate::store::{Batch, Options, Store};
use anyhow::{anyhow, bail};
use prost::Message as _;
use serde_json::Value;
use std::mem::take;
use std::net::SocketAddr;
use std::path::Path;

/// A store with batches of what was read, since a transaction for each line would be slow.
pub(super) struct Importer {
    target: Target,
    traces: Envelope,
    logs: Envelope,
    waiting: usize,
    spans: u64,
    refused: u64,
}

impl Importer {
    /// Opens the store, or finds the server that writes it.
    pub(super) fn open(store: &Path, options: Options) -> anyhow::Result<Self> {
        let target = Target::open(store, options)?;
        let (traces, logs) = (Envelope::default(), Envelope::default());
        Ok(Self { target, traces, logs, waiting: 0, spans: 0, refused: 0 })
    }

    /// How many spans were passed on to the store.
    pub(super) fn spans(&self) -> u64 {
        self.spans
    }

    /// How many records had ids that are missing or malformed.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Adds a request of OTLP's JSON, or a span of the SDK for Python, and stores a batch that is full.
    pub(super) fn take(&mut self, request: Value) -> anyhow::Result<()> {
        let Value::Object(fields) = &request else { bail!(NO_TRACES) };
        let (envelope, waiting) = if fields.contains_key("resourceSpans") {
            (self.read(Signal::TRACES, &request)?, &mut self.traces)
        } else if fields.contains_key("resourceLogs") {
            (self.read(Signal::LOGS, &request)?, &mut self.logs)
        } else if is_python_span(fields) {
            (of_python(request).map_err(|error| anyhow!(error))?, &mut self.traces)
        } else {
            bail!(NO_TRACES)
        };
        self.waiting += envelope.len();
        waiting.resources.extend(envelope.resources);
        if self.waiting >= AT_ONCE { self.flush() } else { Ok(()) }
    }

    fn read(&mut self, signal: Signal, request: &Value) -> anyhow::Result<Envelope> {
        let (envelope, malformed) = read_request(signal, &serde_json::to_vec(request)?)?;
        self.refused += malformed;
        Ok(envelope)
    }

    /// Stores the batches that wait.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.waiting = 0;
        let (traces, logs) = (take(&mut self.traces), take(&mut self.logs));
        let (batch, refused) = Batch::of_spans(traces.clone());
        let spans = batch.spans() as u64;
        self.refused += refused.count();
        self.target.store(batch, "traces", &traces)?;
        self.spans += spans;
        let (batch, refused) = Batch::of_logs(logs.clone());
        self.refused += refused.count();
        self.target.store(batch, "logs", &logs)
    }
}

/// What writes the store: the server that runs for it, or this process.
enum Target {
    Server(SocketAddr, reqwest::Client, tokio::runtime::Runtime),
    Store(Store),
}

impl Target {
    fn open(store: &Path, options: Options) -> anyhow::Result<Self> {
        let Some(hello) = running(store) else {
            return Ok(Self::Store(Store::open(store, options)?));
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self::Server(hello.http, client, runtime))
    }

    fn store(&self, batch: Batch, path: &str, envelope: &Envelope) -> anyhow::Result<()> {
        if envelope.is_empty() {
            return Ok(());
        }
        match self {
            Self::Store(store) => {
                store.insert_blocking(batch)?;
            }
            Self::Server(address, client, runtime) => {
                let mut request = client
                    .post(format!("http://{address}/v1/{path}"))
                    .header("content-type", "application/x-protobuf")
                    .body(envelope.encode_to_vec());
                if let Some(token) = Hello::token() {
                    request = request.bearer_auth(token);
                }
                let response = runtime.block_on(request.send())?;
                if !response.status().is_success() {
                    bail!("the server at {address} refused the spans: {}", response.status());
                }
            }
        }
        Ok(())
    }
}

const NO_TRACES: &str = "it is neither OTLP, with `resourceSpans` or `resourceLogs`, nor a span of Prela's SDK for Python";
/// Records of a batch that is full.
const AT_ONCE: usize = 512;
