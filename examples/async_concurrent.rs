//! Three model calls at once on tokio.
//!
//! You will see one trace: `async_batch` with `completion_0` to `completion_2` below it, side by side.

use futures_util::future::try_join_all;
use prela::SpanType;
use prela::genai::Usage;
use prela_examples::{Client, StubModel};
use std::{error::Error, io};

async fn fetch_completion(model: Client, prompt: &str, index: usize) -> io::Result<String> {
    let call = prela::tracer().chat("stub", Client::MODEL).name(format!("completion_{index}"));
    call.attr("prompt_index", index)
        .input(prompt)
        .run_result(async move |chat| {
            let reply = model.complete_async(prompt).await?;
            chat.usage(Usage::new(reply.input_tokens, reply.output_tokens)).output(&reply.content);
            Ok::<_, io::Error>(reply.content)
        })
        .await
}

async fn process_batch(model: Client, prompts: &[&str]) -> io::Result<Vec<String>> {
    let span = prela::tracer().span("async_batch", SpanType::Agent);
    span.run_result(async |batch_span| {
        batch_span.set_attribute("num_prompts", prompts.len());
        let calls =
            prompts.iter().enumerate().map(|(i, prompt)| fetch_completion(model, prompt, i));
        let results = try_join_all(calls).await?;
        batch_span.set_attribute("results_count", results.len());
        Ok::<_, io::Error>(results)
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("async-app")?;
    let model = StubModel::start()?;
    let prompts = ["Prompt 1", "Prompt 2", "Prompt 3"];

    for answer in process_batch(model, &prompts).await? {
        println!("{answer}");
    }
    Ok(())
}
