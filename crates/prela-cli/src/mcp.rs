//! The questions to the store as an MCP server: what `list`, `show`, `errors`, `search`, `diff` and `doctor` print,
//! made short for models. No answer is longer than [`BUDGET`]; what is left out can be asked for.

mod answer;
mod ask;
mod overview;
mod page;
mod part;

pub use self::page::BUDGET;

use self::ask::Ask;
use anyhow::Context as _;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use std::path::PathBuf;

/// Answers questions to this store over the standard input and output until the input ends.
///
/// # Errors
///
/// No client speaks the protocol there.
pub async fn serve(store: PathBuf) -> anyhow::Result<()> {
    let server = rmcp::serve_server(Questions { store }, rmcp::transport::stdio()).await;
    let server = server.context("no MCP client speaks at the standard input")?;
    server.waiting().await?;
    Ok(())
}

/// The server. Each question opens the store anew, since it may not exist at first.
struct Questions {
    store: PathBuf,
}

impl ServerHandler for Questions {
    fn get_info(&self) -> ServerConfig {
        let tools = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(tools)
            .with_server_info(Implementation::new("prela", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(ask::tools()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let ask = Ask::read(&call.name, call.arguments.unwrap_or_default())
            .map_err(|error| ErrorData::invalid_params(error, None))?;
        let store = self.store.clone();
        let answer = tokio::task::spawn_blocking(move || answer::to(&ask, &store)).await;
        let answer = answer.map_err(|_| ErrorData::internal_error("the question failed", None))?;
        Ok(match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            // The model reads it, and can ask for something else.
            Err(error) => CallToolResult::error(vec![ContentBlock::text(format!("{error:#}"))]),
        }
        .into())
    }
}

const INSTRUCTIONS: &str = "Traces of the programs of this project, as OpenTelemetry's spans. `list` shows the newest, \
    `show` one of them, short; with `span`, `depth` or `offset` a part of it in full, with `span` and `line` what was cut. A trace is named by the first digits of \
    its id, by `last`, or by `last~1` for the one before. A span is named by the digits after `#`.";
