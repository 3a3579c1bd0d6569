//! Three sources asked at once; one of them fails, and the others' results are brought together.
//!
//! You will see `fan_out_fan_in` with `fan_out` and `fan_in` below it. `query_api` is an error,
//! `fan_out` has the event `api_failed`, and two of three sources make six results.

use prela::SpanType;
use prela::pool::{SpawnTraced as _, as_completed};
use std::{error::Error, io, net};

/// Query a single data source.
fn query_source(source: &str, query: &str) -> io::Result<Vec<String>> {
    let search = prela::tracer().retrieval(source).name(format!("query_{source}"));
    search.attr("query", query).in_scope_result(|search| {
        search.set_attribute("source", source);
        if source == "api" {
            // A port that nobody listens on: it was free a moment ago.
            let address = net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
            net::TcpStream::connect(address)?;
        }
        Ok((0..3).map(|i| format!("{source}_result_{i}")).collect())
    })
}

/// Aggregate results from all sources.
fn aggregate_results(all_results: Vec<Vec<String>>) -> Vec<String> {
    prela::tracer().span("aggregate", SpanType::Custom).in_scope(|span| {
        let flat_results: Vec<String> = all_results.into_iter().flatten().collect();
        span.set_attribute("total_items", flat_results.len());
        flat_results
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("fan-out-fan-in")?;
    let tracer = prela::tracer();
    let sources = ["database", "api", "cache"];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(sources.len()).build()?;

    tracer.span("fan_out_fan_in", SpanType::Agent).in_scope_result(|parent| {
        let fan_out = tracer.span("fan_out", SpanType::Custom);
        let all_results = fan_out.in_scope_result(|fan_out_span| {
            let jobs = sources.map(|source| {
                pool.spawn_traced(move || (source, query_source(source, "search term")))
            });

            let mut all_results = Vec::new();
            for job in as_completed(jobs) {
                match job? {
                    (_, Ok(result)) => all_results.push(result),
                    (source, Err(error)) => {
                        let attributes = [("error", error.to_string())];
                        fan_out_span.add_event(format!("{source}_failed"), attributes);
                    }
                }
            }
            fan_out_span.set_attribute("sources_queried", sources.len());
            fan_out_span.set_attribute("successful_queries", all_results.len());
            Ok::<_, Box<dyn Error>>(all_results)
        })?;

        let fan_in = tracer.span("fan_in", SpanType::Custom);
        let final_results = fan_in.in_scope(|_| aggregate_results(all_results));

        parent.set_attribute("final_count", final_results.len());
        println!("{final_results:?}");
        Ok(())
    })
}
