//! Three model calls at once on tokio, by async-openai.
//!
//! You will see one trace: `async_batch` with `completion_0` to `completion_2` below it, side by side, each with its
//! model and tokens. The spans of the calls are the program's own, so the client's line adds no others to them: it
//! sends them on to the model's server.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use futures_util::future::try_join_all;
use prela::SpanType;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use serde_json::{Value, json};
use std::error::Error;

type OpenAI = Client<OpenAIConfig>;

async fn fetch_completion(
    client: &OpenAI,
    prompt: &str,
    index: usize,
) -> Result<String, OpenAIError> {
    let messages = [json!({"role": "user", "content": prompt})];
    let request = json!({"model": "stub-model", "messages": messages});
    let call = prela::tracer().chat("openai", "stub-model").name(format!("completion_{index}"));
    call.attr("prompt_index", index)
        .request(&request)
        .run_result(async |chat| {
            let response: Value = client.chat().create_byot(request).await?;
            chat.response(&response);
            let text = response["choices"][0]["message"]["content"].as_str();
            Ok(text.unwrap_or_default().to_owned())
        })
        .await
}

async fn process_batch(client: &OpenAI, prompts: &[&str]) -> Result<Vec<String>, OpenAIError> {
    let span = prela::tracer().span("async_batch", SpanType::Agent);
    span.run_result(async |batch_span| {
        batch_span.set_attribute("num_prompts", prompts.len());
        let calls =
            prompts.iter().enumerate().map(|(i, prompt)| fetch_completion(client, prompt, i));
        let results = try_join_all(calls).await?;
        batch_span.set_attribute("results_count", results.len());
        Ok::<_, OpenAIError>(results)
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
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
