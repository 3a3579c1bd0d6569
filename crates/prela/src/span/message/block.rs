//! Blocks: one piece of memory for the messages of many ended spans.
//!
//! A thread that ends spans appends to memory that it has just written to, allocates nothing, and hands
//! whole blocks to the export thread.

#[cfg(test)]
mod tests;

use super::data::SpanData;
use super::ended_span::{EndedSpan, SpanSummary};
use super::{codes, parts};
use crate::protobuf::{Buffers, Writer};
use opentelemetry::InstrumentationScope;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::vec::Drain;

/// The messages of spans of one instrumentation scope, one after the other.
struct Block {
    scope: Arc<InstrumentationScope>,
    bytes: Vec<u8>,
}

/// Gives the buffer back for the next block, unless it was made to measure.
impl Drop for Block {
    fn drop(&mut self) {
        if self.bytes.capacity() >= SMALLEST {
            BUFFERS.give_back(mem::take(&mut self.bytes));
        }
    }
}

/// A span in a block.
#[derive(Clone)]
pub(crate) struct EncodedSpan {
    block: Arc<Block>,
    message: Range<usize>,
    pub(crate) summary: SpanSummary,
}

impl EncodedSpan {
    /// The span in a block of its own.
    pub(crate) fn alone(span: EndedSpan<'_>) -> Self {
        let block = Block { scope: span.scope.clone(), bytes: span.message.to_vec() };
        Self { message: 0..span.message.len(), block: Arc::new(block), summary: *span.summary }
    }

    /// A span that was read, and perhaps changed, encoded again in a block of its own.
    pub(crate) fn rewritten(span: &SpanData) -> Self {
        let mut w = Writer::default();
        parts::span(&mut w, span);
        let (mut bytes, len) = w.into_parts();
        bytes.truncate(len);
        let block = Block { scope: span.scope.clone(), bytes };
        Self { message: 0..len, block: Arc::new(block), summary: SpanSummary::of(span) }
    }

    pub(crate) fn ended(&self) -> EndedSpan<'_> {
        let message = self.block.bytes.get(self.message.clone()).unwrap_or_default();
        EndedSpan { message, scope: &self.block.scope, summary: &self.summary }
    }

    pub(crate) fn message_len(&self) -> usize {
        self.message.len()
    }

    /// Marks the span as sampled.
    pub(crate) fn set_sampled(&mut self) {
        self.detach();
        if let Some(block) = Arc::get_mut(&mut self.block) {
            codes::set_sampled(&mut block.bytes);
        }
        self.summary.is_sampled = true;
    }

    /// Moves the span to a block of its own, so that it does not keep the memory of others.
    pub(crate) fn detach(&mut self) {
        if self.message.len() < self.block.bytes.len() {
            *self = Self::alone(self.ended());
        }
    }
}

impl fmt::Debug for EncodedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedSpan").field("summary", &self.summary).finish_non_exhaustive()
    }
}

/// The blocks that spans are appended to as they end.
#[derive(Default)]
pub(crate) struct Blocks {
    open: Vec<Block>,
    /// The spans in the order in which they came.
    spans: Vec<Place>,
}

/// Where a span is.
struct Place {
    /// The index of its block.
    block: usize,
    message: Range<usize>,
    summary: SpanSummary,
}

/// Spans that were taken out of blocks, in the order in which they came.
pub(crate) struct Drained<'a> {
    blocks: Vec<Arc<Block>>,
    places: Drain<'a, Place>,
}

/// Some of them, one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'a> {
    blocks: &'a [Arc<Block>],
    places: &'a [Place],
}

