//! Three streamed answers at once on tokio, by async-openai.
//!
//! You will see `multi_stream` with three `streaming_completion` spans below it, each with the length of its answer, its
//! tokens and the time to its first chunk; the chunks of the three arrive interleaved.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequestArgs,
};
use futures_util::{StreamExt as _, future::try_join_all};
use prela::SpanType;
use prela::genai::Usage;
use prela::llm::LlmLayer;
use prela_examples::ModelServer;
use std::error::Error;

type OpenAI = Client<OpenAIConfig>;

async fn stream_completion(client: &OpenAI, prompt: &str) -> Result<String, OpenAIError> {
    let call = prela::tracer().chat("openai", "stub-model").name("streaming_completion");
    call.stream(true)
        .input(prompt)
        .run_result(async |chat| {
            let request = CreateChatCompletionRequestArgs::default()
                .model("stub-model")
                .messages([ChatCompletionRequestUserMessage::from(prompt).into()])
                .stream_options(ChatCompletionStreamOptions {
                    include_usage: Some(true),
                    include_obfuscation: None,
                })
                .build()?;
            let mut chunks = client.chat().create_stream(request).await?;
            let mut full_response = String::new();
            while let Some(chunk) = chunks.next().await {
                // The span is current between the chunks, too.
                assert_eq!(prela::current_trace_id(), Some(chat.trace_id()));
                chat.first_chunk(); // the first one counts
                let chunk = chunk?;
                let choice = chunk.choices.into_iter().next();
                full_response += &choice.and_then(|it| it.delta.content).unwrap_or_default();
                if let Some(usage) = chunk.usage {
                    let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
                    chat.usage(Usage::new(input.into(), output.into()));
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
