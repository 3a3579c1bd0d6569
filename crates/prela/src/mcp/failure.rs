//! Writes to a message's span what came back, and how it failed.

use super::content;
use crate::Span;
use crate::semconv::http::{OTHER, TIMEOUT};
use crate::semconv::{CANCELLED, mcp};
use rmcp::model::{CallToolResponse, CallToolResult, ErrorCode, ErrorData, ServerResult};
use rmcp::service::{ClientInitializeError, ServiceError};
use std::borrow::Cow;

/// Writes what a tool answered. A tool that says it failed makes the span an error.
pub(super) fn write_tool_result(span: &Span, result: &CallToolResult) {
    content::write_result(span, result);
    if result.is_error == Some(true) {
        let said = content::text_of(result);
        write(span, mcp::TOOL_ERROR.into(), mcp::TOOL_ERROR.into(), said);
    }
}

/// Writes what a tool answered, if that is a result.
pub(super) fn write_tool_response(span: &Span, response: &CallToolResponse) {
    if let CallToolResponse::Complete(result) = response {
        write_tool_result(span, result);
    }
}

/// Writes what a server answered.
pub(super) fn write_server_result(span: &Span, result: &ServerResult) {
    if let ServerResult::CallToolResult(result) = result {
        write_tool_result(span, result);
    }
}

/// Writes an error of JSON-RPC. Its text may repeat what was asked, so it counts as content.
pub(super) fn write_error(span: &Span, error: &ErrorData) {
    let code = error.code.0.to_string();
    span.set_attribute(mcp::STATUS_CODE, code.clone());
    write(span, code.into(), name_of(error.code).into(), Some(error.message.to_string()));
}

/// Writes why a request has no answer.
pub(super) fn write_service_error(span: &Span, error: &ServiceError) {
    let (error_type, message) = match error {
        ServiceError::McpError(error) => return write_error(span, error),
        ServiceError::TransportSend(_) => ("transport", "the request could not be sent"),
        ServiceError::TransportClosed => ("transport_closed", "the transport is closed"),
        ServiceError::UnexpectedResponse => {
            ("unexpected_response", "the answer is of another kind")
        }
        ServiceError::Cancelled { .. } => (CANCELLED, "the peer cancelled the request"),
        ServiceError::Timeout { .. } => (TIMEOUT, "there was no answer in time"),
        _ => (OTHER, "the request failed"),
    };
    write(span, error_type.into(), message.into(), Some(error.to_string()));
}

/// Writes why a handshake failed.
pub(super) fn write_handshake_error(span: &Span, error: &ClientInitializeError) {
    match error {
        ClientInitializeError::JsonRpcError(error) => write_error(span, error),
        other => write(span, OTHER.into(), "the handshake failed".into(), Some(other.to_string())),
    }
}

/// Writes an error: `what` as its message, or with content `said`, the peer's own text.
fn write(
    span: &Span,
    error_type: Cow<'static, str>,
    what: Cow<'static, str>,
    said: Option<String>,
) {
    let Some(record) = span.record() else { return };
    let said = said.filter(|said| !said.is_empty() && content::is_captured(span));
    let message = said.unwrap_or_else(|| what.into_owned());
    record.record_error(error_type.into_owned(), message.into());
}

fn name_of(code: ErrorCode) -> String {
    let name = match code {
        ErrorCode::PARSE_ERROR => "parse error",
        ErrorCode::INVALID_REQUEST => "invalid request",
        ErrorCode::METHOD_NOT_FOUND => "method not found",
        ErrorCode::INVALID_PARAMS => "invalid params",
        ErrorCode::INTERNAL_ERROR => "internal error",
        ErrorCode::RESOURCE_NOT_FOUND => "resource not found",
        ErrorCode(code) => return format!("error {code}"),
    };
    name.to_owned()
}
