//! Several finished spans.

use super::SpanData;
use crate::Resource;
use std::sync::Arc;

/// Finished spans with the resource that produced them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// What produced the spans.
    pub resource: Arc<Resource>,
    /// The spans, oldest first.
    pub spans: Vec<Arc<SpanData>>,
}
