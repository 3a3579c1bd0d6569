//! An agent by rig: its models' calls are traced by one line at its HTTP client.
//!
//! You will see `invoke_agent travel desk` with two `chat stub-model` below it and a tool between them. rig also traces its
//! calls itself, by the crate `tracing`. With the argument `bridge` its spans are taken over, too, and there are still two
//! calls: the client's line leaves alone what is traced already.

use prela_examples::ModelServer;
use prela_rig::Traced;
use rig_core::completion::message::{ToolCall, ToolName, ToolResult, ToolResultContent};
use rig_core::completion::{CompletionRequest, Message, ToolDefinition};
use rig_core::driver::Model;
use rig_core::providers::openai::wire::OpenAiWire;
use rig_core::providers::openai::{OpenAIConfig, Route};
use rig_reqwest::ReqwestClient;
use serde_json::json;
use std::error::Error;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

type Failed = Box<dyn Error + Send + Sync>;

/// Runs the tool that the model asked for.
fn weather(call: &ToolCall) -> ToolResult {
    let tool = prela::tracer().tool(call.function.name.as_str()).call_id(call.id.wire());
    tool.arguments(call.function.arguments.clone()).in_scope(|tool| {
        let city = call.function.arguments.get("city").and_then(|city| city.as_str());
        let answer = format!("{} has 21 degrees.", city.unwrap_or_default());
        tool.result(&answer);
        call.result(vec![ToolResultContent::text(answer)])
    })
}

async fn answer(model: &Model<OpenAiWire>, question: &str) -> Result<String, Failed> {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = ToolDefinition::new(ToolName::new("weather")?, "Tells the weather", city);
    let mut messages = vec![Message::user(question)];
    loop {
        let Some((last, before)) = messages.split_last() else { return Ok(String::new()) };
        let request = CompletionRequest::new(last.clone()).messages(before.to_vec());
        let response = model.call(request.tool(tool.clone())).await?;
        let results: Vec<_> = response.tool_calls().map(weather).collect();
        if results.is_empty() {
            return Ok(response.text());
        }
        messages.extend(response.message());
        messages.push(Message::tool_results(results));
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let _prela = prela::init("rig-agent")?;
    if std::env::args().nth(1).as_deref() == Some("bridge") {
        tracing_subscriber::registry().with(prela::tracing::layer()).init();
    }
    let server = ModelServer::start()?;
    let config = OpenAIConfig::new("none").with_base_url(server.url("/v1")).with_route(Route::Chat);
    // The one line: each call is a span, and its request has the trace in its headers.
    let openai = config.connect(Traced::new(ReqwestClient::default()));
    let model = openai.completion("stub-model");

    let agent = prela::tracer().agent("travel desk");
    let asked = agent.run_result(async |_| answer(&model, "What is Lisbon like today?").await);
    println!("{}", asked.await?);
    Ok(())
}
