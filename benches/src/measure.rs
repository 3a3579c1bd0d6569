//! Times and allocations of variants that take turns.

use stats_alloc::{Region, StatsAlloc};
use std::alloc::System;
use std::time::Instant;

/// One way to do the work.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// Does it once.
    pub(crate) run: Box<dyn Fn()>,
    /// How many spans that makes.
    pub(crate) spans: usize,
}

/// What one variant costs a span.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Median over the rounds.
    pub(crate) nanos: f64,
    /// On the calling thread and the export thread together, in one round.
    pub(crate) allocations: f64,
}

const ROUNDS: usize = 51;
const RUNS_A_ROUND: usize = 400;

pub(crate) fn measure(allocator: &StatsAlloc<System>, variants: &[Variant]) -> Vec<Row> {
    let mut nanos = vec![Vec::with_capacity(ROUNDS); variants.len()];
    let mut allocations = vec![0.0; variants.len()];
    // The first round warms up.
    for round in 0..=ROUNDS {
        for (i, variant) in variants.iter().enumerate() {
            let spans = (RUNS_A_ROUND * variant.spans) as f64;
            let region = Region::new(allocator);
            let start = Instant::now();
            for _ in 0..RUNS_A_ROUND {
                (variant.run)();
            }
            let elapsed = start.elapsed().as_nanos() as f64;
            if round > 0 {
                nanos[i].push(elapsed / spans);
                allocations[i] = region.change().allocations as f64 / spans;
            }
        }
    }
    let rows = variants.iter().zip(nanos).zip(allocations);
    rows.map(|((variant, mut nanos), allocations)| {
        nanos.sort_by(f64::total_cmp);
        Row { name: variant.name, nanos: nanos[ROUNDS / 2], allocations }
    })
    .collect()
}
