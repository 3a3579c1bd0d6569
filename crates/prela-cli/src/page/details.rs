//! All of one span.

use crate::query::Trace;
use serde_json::{Value, json};

/// A part of a trace as OTLP's JSON, with what the store read out of each span, by its id.
pub fn details(part: &Trace) -> Value {
    let mut object = part.otlp_json();
    let columns = part.spans.iter().map(|span| {
        let facts = json!({
            "operation": span.operation,
            "model": span.model,
            "thread": span.thread,
            "input": span.input_tokens,
            "output": span.output_tokens,
            "cost": span.cost_nusd,
        });
        (span.span_id.to_string(), facts)
    });
    object["facts"] = columns.collect();
    object
}
