//! Keeps spans in memory, for tests.

use super::{Batch, ExportFuture, Exported, SpanExporter};
use crate::Resource;
use crate::span::SpanData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps every finished span, for tests.
///
/// Clones share what they keep: give one to the builder and read the other, after a flush. There is
/// no limit, so it is not for programs that run for long; [`take`](Self::take) empties it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// # fn main() -> Result<(), prela::Error> {
/// let memory = prela::export::MemoryExporter::new();
/// let prela = prela::builder()
///     .service_name("tests")
///     .exporter(memory.clone())
///     .env([] as [(&str, &str); 0])
///     .build()?;
///
/// drop(prela.tracer().span("search", prela::SpanType::Tool).start());
/// prela.flush(Duration::from_secs(5))?;
/// assert_eq!(memory.spans()[0].name, "search");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryExporter {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<Arc<SpanData>>,
    resource: Option<Arc<Resource>>,
}

impl MemoryExporter {
    /// Makes an empty exporter.
    pub fn new() -> Self {
        Self::default()
    }

    /// The spans so far, in the order in which they ended.
    pub fn spans(&self) -> Vec<Arc<SpanData>> {
        self.kept().spans.clone()
    }

    /// The resource that the spans are of; none before the first span.
    pub fn resource(&self) -> Option<Arc<Resource>> {
        self.kept().resource.clone()
    }

    /// Returns the spans so far, and forgets them.
    #[must_use = "to forget the spans, call `clear`"]
    pub fn take(&self) -> Vec<Arc<SpanData>> {
        std::mem::take(&mut self.kept().spans)
    }

    /// Forgets the spans so far.
    pub fn clear(&self) {
        self.kept().spans.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No code of ours panics while it holds the lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanExporter for MemoryExporter {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
        let mut kept = self.kept();
        kept.spans.extend(batch.spans().iter().cloned());
        kept.resource = Some(Arc::clone(batch.resource()));
        drop(kept);
        Box::pin(async { Ok(Exported::all()) })
    }

    fn for_fork(&self) -> Option<Box<dyn SpanExporter>> {
        Some(Box::new(self.clone()))
    }
}
