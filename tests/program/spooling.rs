//! A process that fills a spool until it is killed.

use prela::Exporter;
use prela::pipeline::Overflow;
use prela::spool::Spool;
use std::io::{self, Write as _};

pub fn run(dir: &str, endpoint: &str, number: &str) {
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .service_name("spooling")
        .exporter(Exporter::otlp_http(endpoint))
        .spool(Spool::new(dir))
        .diagnostics(|_| ())
        .overflow(Overflow::Spool)
        .max_queue_size(32)
        .max_batch_size(4)
        .build()
        .unwrap();
    let mut told = 0;
    for n in 0.. {
        prela.tracer().span_default(format!("{number} {n}")).in_scope(|_| ());
        let spooled = prela.stats().spooled;
        if spooled > told {
            told = spooled;
            if writeln!(io::stdout(), "spooled {spooled}").is_err() {
                return; // nobody reads any more: the test is over
            }
        }
    }
}
