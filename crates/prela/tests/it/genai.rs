//! The types of model calls, read from the JSON of each provider, and the spans that have them.

mod answers;
mod calls;
mod capture;
mod langfuse;
mod messages;
mod plain;
mod profiles;
mod readers;
mod requests;
mod served;
mod typed;
mod usage;

use prela::span::SpanData;

/// The value of an attribute as text.
fn text(span: &SpanData, key: &str) -> Option<String> {
    span.attribute(key).map(ToString::to_string)
}

/// Name, span kind, and each attribute on a line of its own.
fn shown(span: &SpanData) -> String {
    let lines = span.attributes.iter().map(|(key, value)| format!("{key}: {value}\n"));
    let kind = format!("{:?}", span.kind).to_lowercase();
    format!("{} ({kind})\n{}", span.name, lines.collect::<String>())
}
