//! One call in ten is traced, with all that is below it.
//!
//! You will see about 100 traces of 1000 calls, each with `high_volume_operation` and `step`: never one
//! without the other. The draw is made once, where the trace begins.

use std::error::Error;

#[prela::trace(sample = 0.1)]
fn high_volume_operation(item: u32) -> u32 {
    step(item)
}

#[prela::trace(span_type = "tool")]
fn step(item: u32) -> u32 {
    item * 2
}

fn main() -> Result<(), Box<dyn Error>> {
    let prela = prela::init("sampled-tracing")?;

    let sum: u32 = (0..1000).map(high_volume_operation).sum();

    let stats = prela.sampling_stats();
    println!("{} of {} calls are traced, and the sum is {sum}", stats.sampled, stats.total);
    Ok(())
}
