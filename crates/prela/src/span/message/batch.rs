//! Several finished spans.

use super::block::EncodedSpan;
use super::data::SpanData;
use crate::Resource;
use std::sync::{Arc, OnceLock};

/// Finished spans with the resource that produced them.
///
/// The spans are encoded already, and are read back only when somebody asks for them: an exporter that sends
/// [`otlp_protobuf`](crate::export::otlp_protobuf) or only counts does not pay for that.
///
/// ```
/// use prela::export::{Batch, ExportFuture, Exported};
/// use prela::export::{MemoryExporter, SpanExporter};
/// use prela::Exporter;
///
/// /// Hands on all but health checks.
/// struct Healthy<E>(E);
///
/// impl<E: SpanExporter> SpanExporter for Healthy<E> {
///     fn name(&self) -> String {
///         self.0.name()
///     }
///
///     fn export<'a>(&'a mut self, batch: &'a Batch) -> ExportFuture<'a, Exported> {
///         Box::pin(async move {
///             let wanted = batch.spans().iter().filter(|span| span.name != "health").cloned();
///             self.0.export(&Batch::new(batch.resource().clone(), wanted)).await
///         })
///     }
/// }
///
/// let memory = MemoryExporter::new();
/// let exporter = Exporter::from(Healthy(memory.clone()));
/// let prela = prela::builder().service_name("doc").exporter(exporter).build()?;
/// for name in ["health", "work"] {
///     prela.tracer().span_default(name).in_scope(|_| ());
/// }
/// prela.flush(std::time::Duration::from_secs(5))?;
/// assert_eq!(memory.spans().len(), 1);
/// assert_eq!(memory.spans()[0].name, "work");
/// # Ok::<(), prela::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    resource: Arc<Resource>,
    encoded: Vec<EncodedSpan>,
    spans: OnceLock<Vec<Arc<SpanData>>>,
}

impl Batch {
    /// A batch of these spans, for an exporter that hands filtered or changed spans to another.
    ///
    /// Cost: each span is encoded.
    pub fn new(resource: Arc<Resource>, spans: impl IntoIterator<Item = Arc<SpanData>>) -> Self {
        let spans: Vec<_> = spans.into_iter().collect();
        let encoded = spans.iter().map(|span| EncodedSpan::rewritten(span)).collect();
        Self { resource, encoded, spans: spans.into() }
    }

    pub(crate) fn of(resource: Arc<Resource>, encoded: Vec<EncodedSpan>) -> Self {
        Self { resource, encoded, spans: OnceLock::new() }
    }

    /// What produced the spans.
    pub fn resource(&self) -> &Arc<Resource> {
        &self.resource
    }

    /// The spans, oldest first.
    ///
    /// Cost: the first call reads them all, about as much work as recording them.
    pub fn spans(&self) -> &[Arc<SpanData>] {
        let read = || self.encoded.iter().map(|span| Arc::new(span.ended().to_data())).collect();
        self.spans.get_or_init(read)
    }

    /// How many spans there are.
    pub fn len(&self) -> usize {
        self.encoded.len()
    }

    /// Whether there are none. The pipeline gives no exporter an empty batch.
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }

    pub(crate) fn encoded(&self) -> &[EncodedSpan] {
        &self.encoded
    }

    /// Splits the later half off.
    pub(crate) fn split_off_half(&mut self) -> Self {
        let later = self.encoded.split_off(self.encoded.len() / 2);
        self.spans = OnceLock::new();
        Self::of(self.resource.clone(), later)
    }
}
