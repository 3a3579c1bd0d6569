//! Programs that are set up by their environment alone: one that records a span, and one that prints the
//! name of an exporter for its own use.

use prela::{Error, Exporter, SpanType};

pub fn run(part: &str) -> Result<(), Error> {
    if part == "exporter" {
        println!("{}", Exporter::otlp().into_exporter()?.name());
        return Ok(());
    }
    let _prela = prela::init("environment")?;
    prela::tracer().span("work", SpanType::Tool).in_scope(|_| ());
    Ok(())
}
