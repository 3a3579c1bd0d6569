//! What is sent in one attempt.

use crate::Resource;
use crate::export::{Batch, Encode};
use crate::otlp::halves;
use crate::span::Encoded;
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
        spans: Vec<Encoded>,
        encode: Option<Encode>,
    ) -> Self {
        match encode {
            Some(encode) => {
                Self::Bytes { body: encode(resource, &spans), spans: spans.len() as u64 }
            }
            None => Self::Spans(Batch::of(resource.clone(), spans)),
        }
    }

    /// How many spans.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Spans(batch) => batch.len() as u64,
            Self::Bytes { spans, .. } => *spans,
        }
    }

    /// Two loads with half of the spans each; none of a single span.
    pub(super) fn halves(self) -> Result<[Self; 2], Self> {
        match self {
            Self::Spans(mut batch) if batch.len() > 1 => {
                let second = batch.split_off_half();
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
