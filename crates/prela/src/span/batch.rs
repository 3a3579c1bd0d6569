//! Several finished spans.

use super::{SpanData, pool};
use crate::Resource;
use std::sync::Arc;

/// Finished spans with the resource that produced them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// What produced the spans.
    pub resource: Arc<Resource>,
    /// The spans, oldest first; shared with the other exporters.
    pub spans: Vec<Arc<SpanData>>,
}

/// The memory of the spans serves those to come, if this was the last batch that had them.
impl Drop for Batch {
    fn drop(&mut self) {
        pool::give_back_spans(std::mem::take(&mut self.spans));
    }
}
