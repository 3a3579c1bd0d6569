//! Exporters: where finished spans go.
//!
//! The pipeline calls an exporter on Prela's own thread, one batch at a time, never on a thread of
//! the user's. An exporter does not queue, and does not count: the pipeline does both.

mod any_exporter;
mod console;
mod file;
#[cfg(feature = "__otlp")]
mod local_tool;
mod memory;
#[cfg(feature = "__otlp")]
mod otlp;

#[cfg(feature = "__otlp")]
pub(crate) use any_exporter::EncodedExporter;
pub(crate) use any_exporter::{AnyExporter, Encode};
pub use console::ConsoleExporter;
#[cfg(feature = "testing")]
pub(crate) use console::tree;
pub use file::FileExporter;
#[cfg(feature = "__otlp")]
pub(crate) use local_tool::LocalTool;
pub use memory::MemoryExporter;
#[cfg(feature = "__otlp")]
pub(crate) use otlp::{OneAttempt, OtlpExporter};

pub use crate::span::Batch;

use crate::Error;
use std::future::Future;
use std::pin::Pin;

/// What an exporter's methods return: a boxed future, so that exporters are object-safe.
pub type ExportFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Sends batches of finished spans somewhere.
///
/// Runs on an export thread of its own, inside that thread's current-thread tokio runtime. A method that
/// takes longer than `OTEL_BSP_EXPORT_TIMEOUT` is dropped, one that panics is caught, and in both cases
/// the batch counts as dropped; neither harms user code or another exporter. One that blocks its thread
/// is not dropped in time, and fills its own queue only.
///
/// An exporter makes one attempt. Whether there is another, and when, the pipeline decides by the
/// error: see [`export`](Self::export).
pub trait SpanExporter: Send + 'static {
    /// A short name for diagnostics and [`Stats`](crate::pipeline::Stats), such as `otlp http://127.0.0.1:4317`.
    /// It must hold no secret.
    fn name(&self) -> String;

    /// Sends one batch.
    ///
    /// Spans that are begun meanwhile, on this thread and by tasks that it spawns, are not recorded. On
    /// threads of the exporter's own that is up to it: [`suppress`](crate::suppress).
    ///
    /// # Errors
    ///
    /// With an error that is [marked](Error::with_retry) as worth another attempt the same batch comes
    /// again, after a while, for at most `OTEL_BSP_EXPORT_TIMEOUT` altogether; while shutting down, for
    /// as long as that takes, if the error says that the peer is there. With the kind
    /// [`TooLarge`](crate::ErrorKind::TooLarge) it comes again in two parts. With any other the whole
    /// batch counts as dropped, with the error's text on the diagnostic line.
    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported>;

    /// Sends what it still holds; called once, after the last batch.
    ///
    /// # Errors
    ///
    /// The error's text goes to the diagnostic line.
    fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Whether a batch should be sent as soon as a local root span ends, rather than after the
    /// schedule delay: for exporters that a person watches.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Another exporter of the same kind, for a process that is forked off this one: there the first
    /// one is out of reach, with the thread that it was on. Asked for once, at
    /// [`build`](crate::Builder::build).
    ///
    /// Without one, which is the default, the child's spans count as
    /// [`no_exporter`](crate::pipeline::Dropped::no_exporter).
    fn for_fork(&self) -> Option<Box<dyn SpanExporter>> {
        None
    }
}

/// A batch as the body of an OTLP request, in protobuf: for an exporter of your own, over a transport
/// that Prela does not have.
///
/// Cost: a copy of the messages, into memory that is used again as soon as the last clone of the bytes is
/// dropped.
///
/// Source: [OTLP, Binary Protobuf Encoding](https://opentelemetry.io/docs/specs/otlp/#binary-protobuf-encoding).
pub fn otlp_protobuf(batch: &Batch) -> bytes::Bytes {
    crate::otlp::encode::request(batch.resource(), batch.encoded())
}

/// How a batch was received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Spans that the receiver refused although it took the batch: OTLP's partial success.
    pub rejected: u64,
    /// What the receiver said about it, in one line; goes to the diagnostic line.
    pub message: Option<String>,
}

impl Exported {
    /// A batch of which every span was taken.
    pub fn all() -> Self {
        Self::default()
    }

    /// A batch of which all but `rejected` spans were taken.
    pub fn all_but(rejected: u64) -> Self {
        Self { rejected, message: None }
    }
}
