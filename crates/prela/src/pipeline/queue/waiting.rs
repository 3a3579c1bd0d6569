//! The spans that wait in a queue, and which have left it.

use crate::pipeline::shards::{Size, bytes_of, has_priority};
use crate::span::EncodedSpan;
use std::collections::VecDeque;

/// Spans in the order in which they leave, each with a number. A flush waits until every number below
/// an earlier end of the list has left and arrived.
#[derive(Default)]
pub(super) struct Waiting {
    spans: VecDeque<(u64, EncodedSpan)>,
    bytes: usize,
    /// The number that the next span gets.
    next_number: u64,
    /// The lowest number in flight.
    in_flight_from: Option<u64>,
    flush_until: u64,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(super) fn size(&self) -> Size {
        Size { spans: self.spans.len(), bytes: self.bytes }
    }

    /// Adds spans of one thread at the end.
    pub(super) fn extend(&mut self, spans: impl Iterator<Item = EncodedSpan>) {
        for span in spans {
            self.bytes += bytes_of(span.message_len());
            self.spans.push_back((self.next_number, span));
            self.next_number += 1;
        }
    }

    /// Puts the spans from this place on, which are of several threads, into the order of their ends: of equal
    /// ones a local root last.
    pub(super) fn sort(&mut self, from: usize) {
        let added = &mut self.spans.make_contiguous()[from..];
        let first = added.first().map_or(self.next_number, |(number, _)| *number);
        added.sort_by_key(|(_, span)| (span.summary.end_time, span.summary.is_local_root));
        for (number, (its_number, _)) in (first..).zip(added) {
            *its_number = number;
        }
    }

    /// Takes those that wait longest, for an attempt: as many as the limit allows, but one at least.
    pub(super) fn cut(&mut self, limit: Size) -> (Vec<EncodedSpan>, Size) {
        let mut taken = Size::default();
        for (_, span) in self.spans.iter().take(limit.spans) {
            let bytes = bytes_of(span.message_len());
            if taken.spans > 0 && taken.bytes + bytes > limit.bytes {
                break;
            }
            taken += Size { spans: 1, bytes };
        }
        if let Some((number, _)) = self.spans.front().filter(|_| taken.spans > 0) {
            self.in_flight_from.get_or_insert(*number);
        }
        self.bytes -= taken.bytes;
        (self.spans.drain(..taken.spans).map(|(_, span)| span).collect(), taken)
    }

    /// Takes those that wait longest, and have no priority, until a span of this size has room.
    pub(super) fn evict(&mut self, bytes: usize) -> (Vec<EncodedSpan>, Size) {
        let mut freed = Size::default();
        let mut evicted = Vec::new();
        while freed.spans == 0 || freed.bytes < bytes {
            let near = self.spans.iter().take(EVICTION_REACH);
            let ordinary = near.enumerate().find(|(_, (_, span))| !has_priority(&span.summary));
            let position = ordinary.map_or(0, |(position, _)| position);
            for (_, passed_over) in self.spans.range_mut(..position) {
                // It may stay for long, and must not keep the memory of those that go.
                passed_over.detach();
            }
            let Some((_, span)) = self.spans.remove(position) else { break };
            let bytes = bytes_of(span.message_len());
            self.bytes -= bytes;
            freed += Size { spans: 1, bytes };
            evicted.push(span);
        }
        (evicted, freed)
    }

    /// Takes all spans. Nothing is waited for any more, not even what is in flight.
    pub(super) fn clear(&mut self) -> (VecDeque<(u64, EncodedSpan)>, Size) {
        let freed = self.size();
        (self.bytes, self.in_flight_from) = (0, None);
        (std::mem::take(&mut self.spans), freed)
    }

    /// Notes that nothing is in flight any more.
    pub(super) fn arrived(&mut self) {
        self.in_flight_from = None;
    }

    /// The number that a flush waits for.
    pub(super) fn end(&self) -> u64 {
        self.next_number
    }

    /// Whether every number below this one has left and arrived.
    pub(super) fn is_past(&self, number: u64) -> bool {
        let first = self.spans.front().map_or(self.next_number, |(number, _)| *number);
        self.in_flight_from.map_or(first, |in_flight| in_flight.min(first)) >= number
    }

    /// How many with a lower number have not left.
    pub(super) fn count_below(&self, end: u64) -> u64 {
        self.spans.iter().take_while(|(number, _)| *number < end).count() as u64
    }

    pub(super) fn flush_until(&mut self, end: u64) {
        self.flush_until = end;
    }

    pub(super) fn is_flushing(&self) -> bool {
        !self.is_past(self.flush_until)
    }
}

/// How far to look for a span without priority.
const EVICTION_REACH: usize = 256;
