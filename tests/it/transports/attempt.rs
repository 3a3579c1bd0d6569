//! Attempts one at a time, without a pipeline that makes them again.

use prela::export::{Batch, Exported};
use prela::export::{MemoryExporter, SpanExporter};
use prela::{ErrorKind, Otlp};
use std::error::Error as _;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Spans in a batch.
pub const SPANS: usize = 5;

/// An exporter, and a runtime that drives it.
pub struct Sender {
    exporter: Box<dyn SpanExporter>,
    batch: Batch,
    runtime: Runtime,
}

/// An error's facts.
#[derive(Debug, PartialEq)]
pub struct Failure {
    pub kind: ErrorKind,
    pub retry_after: Option<Duration>,
    /// The error and its causes.
    pub line: String,
}

impl Sender {
    #[track_caller]
    pub fn new(otlp: Otlp) -> Self {
        Self::of(otlp, batch("a prompt"))
    }

    /// An exporter with a batch to send.
    pub fn of(otlp: Otlp, batch: Batch) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { exporter: otlp.into_exporter().unwrap(), batch, runtime }
    }

    /// Makes one attempt.
    pub fn send(&mut self) -> Result<Exported, Failure> {
        let result = self.runtime.block_on(self.exporter.export(&self.batch));
        result.map_err(|error| {
            let mut line = error.to_string();
            let mut cause = error.source();
            while let Some(inner) = cause {
                line += &format!(": {inner}");
                cause = inner.source();
            }
            assert!(!line.contains(['\n', '\r', '\x1b']), "{line:?} is one line");
            Failure { kind: error.kind(), retry_after: error.retry_after(), line }
        })
    }
}

pub fn batch(text: &str) -> Batch {
    spans(SPANS, text)
}

/// A batch of at least this many bytes.
pub fn batch_of_size(bytes: usize) -> Batch {
    const SMALL_ENOUGH_NOT_TO_BE_CUT: usize = 4 << 10;
    spans(bytes / SMALL_ENOUGH_NOT_TO_BE_CUT, &"x".repeat(SMALL_ENOUGH_NOT_TO_BE_CUT))
}

fn spans(count: usize, text: &str) -> Batch {
    let memory = MemoryExporter::new();
    let builder = prela::builder().env([("", ""); 0]).exporter(memory.clone());
    let prela = builder.max_queue_bytes(1 << 30).build().unwrap();
    for _ in 0..count {
        prela.tracer().span_default("step").attr("input", text).in_scope(|_| ());
    }
    prela.flush(Duration::from_secs(60)).unwrap();
    Batch::new(memory.resource().unwrap(), memory.take())
}
