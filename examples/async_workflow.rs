//! Two tasks at once that ask a model, each of which adds to its own span.
//!
//! You will see one trace: `async_workflow` with `async_task_1` and `async_task_2` side by side, and below each the call
//! that async-openai made, which the client's line traces. What a task says by `prela::enrich` is on its own span,
//! however the two take turns.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs,
};
use futures_util::future::try_join;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use std::error::Error;

type OpenAI = Client<OpenAIConfig>;

#[prela::trace(span_type = "agent")]
async fn async_workflow(client: &OpenAI, query: &str) -> Result<String, OpenAIError> {
    prela::enrich([("workflow.type", "async"), ("workflow.query", query)]);

    let tasks = try_join(async_task_1(client, query), async_task_2(client, query));
    let (first, second) = tasks.await?;

    prela::enrich([("workflow.tasks_completed", 2)]);
    Ok(format!("{first}\n{second}"))
}

#[prela::trace]
async fn async_task_1(client: &OpenAI, query: &str) -> Result<String, OpenAIError> {
    prela::enrich([("task.name", "task_1")]);
    ask(client, format!("What speaks for {query}?")).await
}

#[prela::trace]
async fn async_task_2(client: &OpenAI, query: &str) -> Result<String, OpenAIError> {
    let answer = ask(client, format!("What speaks against {query}?")).await;
    prela::enrich([("task.name", "task_2")]);
    answer
}

async fn ask(client: &OpenAI, prompt: String) -> Result<String, OpenAIError> {
    let request = CreateChatCompletionRequestArgs::default()
        .model("stub-model")
        .messages([ChatCompletionRequestUserMessage::from(prompt).into()])
        .build()?;
    let response = client.chat().create(request).await?;
    let choice = response.choices.into_iter().next();
    Ok(choice.and_then(|it| it.message.content).unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("async-workflow")?;
    let server = ModelServer::start()?;
    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let client = Client::with_config(config)
        // The one line: each call is a span, and its request has the trace in its headers.
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    println!("{}", async_workflow(&client, "tracing").await?);
    Ok(())
}
