//! Ten jobs on four threads, their results in the order in which they are done.
//!
//! You will see one trace: `batch_processing` with `process_0` to `process_9` below it, up to four at
//! a time. The results are printed as they come: the first jobs have the most to do.

use prela::SpanType;
use prela::pool::{SpawnTraced as _, as_completed};
use prela_examples::count_primes;
use std::error::Error;

/// Process a single item (runs in a worker thread).
fn process_item(item_id: u64) -> String {
    prela::tracer().span(format!("process_{item_id}"), SpanType::Custom).in_scope(|span| {
        span.set_attribute("item_id", item_id);
        let limit = (10 - item_id) * 10_000;
        format!("Result for {item_id}: {} primes below {limit}", count_primes(limit))
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("parallel-app")?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build()?;

    prela::tracer().span("batch_processing", SpanType::Agent).in_scope(|parent| {
        parent.set_attribute("batch_size", 10);

        // Each job takes the context of its submit along, so submit INSIDE the parent.
        let jobs: Vec<_> = (0..10).map(|i| pool.spawn_traced(move || process_item(i))).collect();

        let mut results = Vec::new();
        for result in as_completed(jobs) {
            let result = result?;
            println!("{result}");
            results.push(result);
        }
        parent.set_attribute("results_count", results.len());
        Ok(())
    })
}
