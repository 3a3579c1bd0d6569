//! How much is sampled, and by which rule.
//!
//! You will see the counts of 400 requests: none of the health checks, all of the paying users', and
//! about a tenth of the rest are traces.

use prela::Sampler;
use prela::sampling::Rule;
use std::error::Error;

#[prela::trace(name = "GET /health")]
fn health() {}

#[prela::trace(span_type = "agent", fields(plan = plan))]
fn answer(plan: &str) -> usize {
    plan.len()
}

fn main() -> Result<(), Box<dyn Error>> {
    let prela = prela::builder()
        .service_name("sampling-stats")
        .sampler(Sampler::rules(
            [
                Rule::drop("health checks").name("GET /health"),
                Rule::keep("paying users").attr("plan", "pro"),
            ],
            Sampler::parent_based(Sampler::ratio(0.1)),
        ))
        .build()?;
    prela.make_global()?;

    assert_eq!(prela.sampling_stats().rate(), None, "there is no rate of nothing");
    for _ in 0..100 {
        health();
        answer("free");
        answer("trial");
        answer("free");
    }
    for _ in 0..3 {
        answer("pro");
    }

    let stats = prela.sampling_stats();
    for rule in &stats.rules {
        println!("{}: {} of {}", rule.name, rule.sampled, rule.total);
    }
    let rate = stats.rate().unwrap_or_default();
    println!("all: {} of {}, {:.1} %", stats.sampled, stats.total, rate * 100.0);
    Ok(())
}
