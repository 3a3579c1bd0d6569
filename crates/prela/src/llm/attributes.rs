//! The attributes of a recognised call's span. Typed spans write them, so conventions, prices and content are
//! the instance's, as for spans that are made by hand.

use super::CallRecord;
use crate::genai::{ChatSpan, EmbeddingSpan, Operation, TypedSpan as _};
use crate::semconv::llm as keys;
use crate::{Span, SpanBuilder, Tracer};

/// The span of a call, with what samplers look at.
pub(super) fn span(tracer: &Tracer, request: &CallRecord) -> SpanBuilder {
    let provider = request.provider.as_ref();
    let model = request.model.as_deref().unwrap_or_default();
    let operation = match &*request.operation {
        "embeddings" => return tracer.embedding(provider, model).into(),
        "text_completion" => Operation::TextCompletion,
        "generate_content" => Operation::GenerateContent,
        _ => Operation::Chat,
    };
    tracer.chat(provider, model).operation(operation).into()
}

/// Writes the parameters of the request, when the span has started.
pub(super) fn write_request(span: &Span, request: &CallRecord) {
    ChatSpan::of(span.clone()).parameters(&request.parameters);
}

/// Writes what is known of the call at its end.
pub(super) fn write_answer(span: &Span, record: &CallRecord) {
    if record.operation == "embeddings" {
        let embedding = EmbeddingSpan::of(span.clone());
        if let Some(usage) = record.usage {
            embedding.usage(usage);
        }
        embedding.response_info(&record.response);
        return;
    }
    let chat = ChatSpan::of(span.clone());
    chat.messages(&record.input).response_info(&record.response);
    if let Some(usage) = record.usage {
        chat.usage(usage);
    }
    if let Some(time) = record.time_to_first_chunk {
        chat.first_chunk_after(time);
    }
    let calls = &record.tool_calls;
    if !calls.is_empty() {
        let ids: Vec<_> = calls.iter().filter_map(|call| call.id.clone()).collect();
        let names: Vec<_> = calls.iter().map(|call| call.name.clone()).collect();
        chat.set_attribute(keys::TOOL_CALL_IDS, Some(ids).filter(|ids| !ids.is_empty()));
        chat.set_attribute(keys::TOOL_CALL_NAMES, names);
    }
    if !record.output.is_empty() {
        chat.output(record.output.clone());
    }
}
