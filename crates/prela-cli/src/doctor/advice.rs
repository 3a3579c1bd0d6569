//! The line of code that would have kept the context.

use crate::query::Span;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

/// Code that passes the context to the job of a pool, the task or the thread that ran this span.
pub(super) fn for_job(span: &Span, thread: &str, is_task: bool) -> String {
    let thread = thread.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| thread.contains(word));
    if is(&["rayon", "pool"]) {
        return "let job = pool.spawn_traced(move || work()); // use prela::prelude::*;".to_owned();
    }
    if is_task || is(&["tokio", "async", "blocking"]) {
        let (name, span_type) = (span.name().escape_debug(), span_type(span));
        return format!(
            "let span = prela::tracer().span(\"{name}\", SpanType::{span_type});\n\
             tokio::spawn(work().in_span(span)); // use prela::prelude::*;"
        );
    }
    "let work = prela::copy_context_to_thread(work); // before the thread is given `work`"
        .to_owned()
}

/// The name of a span's type in Rust.
fn span_type(span: &Span) -> &'static str {
    let span_type = match span.attribute("prela.span.type") {
        Some(Value::StringValue(name)) => name.as_str(),
        _ => "custom",
    };
    match span_type {
        "agent" => "Agent",
        "llm" => "Llm",
        "tool" => "Tool",
        "retrieval" => "Retrieval",
        "embedding" => "Embedding",
        "chain" => "Chain",
        "workflow" => "Workflow",
        "reranker" => "Reranker",
        "guardrail" => "Guardrail",
        "evaluator" => "Evaluator",
        _ => "Custom",
    }
}

/// Why a span's parent is missing, and code that helps. `lived_on`: whether its process recorded more later.
pub(super) fn for_orphan(span: &Span, lived_on: Option<bool>) -> (String, String) {
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    let flags = span.message.flags;
    let parent = span.parent_id.map(|it| it.to_string()).unwrap_or_default();
    if flags & HAS_IS_REMOTE != 0 && flags & IS_REMOTE != 0 {
        return (
            format!(
                "its parent {parent} is in another process, which has not sent it: it still runs, sends \
                 elsewhere, or is not traced"
            ),
            "let _prela = prela::init(\"caller\")?; // in the calling process, with the same endpoint"
                .to_owned(),
        );
    }
    let why = match lived_on {
        Some(true) => "its process sent more since, so it still runs, or was lost on the way",
        Some(false) => {
            "its process sent nothing since, so it ended before the parent did, or still runs"
        }
        None => "it has not ended yet, or the process ended before it did",
    };
    (
        format!("its parent {parent} has not been sent: {why}"),
        "let _prela = prela::init(\"service\")?; // kept in `main` until the end: dropping it sends the rest"
            .to_owned(),
    )
}
