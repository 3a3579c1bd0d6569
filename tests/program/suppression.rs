//! A program with a subscriber of `tracing` that exports whatever any library says, at every level.

use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use prela::{Exporter, SpanType};
use std::thread;
use std::time::Duration;
use tracing::{info, info_span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

const A_WHILE: Duration = Duration::from_secs(30);
const CYCLES: usize = 5;

/// Makes four spans a cycle, of each API one, and prints what became of them all. `bridge`: whose layer.
pub fn run(transport: &str, endpoint: &str, level: &str, bridge: &str) {
    let exporter = match transport {
        "grpc" => Exporter::otlp_grpc(endpoint),
        _ => Exporter::otlp_http(endpoint),
    };
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("program");
    // A client that the layer hears would log about the logs.
    let builder = builder.logs(exporter.clone());
    let prela =
        builder.exporter(exporter).schedule_delay(Duration::from_millis(5)).build().unwrap();
    prela.make_global().unwrap();
    let level: LevelFilter = level.parse().unwrap();
    let layer = match bridge {
        "prela" => prela::tracing::layer().boxed(),
        _ => tracing_opentelemetry::layer().with_tracer(prela.provider().tracer("tracing")).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(level));
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let otel = prela.provider().tracer("library");
    for cycle in 0..CYCLES {
        prela::tracer().span("agent", SpanType::Agent).in_scope(|_| {
            info_span!("handler", cycle).in_scope(|| {
                info!("handling");
                otel.in_span("query", |_| {
                    prela::tracer().span("tool", SpanType::Tool).in_scope(|_| ());
                });
            });
        });
        if cycle % 2 == 0 {
            prela.flush(A_WHILE).unwrap();
        } else {
            // The export thread by itself, and what it might have made of its own doings.
            while prela.stats().exported < prela.stats().ended {
                thread::yield_now();
            }
        }
    }
    let report = prela.shutdown(A_WHILE);
    let (stats, logs) = (report.stats, report.logs.unwrap());
    let expected = if bridge == "prela" { CYCLES as u64 } else { 0 };
    assert_eq!((logs.ended, logs.exported), (expected, expected));
    println!("{} {} {}", stats.ended, stats.exported, stats.dropped);
}
