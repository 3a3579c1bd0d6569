//! What several shards took in comes out in the order of its ends.

use super::*;
use crate::span::{Blocks, EndedSpan};
use opentelemetry::InstrumentationScope;
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::sync::Arc;

#[test]
fn spans_of_several_shards_are_in_the_order_of_their_ends() {
    let scope = Arc::new(InstrumentationScope::builder("a").build());
    for seed in 0..100 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut below = |limit: u32| u64::from(random.next_u32() % limit);
        let mut shards: Vec<_> = (0..2 + below(6)).map(|_| Blocks::default()).collect();
        let mut waiting = Waiting::default();
        let mut expected = Vec::new();
        for _ in 0..3 {
            let mut ended = Vec::new();
            for blocks in &mut shards {
                let mut end_time = 0;
                for _ in 0..below(50) {
                    // Mostly later than the one before, or at the same time.
                    end_time = if below(8) == 0 { below(20) } else { end_time + below(3) };
                    let is_local_root = below(4) == 0;
                    let summary = SpanSummary { end_time, is_local_root, ..SpanSummary::default() };
                    let message = (ended.len() as u64).to_le_bytes();
                    let span = EndedSpan { message: &message, scope: &scope, summary: &summary };
                    blocks.push(&span);
                    ended.push((end_time, is_local_root, message));
                }
            }
            let sources: Vec<_> = shards.iter_mut().map(Blocks::drain).collect();
            waiting.merge(&sources);
            ended.sort_by_key(|(end_time, is_local_root, _)| (*end_time, *is_local_root));
            expected.extend(ended);
        }
        assert!(waiting.spans.iter().map(|(number, _)| *number).eq(0..expected.len() as u64));
        let messages = waiting.spans.iter().map(|(_, span)| span.ended().message);
        assert!(messages.eq(expected.iter().map(|(_, _, message)| message)), "seed {seed}");
    }
}
