//! What the export thread is woken for.

use super::*;

/// Whether each of some spans wakes the export thread.
fn wakes(wakes_at_first: bool, taken: usize) -> Vec<bool> {
    let limits = Limits {
        queue: Size { spans: 800, bytes: 1 << 20 },
        batch: Size { spans: 8, bytes: 1 << 20 },
        wakes_at_first,
    };
    // So many shards that room is given for one span at a time.
    let capacity = Capacity::new(limits, 64);
    let take = |_| capacity.take(100, false, Size::default()).map(|grant| grant.wakes);
    (0..taken).filter_map(take).collect()
}

#[test]
fn a_full_batch_wakes_it_and_the_first_span_only_if_it_does_not_look_by_itself() {
    for wakes_at_first in [false, true] {
        let mut expected = vec![false; 20];
        (expected[0], expected[7]) = (wakes_at_first, true);
        assert_eq!(wakes(wakes_at_first, 20), expected);
    }
}

/// Room is given for many spans at once, but a batch is complete only when all of them have ended.
#[test]
fn nothing_wakes_it_before_the_span_that_completes_a_batch() {
    for spans in [1, 2, 31, 32, 33, 100, 512] {
        let limits = Limits {
            queue: Size { spans: 65_536, bytes: 64 << 20 },
            batch: Size { spans, bytes: 64 << 20 },
            wakes_at_first: false,
        };
        let capacity = Capacity::new(limits, 2);
        let (mut spare, mut wakes) = (Size::default(), Vec::new());
        for number in 1..=3 * spans {
            if !spare.covers(100) {
                let grant = capacity.take(100, false, spare).unwrap();
                wakes.extend(grant.wakes.then_some(number));
                spare += grant.size;
            }
            spare -= Size { spans: 1, bytes: 100 };
        }
        assert_eq!(wakes, [spans]);
    }
}
