//! The warnings for programs that write for Langfuse.

use prela::SpanType;
use prela::span::Conventions;
use prela::testing::Capture;
use std::sync::{Arc, Mutex};

/// The lines that are said of spans with these attributes.
fn said(conventions: Conventions, span_type: SpanType, keys: &[&'static str]) -> Vec<String> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = lines.clone();
    let capture = Capture::with(|builder| {
        let builder = builder.conventions(conventions);
        builder.diagnostics(move |line| written.lock().unwrap().push(line.to_owned()))
    });
    for _ in 0..3 {
        capture.tracer().span("step", span_type).in_scope(|span| {
            for key in keys {
                span.set_attribute(*key, "secret");
            }
        });
    }
    assert_eq!(capture.spans().len(), 3);
    drop(capture);
    lines.lock().unwrap().clone()
}

#[test]
fn attributes_that_it_takes_for_its_own_are_told_once() {
    use SpanType::{Agent, Custom, Llm};
    let (langfuse, all) = (Conventions::LANGFUSE, Conventions::LANGFUSE | Conventions::TRACELOOP);
    for (conventions, span_type, keys, told) in [
        (langfuse, Custom, &["model"][..], &["model"][..]),
        (all, Custom, &["a", "output", "input", "model"], &["output", "input", "model"]),
        (langfuse, Custom, &["model_name", "inputs", "gen_ai.request.model"], &[]),
        (langfuse, Llm, &["model", "input", "output"], &[]),
        (langfuse, Agent, &["input"], &[]),
        (Conventions::GENAI, Custom, &["model", "input", "output"], &[]),
        (Conventions::TRACELOOP, Custom, &["model"], &[]),
    ] {
        let lines = said(conventions, span_type, keys);
        assert_eq!(lines.len(), told.len(), "{conventions:?} {span_type}: {lines:?}");
        for (line, key) in lines.iter().zip(told) {
            assert!(line.contains(&format!("`{key}`")) && line.contains("Langfuse"), "{line}");
            assert!(!line.contains("secret") && !line.contains("step"), "{line}");
        }
    }
}
