//! `prela import`.

use super::{Global, Outcome};
use crate::otlp::json::{Signal, read_request};
use crate::server::running;
use crate::store::{Batch, Options, Store};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Stores the traces of a file of OTLP's JSON, as the OpenTelemetry Collector and `prela export` write it.
///
/// Spans that are there already stay as they are.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The file; `-` is the standard input.
    file: PathBuf,
}

impl Import {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let name = self.file.display();
        let input: Box<dyn Read> = if self.file == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(&self.file).with_context(|| format!("{name} cannot be read"))?)
        };
        let mut target = Target::open(&global.project()?.store)?;
        let (mut spans, mut refused) = (0, 0);
        let requests = serde_json::Deserializer::from_reader(BufReader::new(input));
        for (number, request) in (1_u64..).zip(requests.into_iter::<Value>()) {
            let taken = request.map_err(anyhow::Error::from).and_then(|it| target.take(&it));
            let taken = taken.with_context(|| {
                format!("{name}, request {number}; the {spans} spans before it are stored")
            })?;
            spans += taken.spans;
            refused += taken.refused;
        }
        if global.json {
            writeln!(out, "{}", json!({ "spans": spans, "refused": refused }))?;
        } else {
            writeln!(out, "{spans} spans read")?;
            if refused > 0 {
                writeln!(out, "{refused} records left out: their ids are missing or malformed")?;
            }
        }
        Ok(if spans == 0 { Outcome::Nothing } else { Outcome::Done })
    }
}

/// What became of a request.
struct Taken {
    spans: u64,
    refused: u64,
}

/// Who writes the store: a server that runs, or this process.
enum Target {
    Server(SocketAddr, reqwest::Client, tokio::runtime::Runtime),
    Store(Store),
}

impl Target {
    fn open(store: &Path) -> anyhow::Result<Self> {
        let Some(hello) = running(store) else {
            return Ok(Self::Store(Store::open(store, Options::default())?));
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self::Server(hello.http, client, runtime))
    }

    fn take(&mut self, request: &Value) -> anyhow::Result<Taken> {
        let (signal, path) = match request {
            Value::Object(fields) if fields.contains_key("resourceSpans") => {
                (Signal::TRACES, "traces")
            }
            Value::Object(fields) if fields.contains_key("resourceLogs") => (Signal::LOGS, "logs"),
            _ => bail!("it is no OTLP: it has neither `resourceSpans` nor `resourceLogs`"),
        };
        let body = serde_json::to_vec(request)?;
        let (envelope, malformed) = read_request(signal, &body)?;
        let (batch, refused) =
            if path == "traces" { Batch::of_spans(envelope) } else { Batch::of_logs(envelope) };
        let taken = Taken { spans: batch.spans() as u64, refused: malformed + refused.count() };
        match self {
            Self::Store(store) => {
                store.insert_blocking(batch)?;
            }
            Self::Server(address, client, runtime) => {
                let request = client
                    .post(format!("http://{address}/v1/{path}"))
                    .header("content-type", "application/json")
                    .body(body);
                let response = runtime.block_on(request.send())?;
                if !response.status().is_success() {
                    bail!("prela at {address} did not take it: {}", response.status());
                }
            }
        }
        Ok(taken)
    }
}