impl Blocks {
    /// Appends a copy of the span. Allocates only if no buffer has come back from the export thread.
    #[inline(always)]
    pub(crate) fn push(&mut self, span: &EndedSpan<'_>) {
        let has_room = |block: &Block| {
            Arc::ptr_eq(&block.scope, span.scope)
                && block.bytes.capacity() - block.bytes.len() >= span.message.len()
        };
        let last = self.open.len().wrapping_sub(1);
        let (number, Block { bytes, .. }) = match self.open.get_mut(last) {
            Some(block) if has_room(block) => (last, block),
            _ => {
                let number = self.block_for(span);
                (number, &mut self.open[number])
            }
        };
        let from = bytes.len();
        bytes.extend_from_slice(span.message);
        let message = from..bytes.len();
        self.spans.push(Place { block: number, message, summary: *span.summary });
    }

    /// The index of a block that can take the span, growing if need be.
    #[cold]
    fn block_for(&mut self, span: &EndedSpan<'_>) -> usize {
        let can_take = |block: &Block| {
            let len = block.bytes.len() + span.message.len();
            Arc::ptr_eq(&block.scope, span.scope) && (block.bytes.is_empty() || len <= FULL)
        };
        self.open.iter().rposition(can_take).unwrap_or_else(|| {
            // After one that is full there is much to come, and growing would copy it.
            let is_next = self.open.iter().any(|block| Arc::ptr_eq(&block.scope, span.scope));
            let mut bytes = BUFFERS.take();
            bytes.clear();
            bytes.reserve_exact(if is_next { FULL } else { SMALLEST });
            self.open.push(Block { scope: span.scope.clone(), bytes });
            self.open.len() - 1
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Takes all spans out, in the order in which they came.
    pub(crate) fn drain(&mut self) -> Drained<'_> {
        let mut still_open = Vec::new();
        let seal = |mut block: Block| {
            // A block that took nothing since the last time is not kept open.
            if !block.bytes.is_empty() && block.bytes.len() < block.bytes.capacity() / 2 {
                // So that waiting spans take about as much memory as is counted for them.
                let bytes = block.bytes.as_slice().to_vec();
                let sealed = Block { scope: block.scope.clone(), bytes };
                block.bytes.clear();
                still_open.push(block);
                return Arc::new(sealed);
            }
            Arc::new(block)
        };
        let blocks = self.open.drain(..).map(seal).collect();
        self.open.append(&mut still_open);
        Drained { blocks, places: self.spans.drain(..) }
    }
}

impl Drained<'_> {
    pub(crate) fn all(&self) -> Stretch<'_> {
        Stretch { blocks: &self.blocks, places: self.places.as_slice() }
    }

    /// Cuts them where two that follow each other are not in order.
    pub(crate) fn split_unless(
        &self,
        in_order: impl Fn(&SpanSummary, &SpanSummary) -> bool,
    ) -> impl Iterator<Item = Stretch<'_>> {
        let places = self.places.as_slice();
        let parts = places.chunk_by(move |a, b| in_order(&a.summary, &b.summary));
        parts.map(|places| Stretch { blocks: &self.blocks, places })
    }
}

impl<'a> Stretch<'a> {
    pub(crate) fn first(self) -> Option<&'a SpanSummary> {
        self.places.first().map(|place| &place.summary)
    }

    /// Cuts off those at the start, up to one that is not `wanted`.
    pub(crate) fn split_off_while(&mut self, wanted: impl Fn(&SpanSummary) -> bool) -> Self {
        let count = self.places.iter().take_while(|place| wanted(&place.summary)).count();
        let (start, rest) = self.places.split_at(count);
        self.places = rest;
        Self { blocks: self.blocks, places: start }
    }

    pub(crate) fn spans(self) -> impl Iterator<Item = EncodedSpan> + use<'a> {
        self.places.iter().map(move |place| EncodedSpan {
            block: self.blocks[place.block].clone(),
            message: place.message.clone(),
            summary: place.summary,
        })
    }
}

/// The capacity of a new block.
const SMALLEST: usize = 8 * 1024;
/// The length at which a block takes no further span.
const FULL: usize = 128 * 1024;

static BUFFERS: Buffers = Buffers::new(32, FULL);
