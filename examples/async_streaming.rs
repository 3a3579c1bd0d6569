//! Three streamed answers at once on tokio, by async-openai.
//!
//! You will see `multi_stream` with three `streaming_completion` spans below it, each with the length of its answer, its
//! tokens and the time to its first chunk; the chunks of the three arrive interleaved.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use futures_util::{StreamExt as _, future::try_join_all};
use prela::SpanType;
use prela::genai::Usage;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use serde_json::{Value, json};
use std::error::Error;

type OpenAI = Client<OpenAIConfig>;

async fn stream_completion(client: &OpenAI, prompt: &str) -> Result<String, OpenAIError> {
    let messages = [json!({"role": "user", "content": prompt})];
    let request = json!({"model": "stub-model", "messages": messages, "stream": true,
        "stream_options": {"include_usage": true}});
    let call = prela::tracer().chat("openai", "stub-model").name("streaming_completion");
    call.request(&request)
        .run_result(async |chat| {
            let mut chunks = client.chat().create_stream_byot::<_, Value>(request).await?;
            let mut full_response = String::new();
            while let Some(chunk) = chunks.next().await {
                // The span is current between the chunks, too.
                assert_eq!(prela::current_trace_id(), Some(chat.trace_id()));
                chat.first_chunk(); // the first one counts
                let chunk = chunk?;
                let text = chunk["choices"][0]["delta"]["content"].as_str();
                full_response += text.unwrap_or_default();
                if let Some(usage) = Usage::read(&chunk) {
                    chat.usage(usage);
                }
            }
            chat.set_attribute("response_length", full_response.len()).output(&full_response);
            Ok::<_, OpenAIError>(full_response)
        })
        .await
}

async fn process_multiple_streams(
    client: &OpenAI,
    prompts: &[&str],
) -> Result<Vec<String>, OpenAIError> {
    let span = prela::tracer().span("multi_stream", SpanType::Agent);
    span.run_result(async |span| {
        span.set_attribute("num_streams", prompts.len());
        let streams = prompts.iter().map(|prompt| stream_completion(client, prompt));
        let results = try_join_all(streams).await?;
        span.set_attribute("total_responses", results.len());
        Ok::<_, OpenAIError>(results)
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("streaming-app")?;
    let server = ModelServer::start()?;
    let config = OpenAIConfig::new().with_api_base(server.url("/v1")).with_api_key("none");
    let client = Client::with_config(config)
        .with_http_service(LlmLayer::new().async_openai(reqwest::Client::new()));

    let prompts = ["Question 1", "Question 2", "Question 3"];
    for response in process_multiple_streams(&client, &prompts).await? {
        println!("{response}");
    }
    Ok(())
}
