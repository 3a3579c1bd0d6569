//! A trace as a test that expects it.

use super::text::clean;
use crate::otlp::attribute;
use crate::query::{Span, Trace, Tree};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use std::io::{self, Write};

/// Prints a test in Rust that expects spans of these types, names and outcomes in this tree.
///
/// # Errors
///
/// Those of the output.
pub fn as_test(out: &mut dyn Write, trace: &Trace) -> io::Result<()> {
    let nodes = Tree::of(trace).nodes;
    writeln!(out, "#[test]\nfn {}() {{", function(&trace.summary.name))?;
    writeln!(out, "    let capture = prela::testing::Capture::new();")?;
    writeln!(out, "    capture.run(|| {{")?;
    writeln!(out, "        // Call here what was traced.")?;
    writeln!(out, "    }});")?;
    writeln!(out, "    prela::testing::assert_trace!(capture.spans(), {{")?;
    let mut open = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        while open.last().is_some_and(|depth| *depth >= node.depth) {
            close(out, &mut open)?;
        }
        let span = &trace.spans[node.span];
        let error = if span.is_error() { " error" } else { "" };
        let indent = indent(node.depth);
        // The debug output of a text is a literal in Rust.
        write!(out, "{:indent$}{} {:?}{error} {{", "", span_type(span), span.name())?;
        if nodes.get(at + 1).is_some_and(|next| next.depth > node.depth) {
            writeln!(out)?;
            open.push(node.depth);
        } else {
            writeln!(out, "}}")?;
        }
    }
    while !open.is_empty() {
        close(out, &mut open)?;
    }
    writeln!(out, "    }});\n}}")
}

fn close(out: &mut dyn Write, open: &mut Vec<usize>) -> io::Result<()> {
    let indent = indent(open.pop().unwrap_or(0));
    writeln!(out, "{:indent$}}}", "")
}

/// Spaces before a line. Limited, since the text of a trace that is as deep as long would grow with the square.
fn indent(depth: usize) -> usize {
    INDENT * (depth + 2).min(MOST_INDENTS)
}

/// A name for the test: letters, digits and `_`, beginning with a letter.
fn function(name: &str) -> String {
    let name = clean(name).to_lowercase();
    let words: Vec<_> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    match words.join("_") {
        name if name.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{name}_is_traced"),
        name if name.is_empty() => "it_is_traced".to_owned(),
        name => format!("run_{name}_is_traced"),
    }
}

/// The type that the SDK recorded; for other libraries' spans, its equivalent.
fn span_type(span: &Span) -> &'static str {
    let text = |key: &str| match attribute(&span.message.attributes, key) {
        Some(Value::StringValue(text)) => text.to_ascii_lowercase(),
        _ => String::new(),
    };
    let known = |word: &str, table: &[(&str, &'static str)]| {
        table.iter().find(|(other, _)| *other == word).map(|(_, span_type)| *span_type)
    };
    let own = TYPES.iter().find(|it| **it == text("prela.span.type")).copied();
    own.or_else(|| known(&text("openinference.span.kind"), &OPENINFERENCE))
        .or_else(|| known(&text("gen_ai.operation.name"), &OPERATIONS))
        .unwrap_or("custom")
}

const INDENT: usize = 4;
const MOST_INDENTS: usize = 50;
const TYPES: [&str; 11] = [
    "agent",
    "llm",
    "tool",
    "retrieval",
    "embedding",
    "custom",
    "chain",
    "workflow",
    "reranker",
    "guardrail",
    "evaluator",
];
const OPENINFERENCE: [(&str, &str); 9] = [
    ("agent", "agent"),
    ("llm", "llm"),
    ("tool", "tool"),
    ("retriever", "retrieval"),
    ("embedding", "embedding"),
    ("chain", "chain"),
    ("reranker", "reranker"),
    ("guardrail", "guardrail"),
    ("evaluator", "evaluator"),
];
const OPERATIONS: [(&str, &str); 8] = [
    ("invoke_agent", "agent"),
    ("chat", "llm"),
    ("text_completion", "llm"),
    ("generate_content", "llm"),
    ("execute_tool", "tool"),
    ("retrieval", "retrieval"),
    ("embeddings", "embedding"),
    ("invoke_workflow", "workflow"),
];
