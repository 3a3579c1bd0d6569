//! Sampling, a request id, a session, attempts and resources on one function.
//!
//! You will see two traces of ten calls, whole, each with two attempts of `complex_operation` and the
//! `process_data` in them. The eight other calls run and are tried again just the same, without spans.

use prela::retry::RetryPolicy;
use prela::{Sampler, Session};
use std::collections::HashSet;
use std::error::Error;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

/// No more than two traces at once.
static SAMPLER: LazyLock<Sampler> =
    LazyLock::new(|| Sampler::parent_based(Sampler::rate_limited(0.01, 2)).counted());

#[prela::trace(
    sample = &*SAMPLER,
    request_id,
    session = session,
    retry = RetryPolicy::new(3).backoff(Duration::from_millis(1)).jitter(),
    resources
)]
fn complex_operation(session: &Session, data: u32) -> Result<u32, String> {
    process_data(data)
}

/// Fails the first time for each of the data.
#[prela::trace(span_type = "tool")]
fn process_data(data: u32) -> Result<u32, String> {
    static SEEN: Mutex<Option<HashSet<u32>>> = Mutex::new(None);
    let mut seen = SEEN.lock().map_err(|_| "a caller panicked")?;
    if seen.get_or_insert_default().insert(data) {
        Err("not ready".to_owned())
    } else {
        Ok(data * 2)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("combined")?;
    let session = Session::new("session_abc123")?;

    let results: Result<Vec<_>, _> =
        (0..10).map(|data| complex_operation(&session, data)).collect();
    println!("results: {:?}", results?);
    if let Some(stats) = SAMPLER.stats() {
        println!("{} of {} calls are traced", stats.sampled, stats.total);
    }
    Ok(())
}
