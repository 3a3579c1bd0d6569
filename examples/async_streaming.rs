//! Three streamed answers at once on tokio.
//!
//! You will see `multi_stream` with three `streaming_completion` spans below it, each with the length
//! of its answer; the chunks of the three arrive interleaved.

use futures_util::{StreamExt as _, future::try_join_all};
use prela::SpanType;
use prela_examples::{Client, StubModel};
use std::{error::Error, io};

async fn stream_completion(model: Client, prompt: &str) -> io::Result<String> {
    let call = prela::tracer().chat("stub", Client::MODEL).name("streaming_completion");
    call.stream(true)
        .input(prompt)
        .run_result(async move |chat| {
            let mut chunks = model.stream(prompt).await?;
            let mut full_response = String::new();
            while let Some(chunk) = chunks.next().await {
                // The span is current between the chunks, too.
                assert_eq!(prela::current_trace_id(), Some(chat.trace_id()));
                chat.first_chunk(); // the first one counts
                full_response += &chunk?;
            }
            chat.set_attribute("response_length", full_response.len()).output(&full_response);
            Ok::<_, io::Error>(full_response)
        })
        .await
}

async fn process_multiple_streams(model: Client, prompts: &[&str]) -> io::Result<Vec<String>> {
    let span = prela::tracer().span("multi_stream", SpanType::Agent);
    span.run_result(async |span| {
        span.set_attribute("num_streams", prompts.len());
        let streams = prompts.iter().map(|prompt| stream_completion(model, prompt));
        let results = try_join_all(streams).await?;
        span.set_attribute("total_responses", results.len());
        Ok::<_, io::Error>(results)
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("streaming-app")?;
    let model = StubModel::start()?;

    let prompts = ["Question 1", "Question 2", "Question 3"];
    for response in process_multiple_streams(model, &prompts).await? {
        println!("{response}");
    }
    Ok(())
}
