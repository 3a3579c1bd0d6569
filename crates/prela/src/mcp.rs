//! The Model Context Protocol: one trace across its clients and servers, with the official crate `rmcp`.
//!
//! [`Traced`] is the one line that each side needs. Around a server's handler it takes the caller's context out of
//! `params._meta`, and gives each request a span, and each notification whose sender is traced; around a client it gives
//! each request a span, and writes its context into `params._meta`. Any transport will do: pipes, HTTP, or another.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let memory = prela::export::MemoryExporter::new();
//! # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
//! # let tracer = prela.tracer();
//! use prela::mcp::Traced;
//! use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock};
//! use rmcp::service::RequestContext;
//! use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};
//!
//! struct Weather;
//!
//! impl ServerHandler for Weather {
//!     async fn call_tool(
//!         &self,
//!         _: CallToolRequestParams,
//!         _: RequestContext<RoleServer>,
//!     ) -> Result<CallToolResponse, ErrorData> {
//!         Ok(CallToolResult::success(vec![ContentBlock::text("sunny")]).into())
//!     }
//! }
//!
//! let (here, there) = tokio::io::duplex(4096); // or a child process, or HTTP
//! let server = Traced::new(Weather);
//! # let server = server.tracer(&tracer);
//! let server = tokio::spawn(async { server.serve(there).await?.waiting().await.map_err(Into::into) });
//!
//! let client = Traced::new(());
//! # let client = client.tracer(&tracer);
//! let client = client.serve_client(here).await?;
//! client.call_tool(CallToolRequestParams::new("weather")).await?;
//! # drop(client);
//! # let ended: Result<_, Box<dyn std::error::Error + Send + Sync>> = server.await?;
//! # ended?;
//! # prela.flush(std::time::Duration::from_secs(5))?;
//! # let spans = memory.spans();
//! # let calls: Vec<_> = spans.iter().filter(|span| span.name == "tools/call weather").collect();
//! assert_eq!(calls[0].parent_span_id, Some(calls[1].span_context.span_id())); // the server's below the client's
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! # }).unwrap();
//! ```
//!
//! The standard output of a server that a client starts belongs to the protocol. Without a collector, write such a
//! server's spans elsewhere: `.exporter(ConsoleExporter::to_writer(std::io::stderr()))`.
//!
//! Sources: [MCP's `_meta`](https://modelcontextprotocol.io/specification/2025-06-18/basic#general-fields) and its
//! [trace context](https://github.com/modelcontextprotocol/modelcontextprotocol/pull/414);
//! OpenTelemetry's [conventions](https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/mcp.md).

mod calls;
mod client;
mod content;
mod failure;
mod message;
mod server;
mod traced;

pub use self::calls::serve_client;
pub use self::traced::Traced;
