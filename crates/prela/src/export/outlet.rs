//! The pipeline's side of exporters.

use super::{ExportFuture, Exported, SpanExporter};
use crate::span::Encoded;
use crate::{Resource, context};
use bytes::Bytes;
use std::fmt::Debug;

/// Turns spans into what is sent, kept and sent again.
pub(crate) type Encode = fn(&Resource, &[Encoded]) -> Bytes;

/// An exporter whose batches are encoded once, by the pipeline, for every attempt and for the spool.
pub(crate) trait WireExporter: Debug + Send + 'static {
    /// As [`SpanExporter::name`].
    fn name(&self) -> String;

    /// How its batches are encoded.
    fn encoder(&self) -> Encode;

    /// One attempt to send an encoded batch.
    fn send(&mut self, body: Bytes) -> ExportFuture<'_, Exported>;

    /// As [`SpanExporter::for_fork`].
    fn for_fork(&self) -> Box<dyn WireExporter>;
}

/// Either kind of exporter.
pub(crate) enum Outlet {
    Spans(Box<dyn SpanExporter>),
    Wire(Box<dyn WireExporter>),
}

impl Outlet {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Spans(exporter) => {
                context::hook(|| exporter.name()).unwrap_or_else(|| "an exporter".to_owned())
            }
            Self::Wire(exporter) => exporter.name(),
        }
    }

    pub(crate) fn is_interactive(&self) -> bool {
        match self {
            Self::Spans(exporter) => {
                context::hook(|| exporter.is_interactive()).unwrap_or_default()
            }
            Self::Wire(_) => false,
        }
    }

    /// None: its batches are not encoded.
    pub(crate) fn encoder(&self) -> Option<Encode> {
        match self {
            Self::Spans(_) => None,
            Self::Wire(exporter) => Some(exporter.encoder()),
        }
    }

    pub(crate) fn for_fork(&self) -> Option<Self> {
        match self {
            Self::Spans(exporter) => {
                context::hook(|| exporter.for_fork()).flatten().map(Self::Spans)
            }
            Self::Wire(exporter) => Some(Self::Wire(exporter.for_fork())),
        }
    }

    pub(crate) fn shutdown(&mut self) -> ExportFuture<'_, ()> {
        match self {
            Self::Spans(exporter) => exporter.shutdown(),
            Self::Wire(_) => Box::pin(async { Ok(()) }),
        }
    }
}
