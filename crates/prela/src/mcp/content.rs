//! Records arguments and results of tools, where content is captured.

use crate::Span;
use crate::genai::{Content, ToolSpan, TypedSpan as _};
use rmcp::model::{CallToolResult, ClientRequest, JsonObject};
use serde_json::Value as Json;

/// Whether content is recorded on this span.
pub(super) fn is_captured(span: &Span) -> bool {
    span.is_recording() && span.content().is_on_spans()
}

/// Writes what a tool is called with.
pub(super) fn write_arguments(span: &Span, arguments: Option<&JsonObject>) {
    if let Some(arguments) = arguments.filter(|_| is_captured(span)) {
        ToolSpan::of(span.clone()).arguments(arguments.clone());
    }
}

/// Writes the arguments of a request that calls a tool.
pub(super) fn write_request(span: &Span, request: &ClientRequest) {
    if let ClientRequest::CallToolRequest(call) = request {
        write_arguments(span, call.params.arguments.as_ref());
    }
}

/// Writes what a tool answered: its structured content, or else its text, or all of it if not all is text.
pub(super) fn write_result(span: &Span, result: &CallToolResult) {
    if !is_captured(span) {
        return;
    }
    let content = match (&result.structured_content, text_of(result)) {
        (Some(structured), _) => Content::from(structured),
        (None, Some(text)) => Content::from(text),
        (None, None) => Content::from(serde_json::to_value(&result.content).unwrap_or(Json::Null)),
    };
    ToolSpan::of(span.clone()).result(content);
}

/// The text of an answer that is only text.
pub(super) fn text_of(result: &CallToolResult) -> Option<String> {
    let texts = result.content.iter().map(|block| Some(block.as_text()?.text.as_str()));
    Some(texts.collect::<Option<Vec<_>>>()?.join("\n"))
}
