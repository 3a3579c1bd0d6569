//! Which span is a job's parent: the one that is current when the job is submitted.
//!
//! You will see two traces. In the first, each `query_{i}` is below the `index_{i}` that was open when
//! it was submitted, although one pool ran them all. In the second, one snapshot serves three threads
//! at once: a snapshot never changes, so sharing it is safe, and all its jobs have the same parent.

use prela::pool::{JobHandle, SpawnTraced as _};
use prela::{SpanType, TraceContext};
use std::error::Error;
use std::thread;

/// The `top_k` values of a small index that are nearest to `vector`.
fn query(index: usize, vector: [f64; 3], top_k: usize) -> Vec<usize> {
    prela::tracer().span(format!("query_{index}"), SpanType::Retrieval).in_scope(|span| {
        span.set_attribute("top_k", top_k);
        let mut entries: Vec<usize> = (0..100).collect();
        entries.sort_by_key(|entry| {
            let point = [*entry as f64 / 10.0, index as f64, 3.0];
            let distance: f64 = point.iter().zip(vector).map(|(a, b)| (a - b).powi(2)).sum();
            (distance * 1e6) as u64
        });
        entries.truncate(top_k);
        entries
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("per-submit")?;
    let tracer = prela::tracer();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build()?;

    tracer.span("one_snapshot_per_submit", SpanType::Agent).in_scope_result(|_| {
        let submit = |i: usize| -> JobHandle<Vec<usize>> {
            tracer
                .span(format!("index_{i}"), SpanType::Custom)
                .in_scope(|_| pool.spawn_traced(move || query(i, [1.0, 2.0, 3.0], 10)))
        };
        let jobs: Vec<_> = (0..3).map(submit).collect();
        for job in jobs {
            println!("{:?}", job.join()?);
        }
        Ok::<_, Box<dyn Error>>(())
    })?;

    tracer.span("one_snapshot_for_all", SpanType::Agent).in_scope(|_| {
        let cx = TraceContext::current();
        thread::scope(|threads| {
            for i in 0..3 {
                threads.spawn(cx.clone().wrap(move || query(i, [1.0, 2.0, 3.0], 10)));
            }
        });
    });
    Ok(())
}
