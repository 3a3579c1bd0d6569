//! The share of calls that is traced falls as they come faster.
//!
//! You will see few traces of `high_traffic_endpoint`, and how many there were of the calls: a tenth of
//! them at first, a hundredth when there are more than a hundred calls a second.

use prela::Sampler;
use prela::sampling::AdaptiveSampler;
use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

#[prela::trace]
fn high_traffic_endpoint(request: u32) -> &'static str {
    if request.is_multiple_of(2) { "processed" } else { "skipped" }
}

fn main() -> Result<(), Box<dyn Error>> {
    // A tenth; a twentieth above 50 calls a second, a hundredth above 100.
    let adaptive = AdaptiveSampler::new(0.1).window(20).above(50.0, 0.5).above(100.0, 0.1);
    let prela = prela::builder()
        .service_name("adaptive-sampling")
        .sampler(Sampler::parent_based(adaptive.into()))
        .build()?;
    prela.make_global()?;

    let mut before = prela.sampling_stats();
    for (name, calls, pause) in [("quiet", 40, 25), ("busy", 200, 3)] {
        for request in 0..calls {
            high_traffic_endpoint(request);
            sleep(Duration::from_millis(pause));
        }
        let now = prela.sampling_stats();
        println!(
            "{name}: {} of {} calls are traced",
            now.sampled - before.sampled,
            now.total - before.total
        );
        before = now;
    }
    Ok(())
}
