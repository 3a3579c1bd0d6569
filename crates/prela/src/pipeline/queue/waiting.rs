//! The spans that wait in a queue, and which have left it.

#[cfg(test)]
mod tests;

use crate::pipeline::shards::{Size, bytes_of, has_priority};
use crate::span::{Drained, EncodedSpan, SpanSummary};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

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

    /// Adds spans at the end: those of one shard as they came, those of several in the order of their ends.
    pub(super) fn extend(&mut self, sources: &[Drained<'_>]) {
        match sources {
            [source] => self.append(source.all().spans()),
            _ => self.merge(sources),
        }
    }

    /// Adds spans in the order of their ends: of equal ones a local root last.
    ///
    /// What comes out of a shard has long stretches in that order already, so those are merged: each span is moved
    /// once, however many there are.
    fn merge(&mut self, sources: &[Drained<'_>]) {
        let key = |span: &SpanSummary| (span.end_time, span.is_local_root);
        let in_order = |a: &SpanSummary, b: &SpanSummary| key(a) <= key(b);
        let stretches = sources.iter().flat_map(|source| source.split_unless(in_order));
        let mut stretches: Vec<_> = stretches.collect();
        let next = (0..).zip(&stretches);
        let next = next.filter_map(|(number, it)| Some(Reverse((key(it.first()?), number))));
        let mut next: BinaryHeap<_> = next.collect();
        while let Some(Reverse((_, number))) = next.pop() {
            let other = next.peek().map(|Reverse(other)| *other);
            let is_before = |it: &_| other.is_none_or(|other| (key(it), number) < other);
            let stretch = &mut stretches[number];
            self.append(stretch.split_off_while(is_before).spans());
            next.extend(stretch.first().map(|first| Reverse((key(first), number))));
        }
    }

    fn append(&mut self, spans: impl Iterator<Item = EncodedSpan>) {
        self.spans.extend(spans.map(|span| {
            self.bytes += bytes_of(span.message_len());
            self.next_number += 1;
            (self.next_number - 1, span)
        }));
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
