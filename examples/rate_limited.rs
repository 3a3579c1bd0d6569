//! Twenty operations on ten threads, five of them a second.
//!
//! You will see `rate_limited_batch`, almost four seconds long, with twenty short `operation_{i}` spans
//! 200 ms apart. The wait for the limiter is before a span opens, so no span contains it.

use prela::pool::SpawnTraced as _;
use prela::{RateLimiter, SpanType};
use prela_examples::count_primes;
use std::error::Error;

/// Operation with rate limiting.
fn rate_limited_operation(limiter: &RateLimiter, item_id: u64) -> String {
    limiter.wait();

    prela::tracer().span(format!("operation_{item_id}"), SpanType::Custom).in_scope(|span| {
        span.set_attribute("item_id", item_id);
        format!("Result {item_id}: {}", count_primes(1_000 * item_id))
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("rate-limited")?;
    let limiter = RateLimiter::per_second(5.0)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(10).build()?;

    prela::tracer().span("rate_limited_batch", SpanType::Agent).in_scope_result(|parent| {
        let submit = |i| {
            let limiter = limiter.clone();
            pool.spawn_traced(move || rate_limited_operation(&limiter, i))
        };
        let jobs: Vec<_> = (0..20).map(submit).collect();

        let mut results = Vec::new();
        for job in jobs {
            results.push(job.join()?);
        }
        parent.set_attribute("completed", results.len());
        println!("{} operations, five a second", results.len());
        Ok(())
    })
}
