//! The pipeline's side of exporters.

use super::{ExportFuture, Exported, SpanExporter};
#[cfg(feature = "__otlp")]
use crate::otlp::transport::Connection;
use crate::span::EncodedSpan;
use crate::{Resource, context};
use bytes::Bytes;
use std::fmt::Debug;

/// Turns spans into what is sent, kept and sent again.
pub(crate) type Encode = fn(&Resource, &[EncodedSpan]) -> Bytes;

/// An exporter whose batches are encoded once, by the pipeline, for every attempt and for the spool.
pub(crate) trait EncodedExporter: Debug + Send + 'static {
    /// The exporter's name; see [`SpanExporter::name`].
    fn name(&self) -> String;

    /// How its batches are encoded.
    fn encoder(&self) -> Encode;

    /// One attempt to send an encoded batch.
    fn send(&mut self, body: Bytes) -> ExportFuture<'_, Exported>;

    /// Its connection, if it has one.
    #[cfg(feature = "__otlp")]
    fn connection(&self) -> Option<&Connection> {
        None
    }

    /// An exporter for a forked process; see [`SpanExporter::for_fork`].
    fn for_fork(&self) -> Box<dyn EncodedExporter>;
}

/// Either kind of exporter.
pub(crate) enum AnyExporter {
    Spans(Box<dyn SpanExporter>),
    Encoded(Box<dyn EncodedExporter>),
}

impl AnyExporter {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Spans(exporter) => {
                context::hook(|| exporter.name()).unwrap_or_else(|| "an exporter".to_owned())
            }
            Self::Encoded(exporter) => exporter.name(),
        }
    }

    pub(crate) fn is_interactive(&self) -> bool {
        match self {
            Self::Spans(exporter) => {
                context::hook(|| exporter.is_interactive()).unwrap_or_default()
            }
            Self::Encoded(_) => false,
        }
    }

    /// How its batches are encoded; none if they are not.
    pub(crate) fn encoder(&self) -> Option<Encode> {
        match self {
            Self::Spans(_) => None,
            Self::Encoded(exporter) => Some(exporter.encoder()),
        }
    }

    /// Its connection, if it has one.
    #[cfg(feature = "__otlp")]
    pub(super) fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Spans(_) => None,
            Self::Encoded(exporter) => exporter.connection(),
        }
    }

    pub(crate) fn for_fork(&self) -> Option<Self> {
        match self {
            Self::Spans(exporter) => {
                context::hook(|| exporter.for_fork()).flatten().map(Self::Spans)
            }
            Self::Encoded(exporter) => Some(Self::Encoded(exporter.for_fork())),
        }
    }

    pub(crate) fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        match self {
            Self::Spans(exporter) => exporter.shutdown(),
            Self::Encoded(_) => Box::pin(async { Ok(()) }),
        }
    }
}
