//! One answer of a model, by async-openai, whose client has one line more.
//!
//! You will see `ask` with `chat stub-model` below it: the provider, the model, how it was asked, and the tokens. No
//! text is recorded unless `capture_content(true)` asks for it.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs,
};
use prela::SpanType;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use std::error::Error;

async fn ask(client: &Client<OpenAIConfig>, prompt: &str) -> Result<String, OpenAIError> {
    prela::tracer()
        .span("ask", SpanType::Agent)
        .run_result(async |_| {
            let request = CreateChatCompletionRequestArgs::default()
                .model("stub-model")
                .temperature(0.2)
                .max_completion_tokens(64_u32)
                .messages([ChatCompletionRequestUserMessage::from(prompt).into()])
                .build()?;
            let response = client.chat().create(request).await?;
            let choice = response.choices.into_iter().next();
            Ok::<_, OpenAIError>(choice.and_then(|it| it.message.content).unwrap_or_default())
        })
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("openai-chat")?;
    let server = ModelServer::start()?;

    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let client = Client::with_config(config)
        // The one line: each call is a span, and its request has the trace in its headers.
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    println!("{}", ask(&client, "What is a span?").await?);
    Ok(())
}
