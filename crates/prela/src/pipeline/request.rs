//! What is sent in one attempt.

use crate::export::{Batch, Encode};
use crate::otlp::split;
use crate::span::EncodedSpan;
use crate::{Error, ErrorKind, Resource};
use bytes::Bytes;
use std::sync::Arc;

/// Some spans, as their exporter takes them.
pub(super) enum Request {
    Spans(Batch),
    /// Encoded once: the same bytes serve every attempt and the disk.
    Bytes {
        body: Bytes,
        spans: u64,
    },
}

/// Makes requests from batches, for one exporter.
pub(super) struct RequestEncoder {
    resource: Arc<Resource>,
    /// None for an exporter that takes spans.
    encode: Option<Encode>,
}

impl RequestEncoder {
    pub(super) fn new(resource: Arc<Resource>, encode: Option<Encode>) -> Self {
        Self { resource, encode }
    }

    /// Whether requests are bytes, as the disk takes them.
    pub(super) fn makes_bytes(&self) -> bool {
        self.encode.is_some()
    }

    pub(super) fn request(&self, spans: Vec<EncodedSpan>) -> Request {
        match self.encode {
            Some(encode) => {
                let body = encode(&self.resource, &spans);
                Request::Bytes { body, spans: spans.len() as u64 }
            }
            None => Request::Spans(Batch::of(self.resource.clone(), spans)),
        }
    }
}

impl Request {
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Spans(batch) => batch.len() as u64,
            Self::Bytes { spans, .. } => *spans,
        }
    }

    /// Whether it may be too large for a receiver that does not say so.
    pub(super) fn is_large(&self) -> bool {
        matches!(self, Self::Bytes { body, .. } if body.len() >= LARGE)
    }

    /// The error of a single span that the receiver said is too large.
    pub(super) fn too_large(&self, error: Error) -> Error {
        match self {
            // Only the user's exporter knows how large its request was.
            Self::Spans(_) => error,
            Self::Bytes { body, .. } => {
                let text = "which is over the limit for a request";
                of_single(body.len(), text, &error)
            }
        }
    }

    /// The error of a single span at which the connection breaks off while others get through.
    pub(super) fn suspected(&self, error: &Error) -> Error {
        let length = match self {
            Self::Spans(_) => 0,
            Self::Bytes { body, .. } => body.len(),
        };
        let text = "which is over the limit for a request, it seems, since others get through";
        of_single(length, text, error)
    }

    /// Splits into two requests with half of the spans each; gives a single span back.
    pub(super) fn split(self) -> Result<[Self; 2], Self> {
        match self {
            Self::Spans(mut batch) if batch.len() > 1 => {
                let second = batch.split_off_half();
                Ok([Self::Spans(batch), Self::Spans(second)])
            }
            Self::Bytes { body, spans } => match split(&body) {
                Some(parts) => {
                    Ok(parts.map(|part| Self::Bytes { body: part.body, spans: part.spans }))
                }
                None => Err(Self::Bytes { body, spans }),
            },
            single @ Self::Spans(_) => Err(single),
        }
    }
}

fn of_single(length: usize, text: &str, error: &Error) -> Error {
    let error = error.chain();
    let text = format!("one span alone makes a request of {length} bytes, {text}: {error}");
    Error::new(ErrorKind::TooLarge, text)
}

/// No receiver has a limit below this one.
const LARGE: usize = 64 << 10;
