//! Three model calls at once on tokio, by async-openai.
//!
//! You will see one trace: `async_batch` with `completion_0` to `completion_2` below it, side by side, each with its
//! model and tokens. The spans of the calls are the program's own, so the client's line adds no others to them: it
//! sends them on to the model's server.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs,
};
use futures_util::future::try_join_all;
use prela::SpanType;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use std::error::Error;

type OpenAI = Client<OpenAIConfig>;
type Failed = Box<dyn Error + Send + Sync>;

async fn fetch_completion(client: &OpenAI, prompt: &str, index: usize) -> Result<String, Failed> {
    let call = prela::tracer().chat("openai", "stub-model").name(format!("completion_{index}"));
    call.attr("prompt_index", index)
        .input(prompt)
        .run_result(async |chat| {
            let request = CreateChatCompletionRequestArgs::default()
                .model("stub-model")
                .messages([ChatCompletionRequestUserMessage::from(prompt).into()])
                .build()?;
            let response = client.chat().create(request).await?;
            chat.response(&serde_json::to_value(&response)?);
            let choice = response.choices.into_iter().next();
            Ok(choice.and_then(|it| it.message.content).unwrap_or_default())
        })
        .await
}

async fn process_batch(client: &OpenAI, prompts: &[&str]) -> Result<Vec<String>, Failed> {
    let span = prela::tracer().span("async_batch", SpanType::Agent);
    span.run_result(async |batch_span| {
        batch_span.set_attribute("num_prompts", prompts.len());
        let calls =
            prompts.iter().enumerate().map(|(i, prompt)| fetch_completion(client, prompt, i));
        let results = try_join_all(calls).await?;
        batch_span.set_attribute("results_count", results.len());
        Ok::<_, Failed>(results)
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let _prela = prela::init("async-app")?;
    let server = ModelServer::start()?;
    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let client = Client::with_config(config)
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    let prompts = ["Prompt 1", "Prompt 2", "Prompt 3"];
    for answer in process_batch(&client, &prompts).await? {
        println!("{answer}");
    }
    Ok(())
}
