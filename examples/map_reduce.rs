//! Map in parallel with rayon's iterators, reduce in sequence.
//!
//! You will see `map_reduce` with two phases below it: `map_phase` with `map_1` to `map_5`, and
//! `reduce_phase` with `reduce`. The final result is 30.

use prela::SpanType;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use std::error::Error;

/// Map step (parallel).
fn map_function(item: i64) -> i64 {
    prela::tracer().span(format!("map_{item}"), SpanType::Custom).in_scope(|span| {
        span.set_attribute("input", item);
        let result = item * 2;
        span.set_attribute("output", result);
        result
    })
}

/// Reduce step (sequential).
fn reduce_function(results: &[i64]) -> i64 {
    prela::tracer().span("reduce", SpanType::Custom).in_scope(|span| {
        span.set_attribute("input_count", results.len());
        let total = results.iter().sum();
        span.set_attribute("total", total);
        total
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("map-reduce")?;
    let tracer = prela::tracer();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build()?;

    tracer.span("map_reduce", SpanType::Agent).in_scope(|parent| {
        let items = [1, 2, 3, 4, 5];

        let map_results = tracer.span("map_phase", SpanType::Custom).in_scope(|map_span| {
            // The parent is the span that is current here, where the function is wrapped.
            let wrapped_map = prela::copy_context_to_thread(map_function);
            let results: Vec<i64> =
                pool.install(|| items.into_par_iter().map(wrapped_map).collect());
            map_span.set_attribute("results_count", results.len());
            results
        });

        let final_result = tracer
            .span("reduce_phase", SpanType::Custom)
            .in_scope(|_| reduce_function(&map_results));

        parent.set_attribute("final_result", final_result);
        println!("{final_result}");
    });
    Ok(())
}
