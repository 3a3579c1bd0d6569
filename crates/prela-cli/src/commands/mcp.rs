//! `prela mcp`.

use super::{Global, Outcome};

/// Answers an agent's questions about the traces, as an MCP server at its standard input and output.
///
/// A client starts it, as by `{"mcpServers": {"prela": {"command": "prela", "args": ["mcp"]}}}`. It only reads the store,
/// whether a server runs or not.
#[derive(Debug, clap::Args)]
pub(super) struct Mcp;

impl Mcp {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<Outcome> {
        let store = global.project()?.store;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(crate::mcp::serve(store))?;
        Ok(Outcome::Done)
    }
}
