//! Spans of many threads at once: what they share, they wait for.

use super::{FASTRACE, SDK, SDK_LATER, ours, peers};
use crate::group::Group;
use crate::measure::{Variant, cpu_of_thread};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

pub(crate) const THREADS: Group = Group::costs(
    "threads",
    "the root and 4 nested children of `sampled`, on 8 threads at once, 240 spans on each and fewer than a queue \
     holds in all; CPU time of these threads",
    "span",
    || {
        let provider = peers::provider();
        let (at_builder, later) = (peers::tracer(&provider), peers::tracer(&provider));
        let tracer = ours::instance().tracer();
        let attr = tracer.clone();
        peers::fastrace_reporter();
        vec![
            crowd(SDK, move || peers::nested_at_builder(&at_builder))
                .rest(peers::flush(&provider)),
            crowd(SDK_LATER, move || peers::nested_later(&later)).rest(peers::flush(&provider)),
            crowd("prela, in_scope and set_attribute", move || ours::nested_later(&tracer))
                .rest(ours::flush),
            crowd("prela, attr at the builder", move || ours::nested_at_builder(&attr))
                .rest(ours::flush),
            crowd(FASTRACE, peers::nested_fastrace).rest(fastrace::flush),
        ]
    },
)
.in_both_profiles();

const THREAD_COUNT: usize = 8;
const TREES: usize = 48;

/// Threads that all do the work when the variant is run, and wait in between.
fn crowd(name: &'static str, make_five: impl Fn() + Send + Sync + 'static) -> Variant {
    let make_five = Arc::new(make_five);
    let gate = Arc::new(Barrier::new(THREAD_COUNT + 1));
    let nanos = Arc::new(AtomicU64::new(0));
    for _ in 0..THREAD_COUNT {
        let (make_five, gate, nanos) = (make_five.clone(), gate.clone(), nanos.clone());
        thread::spawn(move || {
            loop {
                gate.wait();
                let start = cpu_of_thread();
                (0..TREES).for_each(|_| make_five());
                let elapsed = (cpu_of_thread() - start).as_nanos() as u64;
                nanos.fetch_add(elapsed, Ordering::Relaxed);
                gate.wait();
            }
        });
    }
    let run = move || {
        gate.wait();
        gate.wait();
    };
    Variant::new(name, THREAD_COUNT * TREES * super::SPANS, run)
        .by(move || Duration::from_nanos(nanos.load(Ordering::Relaxed)))
}
