//! What comes out of blocks is what went in, in that order.

use super::*;
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};

fn scope(name: &'static str) -> Arc<InstrumentationScope> {
    Arc::new(InstrumentationScope::builder(name).build())
}

fn push(blocks: &mut Blocks, message: &[u8], scope: &Arc<InstrumentationScope>, number: u64) {
    let summary = SpanSummary { end_time: number, ..SpanSummary::default() };
    blocks.push(&EndedSpan { message, scope, summary: &summary });
}

#[test]
fn spans_of_several_scopes_keep_their_order() {
    let scopes = [scope("a"), scope("b"), scope("c")];
    for seed in 0..50 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut below = |limit: u32| random.next_u32() % limit;
        let mut blocks = Blocks::default();
        let mut expected = Vec::new();
        let mut given = Vec::new();
        for number in 0..u64::from(below(400)) {
            // Most are small, some fill a block by themselves.
            let longest = if below(40) == 0 { 300_000 } else { 500 };
            let message = vec![number.to_le_bytes()[0]; below(longest) as usize + 1];
            let scope = &scopes[below(3) as usize];
            push(&mut blocks, &message, scope, number);
            expected.push((number, scope.clone(), message));
            if below(50) == 0 {
                given.extend(blocks.drain().all().spans());
                assert!(blocks.is_empty());
            }
        }
        given.extend(blocks.drain().all().spans());
        assert_eq!(given.len(), expected.len());
        for (span, (number, scope, message)) in given.iter().zip(&expected) {
            let span = span.ended();
            assert_eq!(span.summary.end_time, *number);
            assert!(Arc::ptr_eq(span.scope, scope));
            assert_eq!(span.message, message);
        }
    }
}

/// One that stays while the others go does not keep their memory.
#[test]
fn a_span_that_is_detached_is_alone() {
    let (scope, mut blocks) = (scope("a"), Blocks::default());
    for number in 0..1_000 {
        push(&mut blocks, &[7; 100], &scope, number);
    }
    let mut spans: Vec<_> = blocks.drain().all().spans().collect();
    let mut last = spans.pop().unwrap();
    let block = Arc::downgrade(&last.block);
    last.detach();
    drop(spans);
    assert!(block.upgrade().is_none());
    assert_eq!((last.block.bytes.len(), last.ended().message), (100, &[7; 100][..]));
}

/// Those who ask for statistics all the time have spans handed over one by one.
#[test]
fn a_block_that_is_hardly_used_is_small() {
    let (scope, mut blocks) = (scope("a"), Blocks::default());
    for number in 0..100 {
        push(&mut blocks, &[7; 100], &scope, number);
        let spans: Vec<_> = blocks.drain().all().spans().collect();
        assert!(spans[0].block.bytes.capacity() <= 200);
    }
    assert!(blocks.open[0].bytes.capacity() >= SMALLEST, "the buffer stays where it is");
}
