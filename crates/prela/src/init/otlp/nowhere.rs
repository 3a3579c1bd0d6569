//! An exporter without a collector.

use crate::export::{Batch, ExportFuture, Exported, SpanExporter};
use crate::{Error, ErrorKind};

/// Stands where the environment names an endpoint that cannot be used, and refuses every batch, so that
/// its spans are counted as lost.
pub(super) struct Nowhere;

impl SpanExporter for Nowhere {
    fn name(&self) -> String {
        "otlp without an endpoint".to_owned()
    }

    fn export<'a>(&'a mut self, _: &'a Batch) -> ExportFuture<'a, Exported> {
        let text = "export: the endpoint in the environment cannot be used";
        Box::pin(async move { Err(Error::new(ErrorKind::Config, text)) })
    }

    fn for_fork(&self) -> Option<Box<dyn SpanExporter>> {
        Some(Box::new(Self))
    }
}
