//! A complete agent: it plans, runs the tools that its model asks for side by side, searches, and answers.
//!
//! You will see `invoke_agent travel desk` with two calls of the model below it, which async-openai's line traces, and,
//! between them, two tools, of which one searches and is slow. What was said is recorded with
//! `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`. The argument `lost` loses a context, as `prela doctor` tells.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::CreateChatCompletionRequest;
use futures_util::future::{FutureExt as _, try_join_all};
use prela::genai::{Document, Message, Price, Prices, ToolCall};
use prela::llm::LlmLayer;
use prela::{Session, SpanType, task};
use prela_examples::ModelServer;
use serde_json::{Value, json};
use std::{error::Error, io, thread};
use tokio::time::{Duration, sleep};

type OpenAI = Client<OpenAIConfig>;
type Failed = Box<dyn Error + Send + Sync>;

/// Asks the model, which answers or asks for tools.
async fn ask(model: &OpenAI, messages: &[Value]) -> Result<Value, Failed> {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = |name| json!({"type": "function", "function": {"name": name, "parameters": city}});
    let tools = ["weather", "guides"].map(tool);
    let request = json!({"model": "stub-model", "messages": messages, "tools": tools});
    let request: CreateChatCompletionRequest = serde_json::from_value(request)?;
    let response = model.chat().create(request).await?;
    let message = response.choices.first().map(|choice| &choice.message);
    Ok(serde_json::to_value(message)?)
}

/// Runs a tool that the model asked for, on any thread and as a child of the agent; gives the message that answers.
async fn run_tool(call: ToolCall) -> io::Result<Value> {
    let tool = prela::tracer().tool(&call.name).tool_type("function").call(&call);
    tool.run_result(async |tool| {
        let city = call.arguments["city"].as_str().unwrap_or_default();
        let result = match call.name.as_str() {
            "weather" => format!("{city} has 21 degrees."),
            "guides" => sleep(Duration::from_millis(80)).map(|()| search(city)).await,
            other => return Err(io::Error::other(format!("there is no tool {other}"))),
        };
        tool.result(&result);
        Ok(json!({"role": "tool", "tool_call_id": call.id, "content": result}))
    })
    .await
}

fn search(city: &str) -> String {
    const GUIDES: [&str; 2] = ["Lisbon is hilly.", "Porto has bridges."];
    prela::tracer().retrieval("guides").query(city).top_k(1).in_scope(|search| {
        let text = GUIDES.into_iter().find(|text| text.contains(city)).unwrap_or_default();
        if std::env::args().any(|argument| argument == "lost") {
            // By `prela::thread::spawn` the thread would know the span.
            let note = || prela::tracer().span("note_search", SpanType::Custom).in_scope(|_| ());
            let _ = thread::spawn(note).join();
        }
        search.documents(&[Document::new("guide-7").score(0.83).content(text)]);
        text.to_owned()
    })
}

async fn answer(model: &OpenAI, question: &str, session: &Session) -> Result<String, Failed> {
    let agent = prela::tracer().agent("travel desk").conversation("conv_5").session(session);
    let agent = agent.input(question);
    agent
        .run_result(async |agent| {
            let mut messages = vec![json!({"role": "user", "content": question})];
            loop {
                let message = ask(model, &messages).await?;
                let asked = Message::read(&message);
                let calls: Vec<_> = asked.iter().flat_map(Message::tool_calls).cloned().collect();
                if calls.is_empty() {
                    let answer = message["content"].as_str().unwrap_or_default().to_owned();
                    agent.output(&answer);
                    return Ok(answer);
                }
                messages.push(message);
                let tools = calls.into_iter().map(|call| task::spawn(run_tool(call)));
                let results = try_join_all(tools).await?.into_iter();
                messages.extend(results.collect::<io::Result<Vec<_>>>()?);
            }
        })
        .await
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let prices = Prices::new().model("stub-model", Price::per_million(2.5, 10.0));
    let _prela = prela::builder().service_name("tool-agent").prices(prices).init()?;
    let server = ModelServer::start()?;
    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let model = Client::with_config(config)
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    let session = Session::new("session_abc123")?.user("user_123");
    println!("{}", answer(&model, "What is Lisbon like today?", &session).await?);
    Ok(())
}
