//! What is sent in one attempt.

use crate::export::{Batch, Encode};
use crate::otlp::halves;
use crate::{Resource, SpanData};
use bytes::Bytes;
use std::sync::Arc;

/// Some spans, as their exporter takes them.
pub(super) enum Load {
    Spans(Batch),
    /// Encoded once: the same bytes serve every attempt and the disk.
    Bytes {
        body: Bytes,
        spans: u64,
    },
}

impl Load {
    pub(super) fn new(
        resource: &Arc<Resource>,
        spans: Vec<Arc<SpanData>>,
        encode: Option<Encode>,
    ) -> Self {
        let batch = Batch { resource: resource.clone(), spans };
        match encode {
            Some(encode) => Self::Bytes { body: encode(&batch), spans: batch.spans.len() as u64 },
            None => Self::Spans(batch),
        }
    }

    /// How many spans.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Spans(batch) => batch.spans.len() as u64,
            Self::Bytes { spans, .. } => *spans,
        }
    }

    /// Two loads with half of the spans each; none of a single span.
    pub(super) fn halves(self) -> Result<[Self; 2], Self> {
        match self {
            Self::Spans(mut batch) if batch.spans.len() > 1 => {
                let spans = batch.spans.split_off(batch.spans.len() / 2);
                let second = Batch { resource: batch.resource.clone(), spans };
                Ok([Self::Spans(batch), Self::Spans(second)])
            }
            Self::Bytes { body, spans } => match halves(&body) {
                Some(halves) => {
                    Ok(halves.map(|half| Self::Bytes { body: half.body, spans: half.spans }))
                }
                None => Err(Self::Bytes { body, spans }),
            },
            single @ Self::Spans(_) => Err(single),
        }
    }
}
