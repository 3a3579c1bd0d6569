//! The Model Context Protocol, and JSON-RPC below it.
//!
//! Source: [MCP](https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/mcp.md).

pub(crate) const METHOD_NAME: &str = "mcp.method.name";
pub(crate) const SESSION_ID: &str = "mcp.session.id";
pub(crate) const PROTOCOL_VERSION: &str = "mcp.protocol.version";
pub(crate) const RESOURCE_URI: &str = "mcp.resource.uri";
pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
pub(crate) const REQUEST_ID: &str = "jsonrpc.request.id";
/// JSON-RPC's code of an error.
pub(crate) use super::http::RPC_RESPONSE_STATUS_CODE as STATUS_CODE;

/// `error.type` of a tool that says that it failed.
pub(crate) const TOOL_ERROR: &str = "tool_error";

/// See [`is_identifier`](super::is_identifier).
pub(super) const IDENTIFIERS: &[&str] =
    &[METHOD_NAME, SESSION_ID, PROTOCOL_VERSION, PROMPT_NAME, REQUEST_ID];
