//! An agent with tools of two servers, by the Model Context Protocol: one is a child of its own, over pipes, the other
//! listens for HTTP.
//!
//! You will see one trace through three processes: `invoke_agent travel desk` with `tools/call …` below it, each twice, as
//! the client's and as the server's. What the child records goes to the standard error without a collector: its output
//! belongs to the protocol.

use axum::Router;
use prela::export::ConsoleExporter;
use prela::mcp::{Traced, serve_client};
use prela_examples::Peer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, JsonObject,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{
    StreamableHttpClientTransport, StreamableHttpServerConfig, StreamableHttpService,
    TokioChildProcess, stdio,
};
use rmcp::{RoleServer, ServerHandler, ServiceExt as _};
use serde_json::json;
use std::{env, error::Error, io};
use tokio::process::Command;

/// A server with one tool, which says this of a city.
struct Says(&'static str, &'static str);

impl ServerHandler for Says {
    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = call.arguments.unwrap_or_default();
        let Some(city) = arguments.get("city").and_then(|city| city.as_str()) else {
            return Err(ErrorData::invalid_params("there is no city", None));
        };
        let search = prela::tracer().retrieval(self.0).query(city);
        let said = search.in_scope(|_| format!("{city} {}.", self.1));
        Ok(CallToolResult::success(vec![ContentBlock::text(said)]).into())
    }
}

async fn serve_pipe() -> Result<(), Box<dyn Error>> {
    let prela = prela::builder().service_name("weather");
    let _prela = match env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Some(_) => prela.init()?,
        None => prela.exporter(ConsoleExporter::to_writer(io::stderr())).init()?,
    };
    let server = Traced::new(Says("weather", "has 21 degrees")).serve(stdio()).await?;
    server.waiting().await?;
    Ok(())
}

async fn serve_http() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("guides")?;
    let server = || Ok(Traced::new(Says("guides", "is hilly")));
    let settings = StreamableHttpServerConfig::default();
    let sessions = LocalSessionManager::default().into();
    let service = StreamableHttpService::new(server, sessions, settings);
    let app = Router::new().nest_service("/mcp", service);
    tokio::select! {
        served = axum::serve(Peer::listen().await?, app).into_future() => Ok(served?),
        () = Peer::stopped() => Ok(()),
    }
}

async fn ask(city: &str, guides: &str) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("pipe");
    let mut weather = serve_client((), TokioChildProcess::new(command)?).await?;
    let transport = StreamableHttpClientTransport::from_uri(format!("{guides}/mcp"));
    let mut guides = serve_client((), transport).await?;

    let arguments = JsonObject::from_iter([("city".to_owned(), json!(city))]);
    let call = |tool| CallToolRequestParams::new(tool).with_arguments(arguments.clone());
    let answers =
        [weather.call_tool(call("weather")).await?, guides.call_tool(call("guides")).await?];
    for text in answers.iter().flat_map(|it| &it.content).filter_map(ContentBlock::as_text) {
        println!("{}", text.text);
    }
    weather.close().await?;
    guides.close().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        Some("pipe") => return serve_pipe().await,
        Some(_) => return serve_http().await,
        None => {}
    }
    let _prela = prela::init("travel-desk")?;
    let guides = Peer::start("http")?;
    let agent = prela::tracer().agent("travel desk");
    agent.run_result(async |_| ask("Lisbon", guides.url()).await).await?;
    Ok(guides.stop()?)
}
