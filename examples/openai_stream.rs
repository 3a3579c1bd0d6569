//! Two answers at once that come in pieces, by async-openai, whose client has one line more.
//!
//! You will see `compare` with two `chat stub-model` below it, each as long as its stream, with the time to the first
//! chunk. Tokens are there since the requests ask for them, by `include_usage`.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt as _;
use futures_util::future::try_join;
use prela::SpanType;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use std::error::Error;

async fn stream(client: &Client<OpenAIConfig>, prompt: &str) -> Result<String, OpenAIError> {
    let request = CreateChatCompletionRequestArgs::default()
        .model("stub-model")
        .messages([ChatCompletionRequestUserMessage::from(prompt).into()])
        .stream_options(ChatCompletionStreamOptions {
            include_usage: Some(true),
            include_obfuscation: None,
        })
        .build()?;
    let mut chunks = client.chat().create_stream(request).await?;
    let mut answer = String::new();
    while let Some(chunk) = chunks.next().await {
        let choice = chunk?.choices.into_iter().next();
        answer += &choice.and_then(|it| it.delta.content).unwrap_or_default();
    }
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("openai-stream")?;
    let server = ModelServer::start()?;

    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let client = Client::with_config(config)
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    let compare = prela::tracer().span("compare", SpanType::Agent).run_result(async |_| {
        try_join(stream(&client, "Pros of tracing?"), stream(&client, "Cons of tracing?")).await
    });
    let (pros, cons) = compare.await?;
    println!("{pros}\n{cons}");
    Ok(())
}
